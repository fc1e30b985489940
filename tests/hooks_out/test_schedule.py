"""How long it is tried, and how often."""

from __future__ import annotations

import pytest

from duologue.calls.call import Call
from duologue.hooks_out.message import Told, told_of
from duologue.hooks_out.schedule import give_up_at_ms, pause_ms
from tests.hooks_out.made import RING_MS, RINGS, START_MS, Most, ended


def told(call: Call) -> Told:
    it = told_of(call, START_MS)
    assert it is not None
    return it


def test_ringing_is_told_no_longer_than_it_rings() -> None:
    """And what became of it for ten minutes."""
    assert give_up_at_ms(told(RINGS)) == START_MS + RING_MS
    assert give_up_at_ms(told(ended())) == START_MS + 600_000


@pytest.mark.parametrize(("call", "longest"), [(RINGS, 4_000), (ended(), 30_000)])
def test_the_longest_pause_doubles_up_to_a_bound(call: Call, longest: int) -> None:
    """A ring has no time for long ones."""
    pauses = [pause_ms(told(call), failures, Most()) for failures in range(100)]

    assert pauses[:4] == [500, 1_000, 2_000, 4_000]
    assert max(pauses) == pauses[-1] == longest
