"""Somebody's way to the gateway breaks, in every state: what both are told, and that they go on where they were."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.e2e.faults.matrix import SEAT_S, Case, Fault
from tests.e2e.faults.notices import expect_told, told
from tests.e2e.faults.running import Recovered, each
from tests.e2e.faults.scene import RelayedScene, until_online

pytestmark = pytest.mark.timeout(90)


def down(two: RelayedScene, for_s: float) -> None:
    """Nobody gets in for so long."""
    two.signal.refuse()
    two.ana.page.wait_for_timeout(for_s * 1_000)
    two.signal.heal()


STRIKES: dict[Fault, Callable[[RelayedScene], None]] = {
    Fault.SIGNAL_CUT: lambda two: two.signal.cut(),
    Fault.SIGNAL_DOWN: lambda two: down(two, 3),
    Fault.SIGNAL_SILENT: lambda two: two.signal.forget(),
    Fault.SIGNAL_GONE: lambda two: down(two, SEAT_S + 2),
}


@each(*STRIKES)
def test_whose_signal_breaks_is_back_where_they_were(two: RelayedScene, case: Case, recovered: Recovered) -> None:
    """Both are told what is the matter and nothing else, and their talk goes on, or the next one begins."""
    pair = two.arrive(case.state)
    since = time.time()
    STRIKES[case.fault](two)
    over = time.time()
    two.ana.until(lambda: told(two.ana, since=since), "ana is told")
    until_online(two.ana)
    recovered(case, time.time() - over)

    met = two.prove(case.state)
    for person, notices in ((two.ana, case.ana), (two.ben, case.ben)):
        expect_told(person, notices, since=since)
    assert (met == pair) is (pair is not None and not case.new_talk)
