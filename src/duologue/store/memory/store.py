"""`ports.Store` over the ledger of this process: each method is one transition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from duologue.errors import Deposed, Unavailable
from duologue.ids import GatewayId, MatcherId, NodeName, PairId, PersonId, SessionId
from duologue.ledger import (
    ABANDONED_SEAT_MS,
    MAX_BLOCKS,
    MAX_SESSIONS,
    NODES_LEASE,
    STATUS_TTL_MS,
    Arrival,
    Attention,
    Caller,
    Closed,
    CommitResult,
    Committed,
    Delivery,
    Dropped,
    Outcome,
    PairFormed,
    Probe,
    Proposal,
    Queued,
    QueueEvent,
    Rejected,
    Relayed,
    Superseded,
    TicketArrived,
)
from duologue.matching.estimate import QueueStatus
from duologue.matching.ticket import Ticket, afresh, succeeding
from duologue.nodes import NodeReport, NoSlot
from duologue.pairs import life
from duologue.pairs.pair import CONNECT_DEADLINE_MS, Pair
from duologue.ports import Clock
from duologue.protocol.codes import EndReason, Mode
from duologue.protocol.server import PeerTyping
from duologue.store.memory.leases import GatewayLeases, ShardLeases
from duologue.store.memory.ledger import Ledger, Person

QUEUE_LENGTH = 100_000
OUTBOX_LENGTH = 100_000


class MemoryStore:
    """`ports.Store` in one process."""

    kind = "memory"

    def __init__(
        self,
        clock: Clock,
        *,
        connect_deadline_ms: int = CONNECT_DEADLINE_MS,
        queue_length: int = QUEUE_LENGTH,
        outbox_length: int = OUTBOX_LENGTH,
    ) -> None:
        self._clock = clock
        self.ledger = Ledger(clock, connect_deadline_ms, queue_length, outbox_length)
        self._gateways = GatewayLeases(clock)
        self._shards = ShardLeases(clock)
        self._status: dict[str, tuple[int, QueueStatus]] = {}

    # -- presence ---------------------------------------------------------------------------

    async def arrive(
        self, person: PersonId, session: SessionId, gateway: GatewayId, resumes: int | None = None
    ) -> Arrival | None:
        if not self._gateways.alive(gateway):
            raise Unavailable("the store", "it gave this gateway up and waits to hear of it")
        who = self.ledger.people.get(person)
        if who is None:
            who = self.ledger.people[person] = Person(person)
        elif who.session == session:
            return self._arrival(who)
        elif resumes is not None and not self._resumes(who, resumes):
            return None
        self._stand_by(who, session)
        self._new_generation(who)
        who.rev += 1
        who.session, who.gateway, who.seat_until_ms, who.forget_at_ms = session, gateway, None, None
        who.attention = Attention.VISIBLE
        if who.waiting and who.ticket is not None:
            self.ledger.enqueue(who, who.ticket)
        if who.pair is not None:
            self.ledger.advance(who.pair, life.SideBack(person))
            self.ledger.advance(who.pair, life.SideHidden(person, hidden=False))
        return self._arrival(who)

    def _arrival(self, who: Person) -> Arrival:
        return Arrival(who.generation, who.rev, self.ledger.state(who), who.attempt)

    def _resumes(self, who: Person, generation: int) -> bool:
        """A resume token speaks of the present generation, or it was used before."""
        return who.generation == generation

    def _new_generation(self, who: Person) -> None:
        """Starting from the clock keeps generations growing even when a person was forgotten meanwhile."""
        who.generation = max(who.generation + 1, self._clock.now_ms())

    def _stand_by(self, who: Person, newcomer: SessionId) -> None:
        """The session that was active stands by; the newcomer no longer does."""
        who.standby = {at: each for at, each in who.standby.items() if each[0] != newcomer}
        if who.session is not None and who.gateway is not None:
            self.ledger.tell(who, Superseded())
            who.standby[who.generation] = who.session, who.gateway
        if len(who.standby) >= MAX_SESSIONS:
            oldest = next(iter(who.standby))
            self.ledger.tell_session(who.standby.pop(oldest), who.rev, Dropped())

    async def depart(self, caller: Caller, hold_ms: int) -> Closed:
        closed = self._once(caller, lambda who: self.ledger.hold_seat(who, hold_ms))
        who = self.ledger.people.get(caller.person)
        if closed.outcome is Outcome.STALE and who is not None:
            who.standby.pop(caller.generation, None)
        return closed

    async def abandon(self, person: PersonId, session: SessionId, hold_ms: int) -> Closed:
        who = self.ledger.people.get(person)
        if who is None:
            return Closed(Outcome.DONE)
        who.standby = {at: each for at, each in who.standby.items() if each[0] != session}
        return self.ledger.hold_seat(who, hold_ms) if who.session == session else Closed(Outcome.DONE)

    async def attend(self, caller: Caller, attention: Attention) -> Outcome:
        def run(who: Person) -> Closed:
            self.ledger.attend(who, attention)
            if who.pair is not None and attention is not Attention.QUIET:
                self.ledger.advance(who.pair, life.SideHidden(who.id, attention is Attention.HIDDEN))
            return Closed(Outcome.DONE)

        return self._once(caller, run).outcome

    async def keep_alive(self, gateway: GatewayId) -> bool:
        return self._gateways.keep(gateway)

    async def expire(self) -> list[Pair]:
        for gateway in self._gateways.take_dead():
            self._bury(gateway)
        closed = [self._expire_one(when_ms, what, name) for when_ms, what, name in self.ledger.take_due()]
        return [each.ended for each in closed if each.ended is not None]

    def _bury(self, gateway: GatewayId) -> None:
        """The people of a dead gateway lost their sockets."""
        for who in self.ledger.people.values():
            who.standby = {at: each for at, each in who.standby.items() if each[1] != gateway}
            if who.gateway == gateway:
                self.ledger.hold_seat(who, ABANDONED_SEAT_MS)
        self.ledger.drop_outbox(gateway)

    def _expire_one(self, when_ms: int, what: str, name: str) -> Closed:
        if what == "pair":
            return self.ledger.advance(PairId(name), life.DeadlinePassed())
        who = self.ledger.people.get(PersonId(name))
        if who is None or who.here:
            return Closed(Outcome.DONE)
        if what == "seat" and who.seat_until_ms == when_ms:
            return self._seat_ran_out(who)
        if what == "forget" and who.forget_at_ms == when_ms:
            self.ledger.forget(who)
        return Closed(Outcome.DONE)

    def _seat_ran_out(self, who: Person) -> Closed:
        return self.ledger.give_up_seat(who, EndReason.LOST)

    # -- the queue --------------------------------------------------------------------------

    async def find(self, caller: Caller, ticket: Ticket) -> Outcome:
        return self._once(caller, lambda who: self._find(who, ticket)).outcome

    def _find(self, who: Person, ticket: Ticket) -> Closed:
        if ticket.attempt <= who.attempt:
            return Closed(Outcome.DONE)
        if who.pair is not None:
            return Closed(Outcome.REFUSED)
        waits_already = who.ticket if who.waiting else None
        since_ms = waits_already.since_ms if waits_already else self._clock.now_ms()
        who.last_pair = None  # this wait is the person's own, so leaving that pair late does not stop it
        self.ledger.enqueue(who, succeeding(msgspec.structs.replace(ticket, since_ms=since_ms), who.ticket))
        assert who.ticket is not None, "just enqueued"
        self.ledger.tell(who, Queued(who.ticket))
        return Closed(Outcome.DONE)

    async def cancel(self, caller: Caller, attempt: int) -> Closed:
        return self._once(caller, lambda who: self._cancel(who, attempt))

    def _cancel(self, who: Person, attempt: int) -> Closed:
        if who.attempt > attempt:
            return Closed(Outcome.DONE)
        self.ledger.dequeue(who)
        return self.ledger.end(who, life.SideLeft(who.id, EndReason.LEFT))

    async def read_shards(self, after: int, wait_ms: int) -> tuple[list[str], int]:
        return await self.ledger.shards.read(after, wait_ms)

    async def lease(self, shard: str, matcher: MatcherId) -> int | None:
        return self._shards.lease(shard, matcher)

    async def release(self, shard: str, matcher: MatcherId) -> None:
        self._shards.release(shard, matcher)

    async def commit(self, shard: str, fence: int, proposals: Sequence[Proposal]) -> list[CommitResult]:
        if not self._holds(shard, fence):
            raise Deposed(f"another matcher owns {shard}")
        return [self._commit(proposal, fence) for proposal in proposals]

    def _holds(self, shard: str, fence: int) -> bool:
        return self._shards.holds(shard, fence)

    def _commit(self, proposal: Proposal, fence: int) -> CommitResult:
        fit = tuple(ticket for ticket in proposal.tickets if self._still_waits(ticket))
        first, second = proposal.tickets
        if len(fit) < len(proposal.tickets) or first.person == second.person or first.cohort != second.cohort:
            return Rejected(fit)
        if self._keep_apart(first, second):
            return self._apart(first, second)
        node = None if first.cohort.mode is Mode.TEXT else self._take_slot()
        if isinstance(node, NoSlot):
            return node
        pair = self.ledger.form(proposal, fence, node)
        for ticket in proposal.tickets:
            who = self.ledger.people[ticket.person]
            who.waiting, who.pair = False, pair.id
            self.ledger.change(who, PairFormed(pair, ticket.attempt))
        return Committed(pair.id)

    def _take_slot(self) -> NodeName | NoSlot:
        """Leave to start one pair on a media node."""
        return self.ledger.nodes.take_slot()

    def _still_waits(self, ticket: Ticket) -> bool:
        """Whether this very ticket is offered now: any change of it makes a match that was found before stale."""
        who = self.ledger.people.get(ticket.person)
        return who is not None and who.offered and who.ticket == ticket

    def _keep_apart(self, first: Ticket, second: Ticket) -> bool:
        """Whether either has blocked the other: as the tickets say, or since they were written."""
        blocked = self.ledger.has_blocked
        return first.avoids(second) or blocked(first.person, second.person) or blocked(second.person, first.person)

    def _apart(self, first: Ticket, second: Ticket) -> Rejected:
        """A block that the tickets did not know yet: one of them is written anew, so that it is found just once."""
        if first.avoids(second):
            return Rejected((first, second))
        if not self.ledger.has_blocked(first.person, second.person):
            first, second = second, first
        self.ledger.wait_on(self.ledger.people[first.person])
        return Rejected((second,))

    async def read_queue(self, shard: str, after: int, wait_ms: int) -> tuple[list[QueueEvent], int]:
        queue = self.ledger.queue(shard)
        if after > 0:
            return await queue.read(after, wait_ms)
        offered = self.ledger.offered_in(shard)
        if not offered and queue.end == 0:
            return await queue.read(0, wait_ms)
        return [TicketArrived(ticket) for ticket in offered], queue.end

    async def publish_status(self, status: Mapping[str, QueueStatus]) -> None:
        now_ms = self._clock.now_ms()
        self._status.update({cohort: (now_ms, each) for cohort, each in status.items()})

    async def read_status(self) -> Mapping[str, QueueStatus]:
        oldest_ms = self._clock.now_ms() - STATUS_TTL_MS
        self._status = {cohort: entry for cohort, entry in self._status.items() if entry[0] >= oldest_ms}
        return {cohort: status for cohort, (_, status) in self._status.items()}

    # -- pairs ------------------------------------------------------------------------------

    async def next(self, caller: Caller, pair: PairId, attempt: int, ticket: Ticket | None) -> Closed:
        return self._once(caller, lambda who: self._next(who, pair, attempt, ticket))

    def _next(self, who: Person, pair: PairId, attempt: int, ticket: Ticket | None) -> Closed:
        if who.pair not in (None, pair) or attempt <= who.attempt:
            return Closed(Outcome.DONE)
        if ticket is None and who.ticket is not None:
            ticket = msgspec.structs.replace(who.ticket, attempt=attempt)
        if ticket is None:
            return Closed(Outcome.REFUSED)
        if who.pair is None:
            closed = self._find(who, ticket)
            who.last_pair = pair
            return closed
        then = succeeding(afresh(ticket, self._clock.now_ms()), who.ticket)
        return self.ledger.end(who, life.SideLeft(who.id, EndReason.NEXT), then)

    async def leave(self, caller: Caller, pair: PairId) -> Closed:
        return self._once(caller, lambda who: self._leave(who, pair))

    def _leave(self, who: Person, pair: PairId) -> Closed:
        if who.waiting and who.last_pair == pair:
            self.ledger.dequeue(who)
        if who.pair != pair:
            return Closed(Outcome.DONE)
        return self.ledger.end(who, life.SideLeft(who.id, EndReason.LEFT))

    async def block(self, caller: Caller, pair: PairId) -> Closed:
        return self._once(caller, lambda who: self._block(who, pair))

    def _block(self, who: Person, pair: PairId) -> Closed:
        if who.pair == pair:
            peer = self.ledger.pairs[pair].peer(who.id).person
        elif who.last_met is not None and who.last_met[0] == pair:
            peer = who.last_met[1]
        else:
            return Closed(Outcome.DONE)
        mine = self.ledger.blocks.setdefault(who.id, set())
        full = len(mine) >= MAX_BLOCKS
        if not full:
            mine.add(peer)
        ended = self.ledger.end(who, life.SideLeft(who.id, EndReason.LEFT)).ended if who.pair == pair else None
        return Closed(Outcome.REFUSED if full else Outcome.DONE, ended)

    async def opened(self, pair: PairId, node: NodeName) -> bool:
        self.ledger.nodes.took(node)
        self.ledger.advance(pair, life.RoomOpened(node))
        return self._carried(pair, node) is not None

    async def refused(self, pair: PairId, node: NodeName) -> Pair | Closed:
        present = self.ledger.pairs.get(pair)
        if present is None:
            return Closed(Outcome.DONE)
        if present.node != node or present.room_open:
            return present
        self.ledger.nodes.refused(node)
        other = self._take_slot()
        if isinstance(other, NoSlot):
            return self.ledger.advance(pair, life.RoomLost())
        self.ledger.advance(pair, life.Moved(other))
        return self.ledger.pairs[pair]

    async def room_lost(self, pair: PairId, node: NodeName) -> Closed:
        present = self._carried(pair, node)
        if present is None or not present.room_open:
            return Closed(Outcome.DONE)
        return self.ledger.advance(pair, life.RoomLost())

    def _carried(self, pair: PairId, node: NodeName) -> Pair | None:
        present = self.ledger.pairs.get(pair)
        return present if present is not None and present.node == node else None

    async def live_pairs(self, pairs: Sequence[PairId]) -> list[Pair]:
        return [self.ledger.pairs[pair] for pair in pairs if pair in self.ledger.pairs]

    async def doubt(self, pair: PairId) -> None:
        present = self.ledger.pairs.get(pair)
        for side in present.sides if present is not None else ():
            self.ledger.tell(self.ledger.people[side.person], Relayed(Probe(pair)))

    async def connected(self, caller: Caller, pair: PairId) -> Outcome:
        return self._in_pair(caller, pair, life.SideConnected(caller.person)).outcome

    async def media_failed(self, caller: Caller, pair: PairId) -> Closed:
        return self._in_pair(caller, pair, life.SideFailed(caller.person))

    async def mute(self, caller: Caller, pair: PairId, *, audio_off: bool, video_off: bool) -> Outcome:
        return self._in_pair(caller, pair, life.SideMuted(caller.person, audio_off, video_off)).outcome

    async def write(self, caller: Caller, pair: PairId, n: int, text: str) -> Outcome:
        return self._in_pair(caller, pair, life.LineWritten(caller.person, n, text)).outcome

    async def relay(self, caller: Caller, pair: PairId, message: PeerTyping | Probe) -> Outcome:
        def run(who: Person) -> Closed:
            if who.pair == pair:
                peer = self.ledger.people[self.ledger.pairs[pair].peer(who.id).person]
                self.ledger.tell(peer, Relayed(message))
            return Closed(Outcome.DONE)

        return self._once(caller, run).outcome

    # -- media nodes ------------------------------------------------------------------------

    async def report_nodes(self, fence: int, reports: Sequence[NodeReport]) -> list[Pair]:
        if not self._holds(NODES_LEASE, fence):
            raise Deposed("another process watches the media nodes")
        return self._end_all(self.ledger.nodes.report(reports))

    def _end_all(self, pairs: Sequence[PairId]) -> list[Pair]:
        closed = [self.ledger.advance(pair, life.RoomLost()) for pair in pairs]
        return [each.ended for each in closed if each.ended is not None]

    async def pairs_on(self, node: NodeName) -> list[Pair]:
        carried = (self.ledger.pairs[pair] for pair in self.ledger.nodes.pairs_on(node))
        return [pair for pair in carried if pair.room_open]

    # -- news -------------------------------------------------------------------------------

    async def read_news(self, gateway: GatewayId, after: int, wait_ms: int) -> tuple[list[Delivery], int]:
        return await self.ledger.outbox(gateway).read(after, wait_ms)

    # -- how a transition is run --------------------------------------------------------------

    def _once(self, caller: Caller, run: Callable[[Person], Closed]) -> Closed:
        """Run a transition for its caller: refused when stale, repeated answer for a repeated request."""
        who = self.ledger.people.get(caller.person)
        if who is None or caller.generation > who.generation:
            return Closed(Outcome.GONE)
        if caller.generation < who.generation:
            return Closed(Outcome.STALE)
        if not who.here:
            return Closed(Outcome.GONE)
        if caller.request is not None and who.answered is not None and who.answered[0] == caller.request:
            return who.answered[1]
        closed = run(who)
        if caller.request is not None:
            who.answered = (caller.request, closed)
        return closed

    def _in_pair(self, caller: Caller, pair: PairId, event: life.Event) -> Closed:
        """An event of somebody in this pair; nothing if they are in it no more."""

        def run(who: Person) -> Closed:
            return self.ledger.advance(pair, event) if who.pair == pair else Closed(Outcome.DONE)

        return self._once(caller, run)
