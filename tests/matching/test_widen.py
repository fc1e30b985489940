"""When which wish loosens."""

from __future__ import annotations

import pytest

from duologue.matching.ticket import BACK_OFFS_MS, Ticket, afresh, backed_off
from duologue.matching.widen import RECENTLY_MET, Widening, next_offer_ms, widened
from tests.builders import BEN, NOW, ticket

RULES = Widening(recently_met_after_ms=5_000)
MET = frozenset([BEN])


@pytest.mark.parametrize(("waited_ms", "expected"), [(0, ()), (4_999, ()), (5_000, (RECENTLY_MET,))])
def test_people_met_lately_will_do_after_a_while(waited_ms: int, expected: tuple[str, ...]) -> None:
    """The moment is exact."""
    assert widened(ticket(met=MET), RULES, NOW + waited_ms) == expected


def test_who_met_nobody_loosens_nothing() -> None:
    """A person is not told of a wish that they do not have."""
    assert widened(ticket(), RULES, NOW + 60_000) == ()


@pytest.mark.parametrize(
    ("ticket_", "expected"),
    [
        (ticket(), None),
        (ticket(met=MET), NOW + 5_000),
        (ticket(met=MET, since_ms=NOW - 5_000), None),
        (ticket(not_before_ms=NOW + 700), NOW + 700),
        (ticket(met=MET, not_before_ms=NOW + 9_000), NOW + 9_000),
    ],
    ids=["nothing to come", "will loosen", "has loosened", "backs off", "backs off first"],
)
def test_next_offer_is_when_something_changes_by_itself(ticket_: Ticket, expected: int | None) -> None:
    """And None where nothing will."""
    assert next_offer_ms(ticket_, RULES, NOW) == expected


def test_back_off_grows_and_ends() -> None:
    """10, 30, 60 seconds, then no more."""
    waits, current = [], ticket()
    while (later := backed_off(current, NOW)) is not None:
        waits.append(later.not_before_ms - NOW)
        current = later

    assert tuple(waits) == BACK_OFFS_MS == (10_000, 30_000, 60_000)


def test_backing_off_costs_the_place() -> None:
    """Who failed starts from the back of the queue."""
    later = backed_off(ticket(since_ms=NOW - 60_000), NOW)

    assert later is not None
    assert later.since_ms == NOW


def test_afresh_forgets_failures() -> None:
    """A new wait with the same wishes."""
    new = afresh(ticket(failures=2, not_before_ms=NOW + 5, interests=frozenset(["tea"])), NOW + 9)

    assert (new.since_ms, new.failures, new.not_before_ms, new.interests) == (NOW + 9, 0, 0, frozenset(["tea"]))
