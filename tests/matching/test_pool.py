"""Who is preferred among those who fit, and when somebody is offered again."""

from __future__ import annotations

from typing import Any

import pytest

from duologue.ids import PersonId
from duologue.matching.pool import ENOUGH, PER_CLASS, Pool
from duologue.matching.rules import Bounds, Facet, Rules
from duologue.matching.score import INTEREST_MS, PREFERENCE_MS
from duologue.matching.ticket import Match, Ticket
from tests.builders import ANA, BEN, CLEO, NOW, ticket

HARD = Rules((Facet("language"),))
PREFERENCE = Rules((Facet("language", 8_000),))


def pool(rules: Rules = HARD, bounds: Bounds = Bounds()) -> Pool:  # noqa: B008 - frozen
    return Pool(rules, bounds)


def wanting(person: PersonId, own: str | None, *wanted: str, **changes: Any) -> Any:
    facets = {} if own is None else {"language": own}
    wants = {"language": frozenset(wanted)} if wanted else {}
    return ticket(person, facets=facets, wants=wants, **changes)


def test_the_first_waits_and_the_second_is_matched() -> None:
    """An arrival meets whoever is there; both leave the pool."""
    subject, ana, ben = pool(), ticket(ANA), ticket(BEN)

    assert subject.offer(ana, NOW) is None
    assert len(subject) == 1
    assert subject.offer(ben, NOW) == Match(ben, ana, NOW)
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
    """What it is worth, and no more: two wait and one names it, so twice `INTEREST_MS`."""
    likes = frozenset(["chess"])
    for ahead_ms, expected in ((2 * INTEREST_MS - 1_000, BEN), (2 * INTEREST_MS + 1_000, ANA)):
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


def test_who_becomes_free_at_the_same_time_sees_the_others() -> None:
    """The matcher woke late: Ana does not take the hidden page only because she came up before Ben."""
    subject = pool()
    subject.offer(ticket(CLEO, hidden=True), NOW)
    subject.offer(ticket(ANA, not_before_ms=NOW + 1_000), NOW)
    subject.offer(ticket(BEN, not_before_ms=NOW + 2_000), NOW)
    (found,) = subject.reoffer(NOW + 3_000)

    assert (found.arrival.person, found.waiting.person) == (ANA, BEN)


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


def test_an_explanation_of_a_stranger_is_none() -> None:
    """Nobody waits there."""
    assert pool().explain(ANA, NOW) is None


def test_who_waits_longer_than_a_late_comer_is_served_first() -> None:
    """A survivor of a failed pair comes back into the queue at their old place."""
    subject = pool()
    for n, since_ms in enumerate((NOW - 30, NOW - 20, NOW - 25, NOW - 30, NOW - 10)):
        subject.offer(wanting(PersonId(f"p{n}"), "en", "fr", since_ms=since_ms), NOW)
    order = [subject.offer(wanting(PersonId(f"q{n}"), "fr", "en"), NOW) for n in range(5)]

    assert [found and found.waiting.person for found in order] == ["p0", "p3", "p2", "p1", "p4"]


def test_a_rare_interest_counts_more_than_a_common_one() -> None:
    """By how many waiting people name it."""
    subject = pool()
    for n in range(20):
        subject.offer(wanting(PersonId(f"x{n}"), "de", "it", interests=frozenset(["music"])), NOW)
    subject.offer(wanting(ANA, "en", "fr", interests=frozenset(["music"])), NOW - 1)
    subject.offer(wanting(BEN, "en", "fr", interests=frozenset(["harp"])), NOW)
    found = subject.offer(wanting(CLEO, "fr", "en", interests=frozenset(["music", "harp"])), NOW)

    assert found is not None
    assert found.waiting.person == BEN


def test_the_same_value_of_a_preference_counts() -> None:
    """Who accepts anybody still rather meets somebody of the same language, unless another waits much longer."""
    for ahead_ms, expected in ((PREFERENCE_MS - 1, BEN), (PREFERENCE_MS + 1, ANA)):
        subject = pool(PREFERENCE)
        subject.offer(wanting(ANA, "en", "fr", since_ms=NOW - ahead_ms, strict=frozenset(["language"])), NOW)
        subject.offer(wanting(BEN, "fr", "fr", strict=frozenset(["language"])), NOW)
        found = subject.offer(wanting(CLEO, "fr"), NOW)

        assert found is not None
        assert found.waiting.person == expected


def test_a_preference_is_dropped_on_both_sides_before_two_meet() -> None:
    """Ana has loosened at 8 s, Ben comes later and must wait 8 s as well."""
    subject = pool(PREFERENCE)
    subject.offer(wanting(ANA, "en", "en"), NOW)
    subject.offer(wanting(BEN, "fr", "fr", since_ms=NOW + 3_000), NOW + 3_000)

    assert list(subject.reoffer(NOW + 8_000)) == []
    assert subject.next_due_ms() == NOW + 11_000
    (found,) = subject.reoffer(NOW + 11_000)
    assert {found.arrival.person, found.waiting.person} == {ANA, BEN}


