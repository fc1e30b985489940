"""The records of the ledger, and the steps that transitions are made of.

Knows nothing of ports, requests or waiting readers: `store.py` runs a transition as one call after
another in here, without an `await` between them.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import msgspec

from duologue.ids import GatewayId, NodeName, PairId, PersonId, RequestId, SessionId
from duologue.ledger import (
    MET_AT_MOST,
    MET_FOR_MS,
    RESUME_WINDOW_MS,
    Attention,
    Closed,
    Delivery,
    Dequeued,
    Idle,
    News,
    Outcome,
    Paired,
    PairEnded,
    PersonState,
    Proposal,
    Queued,
    QueueEvent,
    Relayed,
    RoomIsOpen,
    TalkStarted,
    TicketArrived,
    TicketGone,
    Waiting,
)
from duologue.matching.ticket import FAILED_APART_MS, Ticket, afresh, backed_off, forgiven, gives_up, taken_up
from duologue.pairs import life
from duologue.pairs.pair import Pair, Phase, Side
from duologue.ports import Clock
from duologue.protocol.codes import EndReason, PeerEvent
from duologue.protocol.server import ChatLine, PeerChanged
from duologue.store.memory.nodes import Nodes
from duologue.store.memory.stream import Stream

Address = tuple[SessionId, GatewayId]


@dataclass(slots=True)
class Person:
    """One record. `ticket` is kept through a pair: it says how to wait again."""

    id: PersonId
    generation: int = 0
    rev: int = 0
    session: SessionId | None = None
    gateway: GatewayId | None = None
    attention: Attention = Attention.VISIBLE
    standby: dict[int, Address] = field(default_factory=dict)
    """Sessions that are connected and not active, by their generation, the oldest first."""
    seat_until_ms: int | None = None
    forget_at_ms: int | None = None
    ticket: Ticket | None = None
    waiting: bool = False
    pair: PairId | None = None
    last_pair: PairId | None = None
    """The pair from whose end the present wait followed."""
    last_met: tuple[PairId, PersonId] | None = None
    attempt: int = 0
    answered: tuple[RequestId, Closed] | None = None
    met: dict[PersonId, int] = field(default_factory=dict)
    failed_with: dict[PersonId, int] = field(default_factory=dict)
    """Whose media did not get through to theirs, and until when they stay apart."""

    @property
    def here(self) -> bool:
        return self.session is not None

    @property
    def offered(self) -> bool:
        """Whether matchers may match them."""
        return self.waiting and self.here and self.attention is not Attention.QUIET


class Ledger:
    """Everybody and every pair, the queues of the shards, and the outboxes of the gateways."""

    def __init__(self, clock: Clock, connect_deadline_ms: int, queue_length: int, outbox_length: int) -> None:
        self._clock = clock
        self._connect_deadline_ms = connect_deadline_ms
        self._queue_length = queue_length
        self._outbox_length = outbox_length
        self.people: dict[PersonId, Person] = {}
        self.pairs: dict[PairId, Pair] = {}
        self.blocks: dict[PersonId, set[PersonId]] = {}
        """Whom each person has blocked; holds in both directions."""
        self.nodes = Nodes(clock)
        self.shards: Stream[str] = Stream(queue_length)
        self._queues: dict[str, Stream[QueueEvent]] = {}
        self._outboxes: dict[GatewayId, Stream[Delivery]] = {}
        self._due: list[tuple[int, str, PersonId | PairId]] = []

    # -- people -----------------------------------------------------------------------------

    def state(self, who: Person) -> PersonState:
        """What this person is doing."""
        if who.pair is not None:
            return Paired(self.pairs[who.pair])
        return Waiting(who.ticket) if who.waiting and who.ticket else Idle()

    def hold_seat(self, who: Person, hold_ms: int) -> Closed:
        """Their socket is gone: keep their place for a while."""
        if who.offered:
            self._retire(who)
        who.session = who.gateway = None
        if hold_ms <= 0:
            return self.give_up_seat(who, EndReason.LEFT)
        until_ms = who.seat_until_ms = self._clock.now_ms() + hold_ms
        self.remind("seat", until_ms, who.id)
        if who.pair is not None:
            self.advance(who.pair, life.SideAway(who.id, until_ms))
        return Closed(Outcome.DONE)

    def give_up_seat(self, who: Person, reason: EndReason) -> Closed:
        """They do not wait and are in no pair any more; soon they are forgotten."""
        who.seat_until_ms = None
        who.forget_at_ms = self._clock.now_ms() + RESUME_WINDOW_MS
        self.remind("forget", who.forget_at_ms, who.id)
        self.dequeue(who)
        return self.end(who, life.SideLeft(who.id, reason))

    def has_blocked(self, one: PersonId, other: PersonId) -> bool:
        """Whether this one does not want to meet that one again."""
        return other in self.blocks.get(one, ())

    def forget(self, who: Person) -> None:
        """Drop the record; while other sessions stand by, later."""
        if who.standby:
            who.forget_at_ms = self._clock.now_ms() + RESUME_WINDOW_MS
            self.remind("forget", who.forget_at_ms, who.id)
        else:
            del self.people[who.id]

    # -- time -------------------------------------------------------------------------------

    def remind(self, what: str, at_ms: int, name: PersonId | PairId) -> None:
        """Have `take_due` return this once its time has come."""
        heapq.heappush(self._due, (at_ms, what, name))

    def take_due(self) -> list[tuple[int, str, PersonId | PairId]]:
        """What is due by now, in order."""
        due = []
        while self._due and self._due[0][0] <= self._clock.now_ms():
            due.append(heapq.heappop(self._due))
        return due

    # -- the queue --------------------------------------------------------------------------

    def queue(self, shard: str) -> Stream[QueueEvent]:
        """What happens in this shard, in order."""
        queue = self._queues.get(shard)
        if queue is None:
            queue = self._queues[shard] = Stream(self._queue_length)
            self.shards.append(shard)
        return queue

    def offered_in(self, shard: str) -> list[Ticket]:
        """Everybody who is offered in this shard now."""
        offered = (who.ticket for who in self.people.values() if who.offered)
        return [ticket for ticket in offered if ticket is not None and ticket.cohort.key == shard]

    def enqueue(self, who: Person, ticket: Ticket) -> None:
        """Wait with this ticket; it gets the next revision, which makes every older match stale."""
        if who.offered and who.ticket is not None and who.ticket.cohort != ticket.cohort:
            self._retire(who)
        now_ms = self._clock.now_ms()
        who.met = dict([(met, at) for met, at in who.met.items() if at >= now_ms - MET_FOR_MS][-MET_AT_MOST:])
        failed = [(other, until) for other, until in who.failed_with.items() if until > now_ms]
        who.failed_with = dict(failed[-MET_AT_MOST:])
        who.rev += 1
        who.ticket = msgspec.structs.replace(
            ticket,
            rev=who.rev,
            met=frozenset(who.met).union(who.failed_with),
            failed_with=dict(who.failed_with),
            avoid=ticket.avoid | self.blocks.get(who.id, set()),  # whom the other blocked stands in their ticket
            hidden=who.attention is Attention.HIDDEN,
        )
        who.waiting, who.attempt = True, ticket.attempt
        self.offer(who)

    def offer(self, who: Person) -> None:
        """Let the matchers know of a ticket."""
        if who.offered and who.ticket is not None:
            self.queue(who.ticket.cohort.key).append(TicketArrived(who.ticket))

    def dequeue(self, who: Person) -> None:
        """Stop waiting; fine if they do not."""
        if who.waiting:
            was_offered, who.waiting = who.offered, False
            if was_offered:
                self._retire(who)
            self.change(who, Dequeued())

    def attend(self, who: Person, attention: Attention) -> None:
        """Offer somebody as they deserve it now; their wait goes on."""
        if attention is who.attention:
            return
        was_offered, who.attention = who.offered, attention
        if who.offered:
            self.wait_on(who)
        elif was_offered:
            self._retire(who)

    def wait_on(self, who: Person) -> None:
        """The same ticket, written anew: what the ledger fills in may have changed."""
        assert who.ticket is not None, "only somebody who waits waits on"
        self.enqueue(who, who.ticket)
        self.tell(who, Queued(who.ticket))

    def _retire(self, who: Person) -> None:
        assert who.ticket is not None, "only a ticket can be taken back"
        self.queue(who.ticket.cohort.key).append(TicketGone(who.id, who.ticket.cohort.key))

    # -- news -------------------------------------------------------------------------------

    def outbox(self, gateway: GatewayId) -> Stream[Delivery]:
        """What this gateway has to be told."""
        return self._outboxes.setdefault(gateway, Stream(self._outbox_length))

    def drop_outbox(self, gateway: GatewayId) -> None:
        """Nobody reads it any more."""
        self._outboxes.pop(gateway, None)

    def tell(self, who: Person, news: News) -> None:
        """Append news for somebody; nobody hears it while they are away, a snapshot tells them later."""
        if who.session is not None and who.gateway is not None:
            self.tell_session((who.session, who.gateway), who.rev, news)

    def tell_session(self, address: Address, rev: int, news: News) -> None:
        """Append news for one session."""
        session, gateway = address
        self.outbox(gateway).append(Delivery(session, rev, news))

    def change(self, who: Person, news: News) -> None:
        """News that change what somebody is doing."""
        who.rev += 1
        self.tell(who, news)

    # -- pairs ------------------------------------------------------------------------------

    def form(self, proposal: Proposal, fence: int, node: NodeName | None) -> Pair:
        """A pair of two tickets; its people have to be told."""
        first, second = (
            Side(ticket.person, alias, ticket.interests, ticket.facets, hidden=ticket.hidden)
            for ticket, alias in zip(proposal.tickets, proposal.aliases, strict=True)
        )
        now_ms = self._clock.now_ms()
        deadline_ms = now_ms + self._connect_deadline_ms
        mode = proposal.tickets[0].cohort.mode
        pair = Pair(proposal.pair, mode, (first, second), now_ms, deadline_ms, fence, node)
        self.pairs[pair.id] = pair
        self._move(pair.id, None, node)
        self.remind("pair", deadline_ms, pair.id)
        return pair

    def end(self, who: Person, event: life.SideLeft, then: Ticket | None = None) -> Closed:
        """End the pair of somebody who leaves it; DONE if they are in none. `then`: how they wait on."""
        return self.advance(who.pair, event, then) if who.pair is not None else Closed(Outcome.DONE)

    def advance(self, pair_id: PairId, event: life.Event, then: Ticket | None = None) -> Closed:
        """Move a pair on and do what follows, in one go. `then` is the next ticket of who ended it."""
        before = self.pairs.get(pair_id)
        if before is None:
            return Closed(Outcome.DONE)
        pair, effects = life.advance(before, event, self._clock.now_ms())
        self.pairs[pair_id] = pair
        self._move(pair_id, before.node, None if pair.phase is Phase.ENDED else pair.node)
        if pair.phase is Phase.ENDED:
            del self.pairs[pair_id]
            self._keep_apart(pair)
        for effect in effects:
            self._apply(pair, effect, then)
        return Closed(Outcome.DONE, pair if pair.phase is Phase.ENDED else None)

    def _move(self, pair: PairId, before: NodeName | None, now: NodeName | None) -> None:
        """Note which media node carries a pair."""
        if before != now:
            if before is not None:
                self.nodes.drop(before, pair)
            if now is not None:
                self.nodes.carry(now, pair)

    def _apply(self, pair: Pair, effect: life.Effect, then: Ticket | None) -> None:
        match effect:
            case life.Release():
                self._release(pair, effect, then)
            case life.TellRoomOpened(node):
                self._tell_both(pair, RoomIsOpen(pair.id, node))
            case life.TellTalking():
                self._forgive(pair)
                self._tell_both(pair, TalkStarted(pair.id, pair.talking_since_ms or 0))
            case life.TellLine(person, line):
                chat = ChatLine(pair.id, line.n, line.text, line.at_ms)
                self.tell(self.people[person], Relayed(chat))
            case _:
                self.tell(self.people[effect.person], Relayed(_about_peer(pair.id, effect)))

    def _tell_both(self, pair: Pair, news: News) -> None:
        for side in pair.sides:
            self.change(self.people[side.person], news)

    def _release(self, pair: Pair, release: life.Release, then: Ticket | None) -> None:
        """Put somebody out of a pair, and back into the queue where that follows."""
        who = self.people[release.person]
        who.pair, who.last_pair = None, pair.id
        who.last_met = pair.id, pair.peer(who.id).person
        again = then if release.again is life.Again.OWN_WISH else self._ticket_after(who, release.again, pair)
        if again is not None:
            self.enqueue(who, again)
        self.change(who, PairEnded(pair.id, release.reason, release.by, who.ticket if again else None))

    def _ticket_after(self, who: Person, again: life.Again, pair: Pair) -> Ticket | None:
        """How somebody waits on by themselves; None: not at all."""
        assert who.ticket is not None, "nobody comes into a pair without one"
        ticket, now_ms = who.ticket, self._clock.now_ms()
        if again is life.Again.BACK_OFF:
            who.ticket = backed_off(ticket, now_ms)
            return None if gives_up(who.ticket) else who.ticket
        if again is life.Again.KEEP_PLACE:
            return ticket
        if again is life.Again.TAKE_UP:
            return taken_up(ticket, pair.matched_ms, now_ms)
        return afresh(ticket, now_ms) if ticket.auto_next else None

    def _forgive(self, pair: Pair) -> None:
        for side in pair.sides:
            who = self.people[side.person]
            who.ticket = forgiven(who.ticket) if who.ticket is not None else None

    def _keep_apart(self, pair: Pair) -> None:
        """Note that two look for others first, where they do."""
        apart, now_ms = life.apart_afterwards(pair), self._clock.now_ms()
        if apart is life.Apart.NOT:
            return
        for side in pair.sides:
            who, peer = self.people[side.person], pair.peer(side.person).person
            notes = who.met if apart is life.Apart.MET else who.failed_with
            notes.pop(peer, None)  # the newest is the last
            notes[peer] = now_ms if apart is life.Apart.MET else now_ms + FAILED_APART_MS


def _about_peer(pair: PairId, effect: life.AboutPeer) -> PeerChanged:
    match effect:
        case life.TellPeerAway(_, until_ms):
            return PeerChanged(pair, PeerEvent.RECONNECTING, until=until_ms)
        case life.TellPeerBack():
            return PeerChanged(pair, PeerEvent.BACK)
        case life.TellPeerMuted(_, audio_off, video_off):
            return PeerChanged(pair, PeerEvent.MUTED, audio=audio_off, video=video_off)
        case life.TellPeerHidden(_, hidden):
            return PeerChanged(pair, PeerEvent.HIDDEN, value=hidden)
