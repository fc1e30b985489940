"""The pool against a brute-force oracle written from the specification (docs/explanation/matching.md)."""

from __future__ import annotations

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings

from duologue.ids import PersonId
from duologue.matching.explain import explain
from duologue.matching.pool import Pool
from duologue.matching.rules import Bounds, Facet, Rules
from duologue.matching.ticket import Match, Ticket
from tests.builders import ticket

VALUES = {"gender": ("m", "f"), "language": ("en", "fr", "de"), "country": ("x", "y")}
WIDENS_AFTER_MS = {"language": 3_000, "country": 6_000}
MET_AFTER_MS = 5_000
HOLD_MS = 1_000
FACETS = tuple(Facet(name, WIDENS_AFTER_MS.get(name)) for name in VALUES)
AT_ONCE, HELD = Rules(FACETS, MET_AFTER_MS), Rules(FACETS, MET_AFTER_MS, HOLD_MS)
TINY = Bounds(lines=2, values=1, interests=1)
WIDE = Bounds()
PEOPLE = tuple(PersonId(f"p{n}") for n in range(8))

Step = tuple[str, Ticket, int]


def tickets(person: PersonId) -> st.SearchStrategy[Ticket]:
    """Any ticket of this person; its times are relative to the moment at which it is offered."""
    others = st.frozensets(st.sampled_from([each for each in PEOPLE if each != person]), max_size=3)
    own = {facet: st.sampled_from(values) for facet, values in VALUES.items()}
    wish = {facet: st.frozensets(st.sampled_from(values), min_size=1) for facet, values in VALUES.items()}
    return st.builds(
        lambda **fields: ticket(person, **fields),
        facets=st.fixed_dictionaries({}, optional=own),
        wants=st.fixed_dictionaries({}, optional=wish),
        strict=st.frozensets(st.sampled_from(list(VALUES)), max_size=1),
        interests=st.frozensets(st.sampled_from(["chess", "jazz", "tea"])),
        avoid=others,
        met=others,
        hidden=st.sampled_from([False, False, True]),
        since_ms=st.integers(-8_000, 0),
        not_before_ms=st.sampled_from([-1, -1, -1, 2_000]),
    )


steps = st.lists(
    st.sampled_from(PEOPLE).flatmap(
        lambda person: st.tuples(
            st.sampled_from(["offer", "offer", "offer", "withdraw", "wait"]),
            tickets(person),
            st.integers(0, 3_000),
        )
    ),
    max_size=40,
)
any_rules = pytest.mark.parametrize("rules", [AT_ONCE, HELD], ids=["at once", "held"])
any_bounds = pytest.mark.parametrize("bounds", [WIDE, TINY], ids=["room for all", "overflowing"])


# -- the specification, in the plainest words ------------------------------------------------


def takes(one: Ticket, other: Ticket, now_ms: int) -> bool:
    """Whether one side would meet the other by now."""
    waited_ms = now_ms - one.since_ms
    for facet, accepted in one.wants.items():
        loosens = facet in WIDENS_AFTER_MS and facet not in one.strict
        if loosens and waited_ms >= WIDENS_AFTER_MS[facet]:
            continue
        if other.facets.get(facet) not in accepted:
            return False
    if other.person in one.avoid or other.person == one.person:
        return False
    return other.person not in one.met or waited_ms >= MET_AFTER_MS


def fits(one: Ticket, other: Ticket, now_ms: int) -> bool:
    """Both directions, at the levels that both have reached, and neither is backing off."""
    return (
        takes(one, other, now_ms)
        and takes(other, one, now_ms)
        and one.not_before_ms <= now_ms
        and other.not_before_ms <= now_ms
    )


def rank(one: Ticket, other: Ticket) -> tuple[bool, bool]:
    """What counts before any score: not met lately, then visible."""
    return (other.person in one.met or one.person in other.met, other.hidden)


def alike(one: Ticket, other: Ticket) -> bool:
    """Whether two are equal in all that counts but their wait."""
    return (one.facets, one.interests, one.hidden) == (other.facets, other.interests, other.hidden)


