"""Who is preferred among those who fit, and when somebody is offered again."""

from __future__ import annotations

from typing import Any

from duologue.ids import PersonId
from duologue.matching.pool import ENOUGH, INTEREST_MS, PER_CLASS, Pool
from duologue.matching.ticket import Match
from duologue.matching.widen import Widening
from tests.builders import ANA, BEN, CLEO, NOW, ticket


def pool() -> Pool:
    return Pool(("language",), Widening(recently_met_after_ms=5_000))


def wanting(person: PersonId, own: str | None, *wanted: str, **changes: Any) -> Any:
    facets = {} if own is None else {"language": own}
    wants = {"language": frozenset(wanted)} if wanted else {}
    return ticket(person, facets=facets, wants=wants, **changes)


def test_the_first_waits_and_the_second_is_matched() -> None:
    """An arrival meets whoever is there; both leave the pool."""
    subject, ana, ben = pool(), ticket(ANA), ticket(BEN)

    assert subject.offer(ana, NOW) is None
    assert len(subject) == 1
    assert subject.offer(ben, NOW) == Match(ben, ana)
    assert len(subject) == 0


def test_nobody_meets_themselves() -> None:
    """A second ticket of the same person replaces the first."""
    subject = pool()
    subject.offer(ticket(ANA), NOW)

    assert subject.offer(ticket(ANA, rev=2), NOW) is None
    assert len(subject) == 1


def test_the_longest_wait_wins_within_a_class() -> None:
    """Oldest first."""
    subject = pool()
    subject.offer(wanting(ANA, "en", "fr", since_ms=NOW - 1_000), NOW)
    subject.offer(wanting(BEN, "en", "fr", since_ms=NOW - 9_000), NOW)
    found = subject.offer(wanting(CLEO, "fr", "en"), NOW)

    assert found is not None
    assert found.waiting.person == BEN


def test_a_shared_interest_outweighs_some_waiting() -> None:
    """As much as `INTEREST_MS`, and no more."""
    likes = frozenset(["chess"])
    for ahead_ms, expected in ((INTEREST_MS - 1_000, BEN), (INTEREST_MS + 1_000, ANA)):
        subject = pool()
        subject.offer(wanting(ANA, "en", "fr", since_ms=NOW - ahead_ms), NOW)
        subject.offer(wanting(BEN, "en", "fr", interests=likes), NOW)
        found = subject.offer(wanting(CLEO, "fr", "en", interests=likes), NOW)

        assert found is not None
        assert found.waiting.person == expected


def test_both_directions_must_hold() -> None:
    """One side's wish is not enough."""
    subject = pool()
    subject.offer(wanting(ANA, "en", "fr"), NOW)

    assert subject.offer(wanting(BEN, "de", "en"), NOW) is None
    assert subject.offer(wanting(CLEO, "fr", "en"), NOW) is not None


def test_prefer_not_to_say_satisfies_no_wish() -> None:
    """Who keeps a facet to themselves is met by people who accept anybody, and by nobody else."""
    subject = pool()
    subject.offer(wanting(ANA, "en", "fr"), NOW)

    assert subject.offer(wanting(BEN, None), NOW) is None
    assert subject.offer(wanting(CLEO, "en"), NOW) is not None


def test_a_cap_on_candidates_never_costs_a_match() -> None:
    """However many unsuitable people wait in front, the one who fits is found."""
    subject = pool()
    crowd = [PersonId(f"x{n}") for n in range(ENOUGH + PER_CLASS + 5)]
    for person in crowd:
        subject.offer(wanting(person, "en", "fr"), NOW)
    subject.offer(wanting(BEN, "en", "fr"), NOW)
    found = subject.offer(wanting(CLEO, "fr", "en", avoid=frozenset(crowd)), NOW)

    assert found is not None
    assert found.waiting.person == BEN


def test_who_backs_off_is_not_offered_before_their_time() -> None:
    """Then the pool offers them by itself."""
    subject = pool()
    subject.offer(ticket(ANA), NOW)

    assert subject.offer(ticket(BEN, not_before_ms=NOW + 10_000), NOW) is None
    assert (len(subject), subject.next_due_ms()) == (2, NOW + 10_000)
    assert list(subject.reoffer(NOW + 9_999)) == []
    (found,) = subject.reoffer(NOW + 10_000)
    assert {found.arrival.person, found.waiting.person} == {ANA, BEN}


def test_people_who_met_lately_meet_again_once_both_waited() -> None:
    """Both sides must have reached the level."""
    subject = pool()
    subject.offer(ticket(ANA, met=frozenset([BEN])), NOW)
    subject.offer(ticket(BEN, met=frozenset([ANA]), since_ms=NOW + 2_000), NOW + 2_000)

    assert list(subject.reoffer(NOW + 5_000)) == []
    assert len(list(subject.reoffer(NOW + 7_000))) == 1


def test_a_withdrawn_person_is_not_offered_again() -> None:
    """What was due for them means nothing any more."""
    subject = pool()
    subject.offer(ticket(ANA), NOW)
    subject.offer(ticket(BEN, not_before_ms=NOW + 1_000), NOW)
    subject.withdraw(BEN)

    assert list(subject.reoffer(NOW + 2_000)) == []
    assert len(subject) == 1


def test_a_time_that_was_set_for_an_older_ticket_does_not_count() -> None:
    """Only the ticket that waits now is offered again."""
    subject = pool()
    subject.offer(ticket(ANA), NOW)
    subject.offer(ticket(BEN, not_before_ms=NOW + 1_000), NOW)
    subject.offer(ticket(BEN, rev=2, not_before_ms=NOW + 9_000), NOW)

    assert list(subject.reoffer(NOW + 1_000)) == []
    assert len(list(subject.reoffer(NOW + 9_000))) == 1


def test_withdrawing_a_stranger_is_fine() -> None:
    """Events may arrive late."""
    subject = pool()
    subject.withdraw(ANA)

    assert len(subject) == 0
