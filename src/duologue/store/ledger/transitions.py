"""Every way in which the ledger may change: one method for each transition of `ports.Store`, by the same name.

Each runs from beginning to end on records that are as they are at one instant; `port.py` says how a store sees to
that. It may be run again on fresher records, so it changes nothing but what it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import msgspec

from duologue.errors import Deposed, Unavailable
from duologue.ids import GatewayId, MatcherId, NodeName, PairId, PersonId, SessionId
from duologue.ledger import (
    ABANDONED_SEAT_MS,
    GATEWAY_LEASE_MS,
    MAX_BLOCKS,
    MAX_SESSIONS,
    NODES_LEASE,
    SHARD_LEASE_MS,
    Arrival,
    Attention,
    Caller,
    Claim,
    Closed,
    CommitResult,
    Committed,
    Dropped,
    Outcome,
    PairFormed,
    Partner,
    Probe,
    Proposal,
    Queued,
    Rejected,
    Relayed,
    Superseded,
)
from duologue.matching.ticket import Ticket, afresh, succeeding
from duologue.nodes import NodeReport, NoSlot
from duologue.pairs import life
from duologue.pairs.pair import CONNECT_DEADLINE_MS, Pair, Phase
from duologue.ports import Clock
from duologue.protocol.codes import EndReason, Mode, Pause
from duologue.protocol.server import PeerTyping
from duologue.store.ledger.ledger import Ledger
from duologue.store.ledger.records import Blocks, Due, Epoch, Gateway, Lease, Person, Records
from duologue.store.ledger.vouching import vouch


class Terms(NamedTuple):
    """The times of the ledger that tests and operators may set."""

    connect_deadline_ms: int = CONNECT_DEADLINE_MS
    settle_ms: int = 3_000
    """After a store began anew (emptied, restored, failed over) nobody is matched for so long: gateways say first who
    is here, and who talks."""


class Transitions:
    """The transitions over one set of records."""

    def __init__(self, records: Records, clock: Clock, terms: Terms = Terms()) -> None:  # noqa: B008 - frozen
        self.ledger = Ledger(records, clock, terms.connect_deadline_ms)
        self._records = records
        self._settle_ms = terms.settle_ms

    # -- presence ---------------------------------------------------------------------------

    def arrive(
        self, person: PersonId, session: SessionId, gateway: GatewayId, resumes: int | None = None
    ) -> Arrival | None:
        if gateway not in self._records.gateways:
            raise Unavailable("the store", "it gave this gateway up and waits to hear of it")
        who = self.ledger.people.get(person)
        if who is None:
            who = self.ledger.people[person] = Person(person)
            mine = self._records.blocks.get(person)
            who.blocked = len(mine.people) if mine is not None else 0
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
        mine = self._records.blocks.get(who.id)
        known = mine is not None and mine.complete
        return Arrival(who.generation, who.rev, self.ledger.state(who), who.attempt, known)

    def _resumes(self, who: Person, generation: int) -> bool:
        """A resume token speaks of the present generation, or it was used before.

        A later one than the ledger knows says that the ledger has gone back in time.
        """
        return generation >= who.generation

    def _new_generation(self, who: Person) -> None:
        """Starting from the clock keeps generations growing even when the ledger forgot somebody, or lost time."""
        who.generation = max(who.generation + 1, self.ledger.now_ms())

    def _stand_by(self, who: Person, newcomer: SessionId) -> None:
        """The session that was active stands by; the newcomer no longer does."""
        who.standby = {at: each for at, each in who.standby.items() if each[0] != newcomer}
        if who.session is not None and who.gateway is not None:
            self.ledger.tell(who, Superseded())
            who.standby[who.generation] = who.session, who.gateway
        if len(who.standby) >= MAX_SESSIONS:
            oldest = next(iter(who.standby))
            self.ledger.tell_session(who.standby.pop(oldest), who.rev, Dropped())

    def depart(self, caller: Caller, hold_ms: int) -> Closed:
        closed = self._once(caller, lambda who: self.ledger.hold_seat(who, hold_ms))
        who = self.ledger.people.get(caller.person)
        if closed.outcome is Outcome.STALE and who is not None:
            who.standby.pop(caller.generation, None)
        return closed

    def abandon(self, person: PersonId, session: SessionId, hold_ms: int) -> Closed:
        who = self.ledger.people.get(person)
        if who is None:
            return Closed(Outcome.DONE)
        who.standby = {at: each for at, each in who.standby.items() if each[0] != session}
        return self.ledger.hold_seat(who, hold_ms) if who.session == session else Closed(Outcome.DONE)

    def attend(self, caller: Caller, attention: Attention) -> Outcome:
        def run(who: Person) -> Closed:
            self.ledger.attend(who, attention)
            if who.pair is not None and attention is not Attention.QUIET:
                self.ledger.advance(who.pair, life.SideHidden(who.id, attention is Attention.HIDDEN))
            return Closed(Outcome.DONE)

        return self._once(caller, run).outcome

    def keep_alive(self, gateway: GatewayId) -> bool:
        epoch, now_ms = self._epoch(), self.ledger.now_ms()
        known = self._records.gateways.get(gateway)
        until_ms = now_ms + GATEWAY_LEASE_MS
        self._records.gateways[gateway] = Gateway(until_ms, epoch.id)
        self._records.remind(Due(until_ms, "gateway", gateway))
        return known is not None and known.epoch == epoch.id

    def vouch(self, gateway: GatewayId, claim: Claim) -> bool:
        """False: this session needs a snapshot."""
        return vouch(self.ledger, gateway, claim)

    def _epoch(self) -> Epoch:
        """The life of the store that we are in; whoever first sees that it is another one begins it."""
        if self._records.epoch.id != self._records.store_id:
            self._records.epoch = Epoch(self._records.store_id, self.ledger.now_ms())
        return self._records.epoch

    def give_up_gateway(self, gateway: GatewayId) -> bool:
        """Whether its time is over. From then on nobody arrives through it until it has heard so (`keep_alive`)."""
        lives = self._records.gateways.get(gateway)
        if lives is not None and lives.until_ms > self.ledger.now_ms():
            return False
        self._records.gateways.pop(gateway, None)
        return True

    def lost_gateway(self, person: PersonId, gateway: GatewayId) -> Closed:
        """This gateway was given up: this person lost the sockets that they had there."""
        who = self.ledger.people.get(person)
        if who is None:
            return Closed(Outcome.DONE)
        who.standby = {at: each for at, each in who.standby.items() if each[1] != gateway}
        return self.ledger.hold_seat(who, ABANDONED_SEAT_MS) if who.gateway == gateway else Closed(Outcome.DONE)

    def expire(self, due: Due) -> Closed:
        """Give up a seat, a pair or a record whose time is over; a reminder that came too early changes nothing."""
        at_ms = self._really_due_ms(due)
        if at_ms is not None and at_ms > self.ledger.now_ms():
            return Closed(Outcome.DONE)
        self._records.done(due)
        return Closed(Outcome.DONE) if at_ms is None else self._expire(due)

    def _really_due_ms(self, due: Due) -> int | None:
        """When this is due by the record; None: no longer."""
        if due.what == "pair":
            pair = self.ledger.pairs.get(PairId(due.name))
            return pair.deadline_ms if pair is not None and pair.phase is Phase.MATCHED else None
        who = self.ledger.people.get(PersonId(due.name))
        if who is None or who.here:
            return None
        return who.seat_until_ms if due.what == "seat" else who.forget_at_ms

    def _expire(self, due: Due) -> Closed:
        if due.what == "pair":
            return self.ledger.advance(PairId(due.name), life.DeadlinePassed())
        who = self.ledger.people[PersonId(due.name)]
        if due.what == "seat":
            return self._seat_ran_out(who)
        self.ledger.forget(who)
        return Closed(Outcome.DONE)

    def _seat_ran_out(self, who: Person) -> Closed:
        return self.ledger.give_up_seat(who, EndReason.LOST)

    # -- the queue --------------------------------------------------------------------------

    def find(self, caller: Caller, ticket: Ticket) -> Outcome:
        return self._once(caller, lambda who: self._find(who, ticket)).outcome

    def _find(self, who: Person, ticket: Ticket) -> Closed:
        if ticket.attempt <= who.attempt:
            return Closed(Outcome.DONE)
        if who.pair is not None:
            return Closed(Outcome.REFUSED)
        waits_already = who.ticket if who.waiting else None
        since_ms = waits_already.since_ms if waits_already else self.ledger.now_ms()
        who.last_pair = None  # this wait is the person's own, so leaving that pair late does not stop it
        self.ledger.enqueue(who, succeeding(msgspec.structs.replace(ticket, since_ms=since_ms), who.ticket))
        assert who.ticket is not None, "just enqueued"
        self.ledger.tell(who, Queued(who.ticket))
        return Closed(Outcome.DONE)

    def cancel(self, caller: Caller, attempt: int) -> Closed:
        return self._once(caller, lambda who: self._cancel(who, attempt))

    def _cancel(self, who: Person, attempt: int) -> Closed:
        if who.attempt > attempt:
            return Closed(Outcome.DONE)
        self.ledger.dequeue(who)
        return self.ledger.end(who, life.SideLeft(who.id, EndReason.LEFT))

    def lease(self, shard: str, matcher: MatcherId) -> int | None:
        """A store that has gone back in time knows owners of then, and not who came after them: they begin anew."""
        now_ms, held, since_ms = self.ledger.now_ms(), self._records.leases.get(shard), self._epoch().since_ms
        valid = held is not None and held.fence >= since_ms
        if held is not None and valid and held.owner not in (None, matcher) and held.until_ms > now_ms:
            return None
        fence = held.fence if held is not None else 0
        if held is None or not valid or held.owner != matcher:
            # Starting from the clock keeps fences growing even when the store was emptied meanwhile.
            fence = max(fence + 1, now_ms)
        self._records.leases[shard] = Lease(matcher, fence, now_ms + SHARD_LEASE_MS)
        return fence

    def release(self, shard: str, matcher: MatcherId) -> None:
        held = self._records.leases.get(shard)
        if held is not None and held.owner == matcher:
            self._records.leases[shard] = Lease(None, held.fence, 0)

    def commit(self, shard: str, fence: int, proposals: Sequence[Proposal]) -> list[CommitResult]:
        if not self._holds(shard, fence):
            raise Deposed(f"another matcher owns {shard}")
        if (left_ms := self._settles_for_ms()) > 0:
            return [NoSlot(left_ms, Pause.MATCHING_DOWN)] * len(proposals)
        return [self._commit(proposal, fence) for proposal in proposals]

    def _holds(self, shard: str, fence: int) -> bool:
        """Whether this fence is the newest. An owner who is late but was not replaced still owns."""
        held = self._records.leases.get(shard)
        return held is not None and held.owner is not None and held.fence == fence >= self._epoch().since_ms

    def _settles_for_ms(self) -> int:
        """How much longer people whom the ledger takes for waiting may be in a talk that it has not heard of yet."""
        return self._epoch().since_ms + self._settle_ms - self.ledger.now_ms()

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

    # -- pairs ------------------------------------------------------------------------------

    def next(self, caller: Caller, pair: PairId, attempt: int, ticket: Ticket | None) -> Closed:
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
        then = succeeding(afresh(ticket, self.ledger.now_ms()), who.ticket)
        return self.ledger.end(who, life.SideLeft(who.id, EndReason.NEXT), then)

    def leave(self, caller: Caller, pair: PairId) -> Closed:
        return self._once(caller, lambda who: self._leave(who, pair))

    def _leave(self, who: Person, pair: PairId) -> Closed:
        if who.waiting and who.last_pair == pair:
            self.ledger.dequeue(who)
        if who.pair != pair:
            return Closed(Outcome.DONE)
        return self.ledger.end(who, life.SideLeft(who.id, EndReason.LEFT))

    def block(self, caller: Caller, pair: PairId) -> Closed:
        return self._once(caller, lambda who: self._block(who, pair))

    def _block(self, who: Person, pair: PairId) -> Closed:
        partner = self._partner(who, pair)
        if partner is None:
            return Closed(Outcome.DONE)
        peer = partner.person
        mine = self._records.blocks.get(who.id, Blocks())
        full = len(mine.people) >= MAX_BLOCKS and peer not in mine.people
        if not full:
            self._set_blocks(who, Blocks(mine.people | {peer}, mine.complete))
        ended = self.ledger.end(who, life.SideLeft(who.id, EndReason.LEFT)).ended if who.pair == pair else None
        return Closed(Outcome.REFUSED if full else Outcome.DONE, ended)

    def _partner(self, who: Person, pair: PairId) -> Partner | None:
        if who.pair == pair:
            return Partner.of(who.id, self.ledger.pairs[pair])
        return who.last_met[1] if who.last_met is not None and who.last_met[0] == pair else None

    def partner(self, caller: Caller, pair: PairId) -> Partner | None:
        who = self.ledger.people.get(caller.person)
        if who is None or who.generation != caller.generation:
            return None
        return self._partner(who, pair)

    def remember_blocks(self, person: PersonId, blocked: Collection[PersonId]) -> None:
        who = self.ledger.people.get(person)
        if who is None:
            return
        freed = self.ledger.blocked_by(person) - set(blocked)
        self._set_blocks(who, Blocks(set(blocked), complete=True))
        if who.ticket is not None:
            who.ticket = msgspec.structs.replace(who.ticket, avoid=who.ticket.avoid - freed)
        if who.waiting:
            self.ledger.wait_on(who)

    def _set_blocks(self, who: Person, blocks: Blocks) -> None:
        self._records.blocks[who.id] = blocks
        who.blocked = len(blocks.people)

    def opened(self, pair: PairId, node: NodeName) -> bool:
        self.ledger.nodes.took(node)
        self.ledger.advance(pair, life.RoomOpened(node))
        return self._carried(pair, node) is not None

    def refused(self, pair: PairId, node: NodeName) -> Pair | Closed:
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

    def room_lost(self, pair: PairId, node: NodeName) -> Closed:
        present = self._carried(pair, node)
        if present is None or not present.room_open:
            return Closed(Outcome.DONE)
        return self.ledger.advance(pair, life.RoomLost())

    def _carried(self, pair: PairId, node: NodeName) -> Pair | None:
        present = self.ledger.pairs.get(pair)
        return present if present is not None and present.node == node else None

    def live_pairs(self, pairs: Sequence[PairId]) -> list[Pair]:
        return [self.ledger.pairs[pair] for pair in pairs if pair in self.ledger.pairs]

    def doubt(self, pair: PairId) -> None:
        present = self.ledger.pairs.get(pair)
        for side in present.sides if present is not None else ():
            self.ledger.tell(self.ledger.people[side.person], Relayed(Probe(pair)))

    def connected(self, caller: Caller, pair: PairId) -> Outcome:
        return self._in_pair(caller, pair, life.SideConnected(caller.person)).outcome

    def media_failed(self, caller: Caller, pair: PairId) -> Closed:
        return self._in_pair(caller, pair, life.SideFailed(caller.person))

    def mute(self, caller: Caller, pair: PairId, *, audio_off: bool, video_off: bool) -> Outcome:
        return self._in_pair(caller, pair, life.SideMuted(caller.person, audio_off, video_off)).outcome

    def write(self, caller: Caller, pair: PairId, n: int, text: str) -> Outcome:
        return self._in_pair(caller, pair, life.LineWritten(caller.person, n, text)).outcome

    def relay(self, caller: Caller, pair: PairId, message: PeerTyping | Probe) -> Outcome:
        def run(who: Person) -> Closed:
            if who.pair == pair:
                peer = self.ledger.people[self.ledger.pairs[pair].peer(who.id).person]
                self.ledger.tell(peer, Relayed(message))
            return Closed(Outcome.DONE)

        return self._once(caller, run).outcome

    # -- media nodes ------------------------------------------------------------------------

    def report_nodes(self, fence: int, reports: Sequence[NodeReport]) -> list[NodeName]:
        """Returns the nodes whose pairs are over; `lost_node` ends them one by one."""
        if not self._holds(NODES_LEASE, fence):
            raise Deposed("another process watches the media nodes")
        return self.ledger.nodes.report(reports)

    def lost_node(self, pair: PairId, node: NodeName) -> Closed:
        if self._carried(pair, node) is None or not self.ledger.nodes.is_lost(node):
            return Closed(Outcome.DONE)
        return self.ledger.advance(pair, life.RoomLost())

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