def test_a_strict_wish_is_not_dropped() -> None:
    """However long it takes."""
    subject = pool(PREFERENCE)
    subject.offer(wanting(ANA, "en", "en", strict=frozenset(["language"])), NOW)
    subject.offer(wanting(BEN, "fr", "fr"), NOW)

    assert list(subject.reoffer(NOW + 3_600_000)) == []
    assert subject.next_due_ms() is None


def test_people_met_lately_come_last_however_long_they_wait() -> None:
    """Also when both would meet again."""
    subject = pool()
    subject.offer(wanting(ANA, "en", "fr", since_ms=NOW - 60_000, met=frozenset([CLEO])), NOW)
    subject.offer(wanting(BEN, "en", "fr", hidden=True), NOW)
    found = subject.offer(wanting(CLEO, "fr", "en", since_ms=NOW - 60_000, met=frozenset([ANA])), NOW)

    assert found is not None
    assert found.waiting.person == BEN


def test_a_hidden_page_comes_last_but_is_matched() -> None:
    """Nobody is left waiting for it."""
    subject = pool()
    subject.offer(wanting(ANA, "en", "fr", since_ms=NOW - 60_000, hidden=True), NOW)
    subject.offer(wanting(BEN, "en", "fr"), NOW)
    first = subject.offer(wanting(CLEO, "fr", "en"), NOW)
    second = subject.offer(wanting(CLEO, "fr", "en"), NOW)

    assert first is not None
    assert second is not None
    assert (first.waiting.person, second.waiting.person) == (BEN, ANA)


def test_a_hidden_page_comes_last_behind_any_number_of_others() -> None:
    """The cap on candidates does not bring it forward."""
    subject = pool()
    for n in range(3 * ENOUGH):
        hidden = n < 2 * ENOUGH
        facets = {"language": f"l{n}"}
        subject.offer(
            ticket(PersonId(f"p{n}"), facets=facets, wants={"language": frozenset(["fr"])}, hidden=hidden), NOW
        )
    order = [subject.offer(ticket(PersonId(f"q{n}"), facets={"language": "fr"}), NOW) for n in range(3 * ENOUGH)]

    assert [found is not None and found.waiting.hidden for found in order] == [False] * ENOUGH + [True] * 2 * ENOUGH


def test_during_a_hold_people_are_found_but_do_not_search() -> None:
    """At the end of the hold they take the best of those who came meanwhile."""
    subject = pool(Rules((), hold_ms=1_000))
    harp = frozenset(["harp"])
    assert subject.offer(ticket(ANA, interests=harp), NOW) is None
    assert subject.offer(ticket(BEN, since_ms=NOW + 300), NOW + 300) is None
    assert subject.offer(ticket(CLEO, since_ms=NOW + 600, interests=harp), NOW + 600) is None
    assert subject.next_due_ms() == NOW + 1_000
    (found,) = subject.reoffer(NOW + 1_000)

    assert (found.arrival.person, found.waiting.person) == (ANA, CLEO)


def turn_of_the_rare(subject: Pool, *, always_from_the_first: bool) -> int | None:
    """Behind many classes that are filled again and again somebody rare waits: at which search is she taken?"""
    classes = 3 * ENOUGH
    rare = wanting(ANA, "harp", "fr", since_ms=NOW - 1)
    for n in range(classes):
        if n == classes // 2:
            assert subject.offer(rare, NOW) is None
        refill(subject, n, 0)
    for turn in range(2 * (classes + 1)):
        if always_from_the_first:
            subject._turn = -1
        found = subject.offer(wanting(PersonId(f"q{turn}"), "fr"), NOW + turn)
        assert found is not None
        if found.waiting == rare:
            return turn
        refill(subject, int(found.waiting.facets["language"][1:]), turn + 1)
    return None


@pytest.mark.parametrize("bounds", [Bounds(), Bounds(lines=2)], ids=["room for all", "overflowing"])
def test_nobody_starves_behind_popular_classes(bounds: Bounds) -> None:
    """Each search begins elsewhere, so a rare person's turn comes."""
    assert turn_of_the_rare(pool(HARD, bounds), always_from_the_first=False) is not None


def test_beginning_with_the_same_class_each_time_would_starve_somebody() -> None:
    """The first `ENOUGH` are always others: this is what the turns are for."""
    assert turn_of_the_rare(pool(), always_from_the_first=True) is None


