"""Four people, every transition, any order: what must hold after each step (invariants 1, 2 and 5 of the design)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from duologue.ids import CallId, PairId, PersonId, SessionId
from duologue.ledger import (
    CallEnded,
    Caller,
    CallRings,
    Closed,
    Committed,
    Delivery,
    Dequeued,
    Idle,
    Outcome,
    Paired,
    PairEnded,
    PairFormed,
    PersonState,
    Proposal,
    Queued,
    Ringing,
    RoomIsOpen,
    TalkStarted,
    TicketArrived,
    TicketGone,
    Waiting,
)
from duologue.matching.ticket import Ticket
from duologue.pairs.pair import Phase
from duologue.store.memory import MemoryStore
from tests.builders import ANA, BEN, CLEO, DAN, NODE
from tests.contract.stores import GATEWAY, MATCHER, SHARD, ring, wish
from tests.fakes import ManualClock

REFUSED = (Outcome.STALE, Outcome.GONE)
PEOPLE = (ANA, BEN, CLEO, DAN)
Result = TypeVar("Result")

people = st.sampled_from(PEOPLE)
choices = st.integers(0, 1_000)
avoids = st.sampled_from([frozenset[PersonId](), frozenset([ANA]), frozenset([BEN, CLEO])])


class Follower:
    """What one person believes, from snapshots and news alone, as a gateway would tell their client."""

    def __init__(self) -> None:
        self.state: PersonState = Idle()
        self.rev = 0

    def hear(self, delivery: Delivery) -> None:
        if delivery.rev < self.rev:
            return
        self.rev = delivery.rev
        match delivery.news:
            case Queued(ticket):
                self.state = Ringing(self.state.call, ticket) if isinstance(self.state, Ringing) else Waiting(ticket)
            case Dequeued():
                self.state = Ringing(self.state.call, None) if isinstance(self.state, Ringing) else Idle()
            case PairFormed(pair):
                self.state = Paired(pair)
            case PairEnded(ticket=ticket):
                self.state = Waiting(ticket) if ticket is not None else Idle()
            case CallRings(call):
                waits = self.state.ticket if isinstance(self.state, Waiting) else None
                self.state = Ringing(call, waits)
            case CallEnded(ticket=ticket):
                self.state = Waiting(ticket) if ticket is not None else Idle()
            case RoomIsOpen() | TalkStarted():
                assert isinstance(self.state, Paired), "news of a pair goes to people in it"


class StoreMachine(RuleBasedStateMachine):
    """Random transitions through the port, some by stale callers and with stale tickets."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.store = MemoryStore(self.clock)
        self.runner = asyncio.Runner()
        self.fence = 0
        self.stay_alive()
        self.callers: dict[PersonId, Caller] = {}
        self.sessions: dict[PersonId, SessionId] = {}
        self.followers: dict[PersonId, Follower] = {}
        self.attempts = dict.fromkeys(PEOPLE, 0)
        self.revs = dict.fromkeys(PEOPLE, 0)
        self.tickets: list[Ticket] = []
        self.queue: dict[PersonId, Ticket] = {}
        self.pairs: list[PairId] = [PairId("never")]
        self.calls: list[CallId] = []
        self.news_position = self.queue_position = self.count = 0

    def teardown(self) -> None:
        self.runner.close()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    def stay_alive(self) -> None:
        self.run(self.store.keep_alive(GATEWAY))
        self.fence = self.run(self.store.lease(SHARD, MATCHER)) or 0

    def fresh(self) -> int:
        self.count += 1
        return self.count

    # -- presence ---------------------------------------------------------------------------

    @rule(person=people)
    def arrive(self, person: PersonId) -> None:
        session = SessionId(f"{person}-{self.fresh()}")
        arrival = self.run(self.store.arrive(person, session, GATEWAY))
        assert arrival is not None
        self.callers[person] = Caller(person, arrival.generation)
        self.sessions[person] = session
        follower = self.followers[person] = Follower()
        follower.state, follower.rev = arrival.state, arrival.rev

    @precondition(lambda self: self.followers)
    @rule(person=people, hold_ms=st.sampled_from([0, 5_000, 15_000]))
    def depart(self, person: PersonId, hold_ms: int) -> None:
        if self.followers.pop(person, None) is not None:
            self.run(self.store.depart(self.callers[person], hold_ms))

    @rule(duration_ms=st.sampled_from([100, 4_000, 10_000, 60_000]))
    def time_passes(self, duration_ms: int) -> None:
        self.clock.advance(duration_ms)
        self.stay_alive()
        self.run(self.store.expire())

    # -- wishes -----------------------------------------------------------------------------

    @precondition(lambda self: self.followers)
    @rule(person=people, avoid=avoids, auto_next=st.booleans(), again=st.booleans())
    def find(self, person: PersonId, avoid: frozenset[PersonId], auto_next: bool, again: bool) -> None:
        if person in self.followers:
            self.attempts[person] += not again
            ticket = wish(self.callers[person], max(1, self.attempts[person]), avoid=avoid, auto_next=auto_next)
            self.run(self.store.find(self.callers[person], ticket))

    @precondition(lambda self: self.followers)
    @rule(person=people, back=st.integers(0, 1))
    def cancel(self, person: PersonId, back: int) -> None:
        if person in self.followers:
            self.run(self.store.cancel(self.callers[person], max(1, self.attempts[person] - back)))

    @precondition(lambda self: self.followers)
    @rule(person=people, which=choices)
    def next(self, person: PersonId, which: int) -> None:
        if person in self.followers:
            self.attempts[person] += 1
            pair = self.pairs[which % len(self.pairs)]
            self.run(self.store.next(self.callers[person], pair, self.attempts[person], None))

    @precondition(lambda self: self.followers)
    @rule(person=people, which=choices)
    def leave(self, person: PersonId, which: int) -> None:
        if person in self.followers:
            self.run(self.store.leave(self.callers[person], self.pairs[which % len(self.pairs)]))

    @precondition(lambda self: len(self.pairs) > 1)
    @rule(person=people, back=st.integers(0, 3))
    def go_back(self, person: PersonId, back: int) -> None:
        """Whoever takes part was free, and has blocked nobody of it."""
        if person not in self.followers:
            return
        free = {who.id for who in self.store.ledger.people.values() if who.pair is None and who.call is None}
        pair, again = self.pairs[max(0, len(self.pairs) - 1 - back)], PairId(f"p{self.fresh()}")
        closed = self.run(self.store.back(self.callers[person], pair, again))
        assert isinstance(closed, Closed)
        if closed.formed is not None:
            self.pairs.append(again)
            people = {side.person for side in self.store.ledger.pairs[again].sides}
            assert people <= free & set(self.followers)

    @precondition(lambda self: self.followers)
    @rule(person=people, which=choices)
    def part_and_go_back(self, person: PersonId, which: int) -> None:
        """What people do one after the other, so that it is not left to chance."""
        who = self.store.ledger.people.get(person)
        if person not in self.followers or who is None or who.pair is None:
            return
        pair = self.store.ledger.pairs[who.pair]
        peer = pair.peer(person).person
        self.attempts[person] = max(self.attempts[person], who.attempt) + 1
        self.run(self.store.next(self.callers[person], pair.id, self.attempts[person], None))
        if peer in self.followers and which % 2:
            self.run(self.store.back(self.callers[peer], pair.id, PairId("unused")))

    # -- calls ------------------------------------------------------------------------------

    @precondition(lambda self: self.followers)
    @rule(person=people, other=people, apart=st.booleans(), for_ms=st.sampled_from([3_000, 60_000]))
    def call(self, person: PersonId, other: PersonId, apart: bool, for_ms: int) -> None:
        if person in self.followers:
            name, pair = CallId(f"c{self.fresh()}"), PairId(f"p{self.fresh()}")
            self.calls.append(name)
            self.pairs.append(pair)
            wanted = ring(other, name, pair=pair, for_ms=for_ms, apart=apart)
            self.run(self.store.call(self.callers[person], wanted))

    @precondition(lambda self: self.calls)
    @rule(person=people, back=st.integers(0, 2), what=st.sampled_from(["accept", "accept", "decline", "cancel"]))
    def answer(self, person: PersonId, back: int, what: str) -> None:
        if person not in self.followers:
            return
        caller, name = self.callers[person], self.calls[max(0, len(self.calls) - 1 - back)]
        match what:
            case "accept":
                pair = PairId(f"p{self.fresh()}")
                self.pairs.append(pair)
                self.run(self.store.accept(caller, name, pair))
            case "decline":
                self.run(self.store.decline(caller, name))
            case _:
                self.run(self.store.cancel_call(caller, name))

    # -- matching ---------------------------------------------------------------------------

    @precondition(lambda self: len(self.queue) > 1)
    @rule(first=choices, second=choices)
    def commit_fresh(self, first: int, second: int) -> None:
        waiting = sorted(self.queue.values(), key=lambda ticket: ticket.person)
        self.commit(waiting[first % len(waiting)], waiting[second % len(waiting)])

    @precondition(lambda self: self.tickets)
    @rule(first=choices, second=choices)
    def commit_anything(self, first: int, second: int) -> None:
        """Also tickets that are long gone."""
        self.commit(self.tickets[first % len(self.tickets)], self.tickets[second % len(self.tickets)])

    def commit(self, first: Ticket, second: Ticket) -> None:
        pair = PairId(f"p{self.fresh()}")
        waiting = self.now_waiting()
        (result,) = self.run(
            self.store.commit(SHARD, self.fence, [Proposal(pair, (first, second), ("Heron", "Otter"))])
        )
        fits = waiting.get(first.person) == first and waiting.get(second.person) == second
        blocked = second.person in first.avoid or first.person in second.avoid
        assert isinstance(result, Committed) == (fits and not blocked and first.person != second.person)
        if isinstance(result, Committed):
            self.pairs.append(pair)
        else:
            assert self.now_waiting() == waiting

    # -- pairs ------------------------------------------------------------------------------

    @precondition(lambda self: len(self.pairs) > 1)
    @rule(person=people, back=st.integers(0, 2), what=st.sampled_from(["connected", "failed", "write", "mute"]))
    def report(self, person: PersonId, back: int, what: str) -> None:
        caller = self.callers.get(person)
        if caller is None:
            return
        pair = self.pairs[max(0, len(self.pairs) - 1 - back)]
        match what:
            case "connected":
                self.run(self.store.connected(caller, pair))
            case "failed":
                self.run(self.store.media_failed(caller, pair))
            case "write":
                self.run(self.store.write(caller, pair, self.fresh(), "hello"))
            case _:
                self.run(self.store.mute(caller, pair, audio_off=True, video_off=False))

    @precondition(lambda self: len(self.pairs) > 1)
    @rule(back=st.integers(0, 2), works=st.booleans())
    def room(self, back: int, works: bool) -> None:
        pair = self.pairs[max(0, len(self.pairs) - 1 - back)]
        self.run(self.store.opened(pair, NODE) if works else self.store.room_lost(pair, NODE))

    @precondition(lambda self: self.callers)
    @rule(person=people, which=choices)
    def stale_caller(self, person: PersonId, which: int) -> None:
        if person in self.callers:
            old = self.callers[person]._replace(generation=self.callers[person].generation - 1)
            pair = self.pairs[which % len(self.pairs)]
            assert self.run(self.store.leave(old, pair)).outcome in REFUSED
            assert self.run(self.store.find(old, wish(old, 99))) in REFUSED

    # -- what must hold ---------------------------------------------------------------------

    def now_waiting(self) -> dict[PersonId, Ticket]:
        events, _ = self.run(self.store.read_queue(SHARD, 0, 0))
        return {event.ticket.person: event.ticket for event in events if isinstance(event, TicketArrived)}

    @invariant()
    def pairs_are_two_people_who_know_it(self) -> None:
        """Both sides of every pair are in it, and in no other."""
        for pair in self.store.ledger.pairs.values():
            assert pair.phase is not Phase.ENDED
            assert len({side.person for side in pair.sides}) == 2
            for side in pair.sides:
                assert self.store.ledger.people[side.person].pair == pair.id

    @invariant()
    def everybody_is_in_one_state(self) -> None:
        """Nobody waits while in a pair, and nobody is in a pair that is not there."""
        for who in self.store.ledger.people.values():
            assert not ((who.waiting or who.call is not None) and who.pair is not None)
            assert not (who.offered and who.call is not None)
            assert who.pair is None or who.pair in self.store.ledger.pairs

    @invariant()
    def a_way_back_is_of_who_is_free(self) -> None:
        """Whoever does anything else has none; and both know of a wish, or neither."""
        for who in self.store.ledger.people.values():
            way = who.way_back
            if way is None:
                continue
            assert who.here
            assert who.pair is None
            assert who.call is None
            peer = self.store.ledger.people.get(way.person)
            other = peer.way_back if peer is not None else None
            if way.mine or way.theirs:
                assert other is not None
                assert (other.pair, other.mine, other.theirs) == (way.pair, way.theirs, way.mine)

    @invariant()
    def calls_ring_with_those_who_know_of_them(self) -> None:
        """And with nobody else."""
        for call in self.store.ledger.calls.values():
            assert call.rings
            for party in call.known_to:
                assert self.store.ledger.people[party.person].call == call.id
        for who in self.store.ledger.people.values():
            assert who.call is None or who.call in self.store.ledger.calls

    @invariant()
    def revisions_only_grow(self) -> None:
        """Within the life of a record."""
        for person in PEOPLE:
            who = self.store.ledger.people.get(person)
            assert who is None or who.rev >= self.revs[person]
            self.revs[person] = who.rev if who is not None else 0

    @invariant()
    def news_lead_to_the_truth(self) -> None:
        """Whoever is here knows their state from their snapshot and the news alone: every release is told."""
        deliveries, self.news_position = self.run(self.store.read_news(GATEWAY, self.news_position, 0))
        for delivery in deliveries:
            for person, follower in self.followers.items():
                if self.sessions[person] == delivery.session:
                    follower.hear(delivery)
        for person, follower in self.followers.items():
            truth = self.store.ledger.state(self.store.ledger.people[person])
            assert type(follower.state) is type(truth)
            if isinstance(truth, Paired) and isinstance(follower.state, Paired):
                assert follower.state.pair.id == truth.pair.id
            if isinstance(truth, Waiting | Ringing):
                assert follower.state == truth

    @invariant()
    def the_queue_leads_to_the_truth(self) -> None:
        """A matcher that follows knows the same tickets as one that starts now: those of people who are here."""
        events, self.queue_position = self.run(self.store.read_queue(SHARD, self.queue_position, 0))
        for event in events:
            match event:
                case TicketArrived(ticket):
                    assert ticket.person in self.followers, "who is away is not offered"
                    self.queue[ticket.person] = ticket
                    self.tickets.append(ticket)
                case TicketGone(person):
                    self.queue.pop(person, None)
        waiting = self.now_waiting()
        # A commit takes its tickets out without an event: the matcher that committed knows.
        self.queue = {person: ticket for person, ticket in self.queue.items() if person in waiting}
        assert self.queue == waiting
        assert set(waiting) <= set(self.followers)


TestAnyOrder_memory = StoreMachine.TestCase
TestAnyOrder_memory.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
