"""Whatever happens in whatever order, Redis says and keeps what memory does."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from duologue.ids import CallId, GatewayId, MatcherId, NodeName, PairId, PersonId, SessionId
from duologue.ledger import (
    NODES_LEASE,
    Arrival,
    Attention,
    Caller,
    Claim,
    Closed,
    Committed,
    Probe,
    Proposal,
    TicketArrived,
    Waiting,
)
from duologue.matching.ticket import Ticket
from duologue.nodes import NodeHealth, NodeReport
from duologue.protocol.codes import Mode
from duologue.safety.ratelimit import UNLIMITED, Rate
from tests.builders import ANA, BEN, CLEO, DAN, cohort
from tests.contract.stores import asking, ring, wish
from tests.store.redis.side_by_side import SideBySide, same_order

PEOPLE = (ANA, BEN, CLEO, DAN)
GATEWAYS = (GatewayId("g1"), GatewayId("g2"))
MATCHERS = (MatcherId("m1"), MatcherId("m2"))
NODES = (NodeName("n1"), NodeName("n2"))
COHORTS = (cohort(Mode.TEXT), cohort(Mode.VIDEO))
SHARDS = tuple(each.key for each in COHORTS)

people = st.sampled_from(PEOPLE)
gateways = st.sampled_from(GATEWAYS)
choices = st.integers(0, 1_000)
avoids = st.sampled_from([frozenset[PersonId](), frozenset([ANA]), frozenset([BEN, CLEO])])


class BothStores(RuleBasedStateMachine):
    """Random transitions through the port, some by stale callers, with stale tickets, or asked twice."""

    def __init__(self) -> None:
        super().__init__()
        self.both = SideBySide()
        self.callers: list[Caller] = [Caller(ANA, 1)]
        self.claims: list[Claim] = []
        self.attempts = dict.fromkeys(PEOPLE, 0)
        self.tickets: dict[str, list[Ticket]] = {shard: [] for shard in SHARDS}
        self.pairs = [PairId("never")]
        self.calls = [CallId("never")]
        self.fences = dict.fromkeys((*SHARDS, NODES_LEASE), 0)
        self.news_positions = dict.fromkeys(GATEWAYS, 0)
        self.queue_positions = dict.fromkeys(SHARDS, 0)
        self.count = 0
        self.all_live()
        self.both.pass_time(1_000)

    def teardown(self) -> None:
        self.both.close()

    def fresh(self) -> int:
        self.count += 1
        return self.count

    def all_live(self, *, but: GatewayId | None = None) -> None:
        for gateway in GATEWAYS:
            if gateway != but:
                self.lives(gateway)

    def lives(self, gateway: GatewayId) -> None:
        self.both.ask(lambda store: store.keep_alive(gateway))

    def caller(self, which: int) -> Caller:
        """Mostly the newest of somebody; now and then an old one, or with a request id that was there already."""
        known = list({caller.person: caller for caller in self.callers}.values()) if which % 8 else self.callers
        caller = known[which % len(known)]
        return asking(caller, f"r{which % 3}") if which % 5 == 0 else caller

    def pair(self, which: int) -> PairId:
        return self.pairs[-1 - which % min(len(self.pairs), 4)]

    # -- presence ---------------------------------------------------------------------------

    @rule(person=people, gateway=gateways, resumes=st.sampled_from([None, None, 0, 1]))
    def arrive(self, person: PersonId, gateway: GatewayId, resumes: int | None) -> None:
        session = SessionId(f"{person}-{self.fresh()}")
        known = [caller.generation for caller in self.callers if caller.person == person]
        token = None if resumes is None or not known else known[-1 - min(resumes, len(known) - 1)]
        arrival = self.both.ask(lambda store: store.arrive(person, session, gateway, token))
        if arrival is not None and not isinstance(arrival, str):
            self.callers.append(Caller(person, arrival.generation))
            wishes = arrival.state.ticket if isinstance(arrival.state, Waiting) else None
            told = (arrival.rev, arrival.state, arrival.last_attempt, wishes, Attention.VISIBLE)
            self.claims.append(Claim(person, session, arrival.generation, True, *told))

    @precondition(lambda self: self.claims)
    @rule(which=choices, gateway=gateways, active=st.booleans(), later=st.sampled_from([0, 0, 5]))
    def vouch(self, which: int, gateway: GatewayId, active: bool, later: int) -> None:
        """What somebody was told when they came, which may have changed since, or be newer than the ledger."""
        claim = self.claims[-1 - which % min(len(self.claims), 5)]
        self.both.ask(lambda store: store.vouch(gateway, [claim._replace(active=active, rev=claim.rev + later)]))

    @rule(which=choices, hold_ms=st.sampled_from([0, 5_000, 15_000]))
    def depart(self, which: int, hold_ms: int) -> None:
        self.both.ask(lambda store: store.depart(self.caller(which), hold_ms))

    @rule(person=people, count=st.integers(0, 9))
    def abandon(self, person: PersonId, count: int) -> None:
        self.both.ask(lambda store: store.abandon(person, SessionId(f"{person}-{count}"), 5_000))

    @rule(which=choices, attention=st.sampled_from(Attention))
    def attend(self, which: int, attention: Attention) -> None:
        self.both.ask(lambda store: store.attend(self.caller(which), attention))

    @rule(duration_ms=st.sampled_from([100, 4_000, 10_000, 14_000]), silent=st.sampled_from([None, None, *GATEWAYS]))
    def time_passes(self, duration_ms: int, silent: GatewayId | None) -> None:
        self.both.pass_time(duration_ms)
        self.all_live(but=silent)

    @rule()
    def a_minute_passes(self) -> None:
        """Nobody said that they live: all gateways are given up, and then all people."""
        self.both.pass_time(61_000)
        self.all_live()

    # -- wishes -----------------------------------------------------------------------------

    @rule(which=choices, video=st.booleans(), avoid=avoids, auto_next=st.booleans(), again=st.booleans())
    def find(self, which: int, video: bool, avoid: frozenset[PersonId], auto_next: bool, again: bool) -> None:
        caller = self.caller(which)
        self.attempts[caller.person] += not again
        attempt = max(1, self.attempts[caller.person])
        ticket = wish(caller, attempt, cohort=COHORTS[video], avoid=avoid, auto_next=auto_next)
        self.both.ask(lambda store: store.find(caller, ticket))

    @rule(which=choices, back=st.integers(0, 1))
    def cancel(self, which: int, back: int) -> None:
        caller = self.caller(which)
        self.both.ask(lambda store: store.cancel(caller, max(1, self.attempts[caller.person] - back)))

    @rule(which=choices, pair=choices)
    def next(self, which: int, pair: int) -> None:
        caller = self.caller(which)
        self.attempts[caller.person] += 1
        self.both.ask(lambda store: store.next(caller, self.pair(pair), self.attempts[caller.person], None))

    @rule(which=choices, pair=choices)
    def leave(self, which: int, pair: int) -> None:
        self.both.ask(lambda store: store.leave(self.caller(which), self.pair(pair)))

    @rule(which=choices, pair=choices)
    def back(self, which: int, pair: int) -> None:
        self.go_back(self.caller(which), self.pair(pair))

    def go_back(self, caller: Caller, pair: PairId) -> None:
        again = PairId(f"again{self.fresh()}")
        answer = self.both.ask(lambda store: store.back(caller, pair, again))
        if isinstance(answer, Closed) and answer.formed is not None:
            self.pairs.append(again)

    @rule(which=choices, both=st.booleans())
    def part(self, which: int, both: bool) -> None:
        """All that leads two back, where nothing is in the way."""
        people = self.both.memory.records.people
        pairs = list(self.both.memory.records.pairs.values())
        if not pairs:
            return
        pair = pairs[which % len(pairs)]
        callers = [Caller(side.person, people[side.person].generation) for side in pair.sides]
        self.attempts[callers[0].person] += 9
        attempt = self.attempts[callers[0].person]
        self.both.ask(lambda store: store.next(callers[0], pair.id, attempt, None))
        for caller in callers[: 1 + both]:
            self.go_back(caller, pair.id)

    @rule(which=choices, pair=choices)
    def block(self, which: int, pair: int) -> None:
        self.both.ask(lambda store: store.block(self.caller(which), self.pair(pair)))
        self.both.ask(lambda store: store.partner(self.caller(which), self.pair(pair)))

    @rule(person=people, blocked=st.frozensets(people, max_size=2))
    def remember_blocks(self, person: PersonId, blocked: frozenset[PersonId]) -> None:
        self.both.ask(lambda store: store.remember_blocks(person, blocked - {person}))

    # -- calls ------------------------------------------------------------------------------

    def some_call(self, which: int) -> CallId:
        return self.calls[-1 - which % min(len(self.calls), 3)]

    @rule(which=choices, to=people, video=st.booleans(), apart=st.sampled_from([False, False, False, True]))
    def call(self, which: int, to: PersonId, video: bool, apart: bool) -> None:
        name, pair, mode = CallId(f"c{self.fresh()}"), PairId(f"p{self.fresh()}"), COHORTS[video].mode
        wanted = ring(to, name, mode=mode, pair=pair, apart=apart, for_ms=12_000)
        self.both.ask(lambda store: store.call(self.caller(which), wanted))
        self.calls.append(name)
        self.pairs.append(pair)

    @rule(which=choices, call=choices, what=st.sampled_from(["accept", "decline", "cancel", "block"]))
    def respond(self, which: int, call: int, what: str) -> None:
        caller, name, pair = self.caller(which), self.some_call(call), PairId(f"p{self.fresh()}")
        match what:
            case "accept":
                self.both.ask(lambda store: store.accept(caller, name, pair))
                self.pairs.append(pair)
            case "decline":
                self.both.ask(lambda store: store.decline(caller, name))
            case "cancel":
                self.both.ask(lambda store: store.cancel_call(caller, name))
            case _:
                self.both.ask(lambda store: store.block(caller, PairId(name)))

    @precondition(lambda self: self.claims)
    @rule(which=choices, call=choices, gateway=gateways)
    def answer(self, which: int, call: int, gateway: GatewayId) -> None:
        """A session that stands by, or did, or never was there."""
        claim, pair = self.claims[-1 - which % min(len(self.claims), 5)], PairId(f"p{self.fresh()}")
        name = self.some_call(call)
        arrival = self.both.ask(lambda store: store.answer(claim.person, claim.session, gateway, name, pair))
        if isinstance(arrival, Arrival):
            self.callers.append(Caller(claim.person, arrival.generation))
            self.pairs.append(pair)

    # -- matching ---------------------------------------------------------------------------

    @rule(first=people, second=people, video=st.booleans(), auto_next=st.booleans())
    def meet(self, first: PersonId, second: PersonId, video: bool, auto_next: bool) -> None:
        """All that leads two into a pair, where nothing is in the way."""
        shard = SHARDS[video]
        self.all_live()
        for person in {first: None, second: None}:
            if not any(caller.person == person for caller in self.callers[1:]):
                self.arrive(person, GATEWAYS[video], None)
            caller = next(caller for caller in reversed(self.callers) if caller.person == person)
            self.attempts[person] += 1
            ticket = wish(caller, self.attempts[person], cohort=COHORTS[video], auto_next=auto_next)
            self.both.ask(lambda store, caller=caller, ticket=ticket: store.find(caller, ticket))  # type: ignore[misc]
        self.lease(shard, MATCHERS[0], release=False)
        if video:
            self.lease(NODES_LEASE, MATCHERS[0], release=False)
            self.report_nodes((NodeHealth.UP, NodeHealth.UP), UNLIMITED, both_are_there=True)
        self.follow(shard)
        newest = {ticket.person: ticket for ticket in self.tickets[shard]}
        if first in newest and second in newest:
            self.propose(shard, [(newest[first], newest[second])])

    @rule(shard=st.sampled_from((*SHARDS, NODES_LEASE)), matcher=st.sampled_from(MATCHERS), release=st.booleans())
    def lease(self, shard: str, matcher: MatcherId, release: bool) -> None:
        if release:
            self.both.ask(lambda store: store.release(shard, matcher))
        fence = self.both.ask(lambda store: store.lease(shard, matcher))
        self.fences[shard] = fence if isinstance(fence, int) else self.fences[shard]

    @precondition(lambda self: any(self.tickets.values()))
    @rule(
        shard=st.sampled_from(SHARDS),
        which=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=3),
    )
    def commit(self, shard: str, which: list[tuple[int, int]]) -> None:
        """Mostly of the newest tickets, by whoever held the lease at some time."""
        tickets = self.tickets[shard][-4:]
        if tickets:
            self.propose(shard, [(tickets[one % len(tickets)], tickets[two % len(tickets)]) for one, two in which])

    def propose(self, shard: str, chosen: list[tuple[Ticket, Ticket]]) -> None:
        proposals = [Proposal(PairId(f"p{self.fresh()}"), two, ("Heron", "Otter")) for two in chosen]
        results = self.both.ask(lambda store: store.commit(shard, self.fences[shard], proposals))
        self.pairs += [each.pair for each in results if isinstance(each, Committed)]

    # -- pairs and media nodes ----------------------------------------------------------------

    @rule(which=choices, pair=choices, what=st.sampled_from(["connected", "failed", "write", "mute", "relay"]))
    def report(self, which: int, pair: int, what: str) -> None:
        caller, name, n = self.caller(which), self.pair(pair), self.fresh() % 4
        match what:
            case "connected":
                self.both.ask(lambda store: store.connected(caller, name))
            case "failed":
                self.both.ask(lambda store: store.media_failed(caller, name))
            case "write":
                self.both.ask(lambda store: store.write(caller, name, n, "hello"))
            case "mute":
                self.both.ask(lambda store: store.mute(caller, name, audio_off=bool(n % 2), video_off=False))
            case _:
                self.both.ask(lambda store: store.relay(caller, name, Probe(name)))

    @rule(pair=choices, node=st.sampled_from(NODES), what=st.sampled_from(["opened", "refused", "lost", "doubt"]))
    def room(self, pair: int, node: NodeName, what: str) -> None:
        name = self.pair(pair)
        match what:
            case "opened":
                self.both.ask(lambda store: store.opened(name, node))
            case "refused":
                self.both.ask(lambda store: store.refused(name, node))
            case "lost":
                self.both.ask(lambda store: store.room_lost(name, node))
            case _:
                self.both.ask(lambda store: store.doubt(name))

    @rule(
        health=st.tuples(st.sampled_from(NodeHealth), st.sampled_from(NodeHealth)),
        slots=st.sampled_from([UNLIMITED, Rate(2_000, 1)]),
        both_are_there=st.booleans(),
    )
    def report_nodes(self, health: tuple[NodeHealth, NodeHealth], slots: Rate, both_are_there: bool) -> None:
        reports = [NodeReport(name, each, slots) for name, each in zip(NODES, health, strict=True)]
        fence = self.fences[NODES_LEASE]
        lost = self.both.ask(lambda store: _sorted_by_id(store.report_nodes(fence, reports[: 1 + both_are_there])))
        assert lost is not None

    # -- what must hold ---------------------------------------------------------------------

    @invariant()
    def both_keep_the_same(self) -> None:
        """Records, and what is kept beside them."""
        self.both.compare()

    @invariant()
    def both_tell_the_same_news(self) -> None:
        """Each gateway hears the same, in the same order, at the same place."""
        for gateway in GATEWAYS:
            self.hear(gateway)

    def hear(self, gateway: GatewayId) -> None:
        heard = self.both.ask(lambda store: store.read_news(gateway, self.news_positions[gateway], 0))
        self.news_positions[gateway] = _position(heard)

    @invariant()
    def both_queue_the_same(self) -> None:
        """A matcher that follows hears the same, and so does one that starts now."""
        shards = self.both.ask(lambda store: store.read_shards(0, 0))
        for shard in shards[0] if not isinstance(shards, str) else ():
            self.follow(shard)

    def follow(self, shard: str) -> None:
        self.both.ask(lambda store: _ordered(store.read_queue(shard, 0, 0)))
        heard = self.both.ask(lambda store: _ordered(store.read_queue(shard, self.queue_positions[shard], 0)))
        self.queue_positions[shard] = _position(heard)
        if not isinstance(heard, str):
            self.tickets[shard] += [each.ticket for each in heard[0] if isinstance(each, TicketArrived)]


async def _ordered(work: Any) -> Any:
    return same_order(await work)


async def _sorted_by_id(work: Any) -> Any:
    return sorted(await work, key=lambda pair: pair.id)


def _position(heard: Any) -> int:
    """Where to read on: after what was heard, or where a resync begins."""
    return int(heard.rsplit(" ", 1)[1]) if isinstance(heard, str) else int(heard[1])


TestBothStores = BothStores.TestCase
TestBothStores.settings = settings(
    max_examples=50,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