def refill(subject: Pool, language: int, turn: int) -> None:
    """Keep `PER_CLASS` people of this language waiting."""
    group = subject.group_sizes.get(((f"l{language}",), (frozenset(["fr"]),)), 0)
    for n in range(PER_CLASS - group):
        subject.offer(
            wanting(PersonId(f"l{language}-{turn}-{n}"), f"l{language}", "fr", since_ms=NOW + turn), NOW + turn
        )


def test_hostile_words_cost_no_match_and_little_room() -> None:
    """20,000 people who own and want a word of their own each, then the 20,000 who fit them."""
    subject = pool(HARD, Bounds(lines=4_096, values=1_000))
    for n in range(20_000):
        assert subject.offer(wanting(PersonId(f"a{n}"), f"left{n}", f"right{n}"), NOW) is None
    assert subject.overflowing_classes == 19_000
    assert sum(len(f.owns) + len(f.accepts) for block in subject._classes._blocks for f in block.facets) <= 2_000
    for n in range(20_000):
        found = subject.offer(wanting(PersonId(f"b{n}"), f"right{n}", f"left{n}"), NOW)
        assert found is not None
        assert found.waiting.person == f"a{n}"

    assert (len(subject), subject.live_classes, subject.overflowing_classes) == (0, 0, 0)


def test_hostile_interests_cost_little_room() -> None:
    """What nobody counts is worth as much as a rare one."""
    subject = pool(HARD, Bounds(interests=100))
    for n in range(1_000):
        words = frozenset(f"word{n}-{k}" for k in range(10))
        subject.offer(wanting(PersonId(f"p{n}"), "en", "fr", interests=words), NOW)

    assert len(subject._rarity) == 100


def offer_again_and_again(subject: Pool, times: int) -> None:
    for n in range(times):
        subject.offer(wanting(ANA, "en", "fr", since_ms=NOW + n), NOW + n)


def test_being_offered_again_and_again_leaves_nothing_behind() -> None:
    """What is due later is bounded by who waits, not by how often they moved."""
    subject = pool(PREFERENCE)
    offer_again_and_again(subject, 10_000)

    assert len(subject._due._heap) < 100
    assert sum(len(line.entries) for line in subject._classes._lines[False].values()) < 100


def test_why_nobody_fits() -> None:
    """Each of the others is rejected by the first rule that does."""
    subject = pool(Rules((Facet("gender"), Facet("language", 8_000)), recently_met_after_ms=60_000))
    m, f = {"gender": "m"}, {"gender": "f"}
    people: list[Ticket] = [
        ticket(PersonId("man"), facets=m, wants={"gender": frozenset(["f"])}, avoid=frozenset(["blocked", "known"])),
        ticket(PersonId("picky"), facets=f, wants={"gender": frozenset(["x"])}),
        ticket(PersonId("blocked"), facets=f, avoid=frozenset([ANA]), wants={"gender": frozenset(["m"])}),
        ticket(PersonId("known"), facets=f, wants={"gender": frozenset(["m"])}),
        ticket(PersonId("late"), facets=f, not_before_ms=NOW + 60_000),
        ticket(
            PersonId("fr"), facets=f | {"language": "fr"}, wants={"language": frozenset(["fr"])}, since_ms=NOW + 9_000
        ),
    ]
    met = frozenset([PersonId("known")])
    subject.offer(
        ticket(ANA, facets=m, wants={"gender": frozenset(["f"]), "language": frozenset(["en"])}, met=met), NOW
    )
    for each in people:
        assert subject.offer(each, NOW + 7_000) is None
    assert list(subject.reoffer(NOW + 9_000)) == []
    explanation = subject.explain(ANA, NOW + 9_000)

    assert explanation is not None
    assert explanation.rejected == {
        "facet gender: mine": 1,
        "facet gender: theirs": 1,
        "avoided": 1,
        "recently_met": 1,
        "backing_off": 1,
        "facet language: theirs": 1,
    }
    assert (explanation.fits, explanation.looked_at, explanation.widened) == (0, 6, ("language",))


def test_two_whose_media_failed_meet_again_after_a_while() -> None:
    """The pool offers them again by itself; anybody else is better until then."""
    pool = Pool(Rules(recently_met_after_ms=0))
    failed = {BEN: NOW + 30_000}, {ANA: NOW + 30_000}
    assert pool.offer(ticket(ANA, met=frozenset([BEN]), failed_with=failed[0]), NOW) is None
    assert pool.offer(ticket(BEN, met=frozenset([ANA]), failed_with=failed[1]), NOW) is None

    assert pool.next_due_ms() == NOW + 30_000
    assert list(pool.reoffer(NOW + 29_999)) == []
    (match,) = pool.reoffer(NOW + 30_000)
    assert {match.arrival.person, match.waiting.person} == {ANA, BEN}
