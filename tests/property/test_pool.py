"""The pool against a brute-force oracle written from the specification (design, section 6)."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given, settings

from duologue.ids import PersonId
from duologue.matching.pool import Pool
from duologue.matching.ticket import Match, Ticket
from duologue.matching.widen import Widening
from tests.builders import ticket

FACETS = ("gender", "language")
VALUES = {"gender": ("m", "f"), "language": ("en", "fr", "de")}
WIDENING = Widening(recently_met_after_ms=5_000)
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
        interests=st.frozensets(st.sampled_from(["chess", "jazz", "tea"])),
        avoid=others,
        met=others,
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


# -- the specification, in the plainest words ------------------------------------------------


def takes(one: Ticket, other: Ticket, now_ms: int) -> bool:
    """Whether one side would meet the other."""
    for facet, accepted in one.wants.items():
        if other.facets.get(facet) not in accepted:
            return False
    if other.person in one.avoid or other.person == one.person:
        return False
    patient = now_ms - one.since_ms < WIDENING.recently_met_after_ms
    return not (other.person in one.met and patient)


def fits(one: Ticket, other: Ticket, now_ms: int) -> bool:
    """Both directions, and neither is backing off."""
    return (
        takes(one, other, now_ms)
        and takes(other, one, now_ms)
        and one.not_before_ms <= now_ms
        and other.not_before_ms <= now_ms
    )


class Run:
    """A pool beside a plain list of who waits."""

    def __init__(self) -> None:
        self.pool = Pool(FACETS, WIDENING)
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

    def offer(self, raw: Ticket) -> None:
        self.revs += 1
        arrival = ticket(
            raw.person,
            rev=self.revs,
            facets=raw.facets,
            wants=raw.wants,
            interests=raw.interests,
            avoid=raw.avoid,
            met=raw.met,
            since_ms=self.now_ms + raw.since_ms,
            not_before_ms=self.now_ms + raw.not_before_ms if raw.not_before_ms > 0 else 0,
        )
        self.waiting.pop(arrival.person, None)
        could_meet = [other for other in self.waiting.values() if fits(arrival, other, self.now_ms)]
        found = self.pool.offer(arrival, self.now_ms)
        assert (found is not None) == bool(could_meet), "complete on arrival"
        self.waiting[arrival.person] = arrival
        if found is not None:
            assert found.arrival == arrival
            self.take(found)

    def take_all(self) -> None:
        for found in self.pool.reoffer(self.now_ms):
            self.take(found)
        for one in self.waiting.values():
            for other in self.waiting.values():
                assert not fits(one, other, self.now_ms), "widening offers again, by itself and in time"
        due_ms = self.pool.next_due_ms()
        assert due_ms is None or due_ms > self.now_ms

    def take(self, found: Match) -> None:
        assert found.waiting.person in self.waiting, "only people who wait are matched, and once"
        assert self.waiting[found.waiting.person] == found.waiting
        assert self.waiting[found.arrival.person] == found.arrival
        assert fits(found.arrival, found.waiting, self.now_ms)
        del self.waiting[found.waiting.person], self.waiting[found.arrival.person]
        self.matches.append(found)


@given(steps)
@settings(deadline=None, max_examples=60)
def test_the_pool_does_what_the_specification_says(script: list[Step]) -> None:
    """Symmetric, complete on arrival, nobody twice, nobody blocked, withdrawn people are gone."""
    run = Run()
    for what, raw, wait_ms in script:
        run.step(what, raw, wait_ms)

        assert len(run.pool) == len(run.waiting)


@given(steps)
@settings(deadline=None, max_examples=60)
def test_the_same_script_gives_the_same_pairs(script: list[Step]) -> None:
    """Matching holds no dice: a run can be replayed."""

    def pairs() -> list[tuple[PersonId, PersonId]]:
        run = Run()
        for step in script:
            run.step(*step)
        return [(found.arrival.person, found.waiting.person) for found in run.matches]

    assert pairs() == pairs()


@given(steps)
@settings(deadline=None, max_examples=60)
def test_classes_give_their_bits_back(script: list[Step]) -> None:
    """After everybody left there is no class, no bit and no stranger's word left behind."""
    run = Run()
    for step in script:
        run.step(*step)
    for person in PEOPLE:
        run.pool.withdraw(person)
    classes = run.pool._classes

    assert len(run.pool) == 0
    assert (classes._live, classes._bit_of, classes._accepts_any) == (0, {}, [0, 0])
    assert classes._owns == [{}, {}]
    assert classes._accepts == [{}, {}]
    assert sorted(classes._free) == list(range(len(classes._members)))
    assert not any(classes._members)


@given(st.lists(tickets(PEOPLE[0]), min_size=1, max_size=30))
@settings(deadline=None, max_examples=60)
def test_classes_do_not_grow_with_the_number_of_visitors(visitors: list[Ticket]) -> None:
    """One person at a time needs one class, however different they are."""
    pool = Pool(FACETS, WIDENING)
    for visitor in visitors:
        pool.offer(visitor, visitor.since_ms)
        pool.withdraw(visitor.person)

    assert len(pool._classes._members) <= 1
