"""When which wish loosens."""

from __future__ import annotations

import pytest

from duologue.matching.rules import Facet, Rules
from duologue.matching.ticket import Ticket, afresh, backed_off, forgiven, gives_up, succeeding
from duologue.matching.widen import RECENTLY_MET, apart, next_offer_ms, widened
from tests.builders import ANA, BEN, NOW, ticket

RULES = Rules((Facet("gender"), Facet("country", 15_000), Facet("language", 8_000)), recently_met_after_ms=5_000)
WISHES = {name: frozenset(["x"]) for name in ("gender", "country", "language")}
MET = frozenset([BEN])


@pytest.mark.parametrize(("waited_ms", "expected"), [(0, ()), (4_999, ()), (5_000, (RECENTLY_MET,))])
def test_people_met_lately_will_do_after_a_while(waited_ms: int, expected: tuple[str, ...]) -> None:
    """The moment is exact."""
    assert widened(ticket(met=MET), RULES, NOW + waited_ms) == expected


def test_wishes_loosen_one_after_the_other() -> None:
    """By their times, whatever order the operator lists them in; hard and strict ones never."""
    subject = ticket(wants=WISHES, met=MET, strict=frozenset(["country"]))

    assert widened(subject, RULES, NOW + 8_000) == (RECENTLY_MET, "language")
    assert widened(subject, RULES, NOW + 900_000) == (RECENTLY_MET, "language")
    assert widened(ticket(wants=WISHES), RULES, NOW + 900_000) == ("language", "country")


def test_what_nobody_wished_is_not_widened() -> None:
    """A person is told of their own wishes only."""
    assert widened(ticket(wants={"gender": frozenset(["f"])}), RULES, NOW + 900_000) == ()


@pytest.mark.parametrize("waited_ms", [4_999, 5_000])
def test_who_remembers_must_have_waited(waited_ms: int) -> None:
    """Each side that remembers the other; who does not has nothing to loosen."""
    patient, other = ticket(ANA, met=MET), ticket(BEN, since_ms=NOW + waited_ms)

    assert apart(patient, other, RULES, NOW + waited_ms) is (waited_ms < 5_000)
    assert apart(other, patient, RULES, NOW + waited_ms) is (waited_ms < 5_000)


@pytest.mark.parametrize(("at_ms", "expected"), [(29_999, True), (30_000, False)])
def test_two_whose_media_failed_stay_apart_however_long_they_waited(at_ms: int, expected: bool) -> None:
    """Until the time that the ticket names, and not a moment longer; the ticket is offered again then."""
    failed, other = ticket(ANA, met=MET, failed_with={BEN: NOW + 30_000}), ticket(BEN, since_ms=NOW - 900_000)

    assert apart(failed, other, RULES, NOW + at_ms) is expected
    assert apart(other, failed, RULES, NOW + at_ms) is expected
    assert next_offer_ms(failed, RULES, NOW + 5_000) == NOW + 30_000


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
        (ticket(wants=WISHES), NOW + 8_000),
        (ticket(wants=WISHES, since_ms=NOW - 8_000), NOW + 7_000),
        (ticket(wants=WISHES, since_ms=NOW - 15_000), None),
        (ticket(wants=WISHES, strict=frozenset(["language"])), NOW + 15_000),
    ],
    ids=[
        "nothing to come",
        "will loosen",
        "has loosened",
        "backs off",
        "backs off first",
        "the first wish",
        "the second wish",
        "only hard ones left",
        "a strict wish is no step",
    ],
)
def test_next_offer_is_when_something_changes_by_itself(ticket_: Ticket, expected: int | None) -> None:
    """And None where nothing will."""
    assert next_offer_ms(ticket_, RULES, NOW) == expected


def test_the_end_of_the_hold_is_a_moment_too() -> None:
    """Then the ticket searches by itself."""
    assert next_offer_ms(ticket(), Rules(hold_ms=700), NOW) == NOW + 700
    assert next_offer_ms(ticket(since_ms=NOW - 700), Rules(hold_ms=700), NOW) is None


def test_back_off_grows_and_ends() -> None:
    """10, 30, 60 seconds; then it stays at 60, and trying again by itself ends."""
    waits, current = [], ticket()
    while not gives_up(current):
        current = backed_off(current, NOW)
        waits.append(current.not_before_ms - NOW)

    assert waits == [10_000, 30_000, 60_000, 60_000]


def test_a_new_search_does_not_wash_off_failures() -> None:
    """Who failed cannot get around the back-off by asking again; who talked starts clean."""
    failed = backed_off(ticket(), NOW)
    again = succeeding(ticket(attempt=2), failed)

    assert (again.attempt, again.failures, again.not_before_ms) == (2, 1, failed.not_before_ms)
    assert succeeding(ticket(attempt=2), forgiven(failed)) == ticket(attempt=2)


def test_backing_off_costs_the_place() -> None:
    """Who failed starts from the back of the queue."""
    later = backed_off(ticket(since_ms=NOW - 60_000), NOW)

    assert later.since_ms == NOW


def test_afresh_starts_the_wait_anew() -> None:
    """A new wait with the same wishes."""
    new = afresh(ticket(interests=frozenset(["tea"])), NOW + 9)

    assert (new.since_ms, new.interests) == (NOW + 9, frozenset(["tea"]))