class Run:
    """A pool beside a plain list of who waits."""

    def __init__(self, rules: Rules, bounds: Bounds) -> None:
        self.rules = rules
        self.pool = Pool(rules, bounds)
        self.waiting: dict[PersonId, Ticket] = {}
        self.now_ms = 1_000_000
        self.revs = 0
        self.matches: list[Match] = []

    def step(self, what: str, raw: Ticket, wait_ms: int) -> None:
        """Let time pass, offer again what came due as the matcher does, then do one thing."""
        self.now_ms += wait_ms
        self.take_all()
        match what:
            case "offer":
                self.offer(raw)
            case "withdraw":
                self.pool.withdraw(raw.person)
                self.waiting.pop(raw.person, None)
            case _:
                pass  # only time passed

    def searches(self, one: Ticket) -> bool:
        return self.now_ms >= one.since_ms + self.rules.hold_ms

    def offer(self, raw: Ticket) -> None:
        self.revs += 1
        not_before_ms = self.now_ms + raw.not_before_ms if raw.not_before_ms > 0 else 0
        arrival = msgspec.structs.replace(
            raw, rev=self.revs, since_ms=self.now_ms + raw.since_ms, not_before_ms=not_before_ms
        )
        self.waiting.pop(arrival.person, None)
        could_meet = [other for other in self.waiting.values() if fits(arrival, other, self.now_ms)]
        found = self.pool.offer(arrival, self.now_ms)
        assert (found is not None) == bool(could_meet and self.searches(arrival)), "complete on arrival"
        self.waiting[arrival.person] = arrival
        if found is not None:
            assert found.arrival == arrival
            self.is_best(found)
            self.take(found)

    def take_all(self) -> None:
        for found in self.pool.reoffer(self.now_ms):
            self.take(found)
        searching = [one for one in self.waiting.values() if self.searches(one)]
        for one in searching:
            for other in self.waiting.values():
                if self.searches(other):
                    assert not fits(one, other, self.now_ms), "widening offers again, by itself and in time"
        due_ms = self.pool.next_due_ms()
        assert due_ms is None or due_ms > self.now_ms

    def take(self, found: Match) -> None:
        chosen, arrival = found.waiting, found.arrival
        assert self.waiting.get(chosen.person) == chosen, "only people who wait are matched, and once"
        assert self.waiting[arrival.person] == arrival
        assert fits(arrival, chosen, self.now_ms)
        del self.waiting[chosen.person], self.waiting[arrival.person]
        self.matches.append(found)

    def is_best(self, found: Match) -> None:
        """For arrivals; where several come due at one moment, those after the first have not moved on yet."""
        chosen, arrival = found.waiting, found.arrival
        for other in self.waiting.values():
            if fits(arrival, other, self.now_ms):
                assert rank(arrival, chosen) <= rank(arrival, other), "met lately last, visible before hidden"
                if rank(arrival, chosen) == rank(arrival, other) and alike(chosen, other):
                    assert chosen.since_ms <= other.since_ms, "oldest first among equals"


@any_rules
@any_bounds
@given(steps)
@settings(deadline=None, max_examples=60)
def test_the_pool_does_what_the_specification_says(rules: Rules, bounds: Bounds, script: list[Step]) -> None:
    """Symmetric, complete, nobody twice, nobody blocked, the right order, withdrawn people are gone."""
    run = Run(rules, bounds)
    for what, raw, wait_ms in script:
        run.step(what, raw, wait_ms)

        assert len(run.pool) == len(run.waiting)


@any_bounds
@given(steps)
@settings(deadline=None, max_examples=40)
def test_an_explanation_agrees_with_the_specification(bounds: Bounds, script: list[Step]) -> None:
    """Nobody fits a person who waits; everybody else is rejected by something."""
    run = Run(AT_ONCE, bounds)
    for step in script:
        run.step(*step)
    run.take_all()
    for person in run.waiting:
        explanation = run.pool.explain(person, run.now_ms)

        assert explanation is not None
        assert explanation.fits == 0
        assert sum(explanation.rejected.values()) == explanation.looked_at == len(run.waiting) - 1


@given(tickets(PEOPLE[0]), st.lists(tickets(PEOPLE[1]), min_size=1, max_size=8), st.integers(0, 20_000))
@settings(deadline=None, max_examples=200)
def test_an_explanation_foretells_what_the_specification_says_then(
    subject: Ticket, others: list[Ticket], later_ms: int
) -> None:
    """Whoever fits at a later moment was told to, and nobody else."""
    told = [explain(subject, [other], AT_ONCE, 0) for other in others]
    for other, each in zip(others, told, strict=True):
        fits_by_then = bool(each.fits) or (each.first_fit_ms is not None and each.first_fit_ms <= later_ms)

        assert fits_by_then == fits(subject, other, later_ms)
        assert each.fits == fits(subject, other, 0)
    for step in explain(subject, others, AT_ONCE, 0).steps:
        assert step.fits == sum(fits(subject, other, step.at_ms) for other in others)


@any_rules
@given(steps)
@settings(deadline=None, max_examples=40)
def test_the_same_script_gives_the_same_pairs(rules: Rules, script: list[Step]) -> None:
    """Matching holds no dice: a run can be replayed."""

    def pairs() -> list[tuple[PersonId, PersonId]]:
        run = Run(rules, WIDE)
        for step in script:
            run.step(*step)
        return [(found.arrival.person, found.waiting.person) for found in run.matches]

    assert pairs() == pairs()


@any_bounds
@given(steps)
@settings(deadline=None, max_examples=60)
def test_nothing_is_left_of_people_who_left(bounds: Bounds, script: list[Step]) -> None:
    """No class, no bit, no count and no stranger's word."""
    run = Run(AT_ONCE, bounds)
    for step in script:
        run.step(*step)
    for person in PEOPLE:
        run.pool.withdraw(person)
    pool, classes = run.pool, run.pool._classes

    assert (len(pool), pool.live_classes, pool.overflowing_classes, pool.group_sizes) == (0, 0, 0, {})
    assert (len(pool._rarity), pool.next_due_ms()) == (0, None)
    for block in classes._blocks:
        assert (block.live, block.hidden) == (0, 0)
        assert not any(block.lines)
        assert sorted(block.free) == list(range(len(block.lines)))
        for facet in block.facets:
            assert (facet.owns, facet.accepts, facet.wishes) == ({}, {}, 0)
    assert not any(classes.overflow._owns + classes.overflow._accepts)


@given(st.lists(tickets(PEOPLE[0]), min_size=1, max_size=30))
@settings(deadline=None, max_examples=60)
def test_classes_do_not_grow_with_the_number_of_visitors(visitors: list[Ticket]) -> None:
    """One person at a time needs one class, however different they are."""
    pool = Pool(AT_ONCE)
    for visitor in visitors:
        pool.offer(visitor, visitor.since_ms)
        pool.withdraw(visitor.person)

    assert sum(len(block.lines) for block in pool._classes._blocks) <= 1
