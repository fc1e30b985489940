"""The ledger in one process: for `duologue dev` and tests, and the reference for what a store does.

Atomic because nothing here awaits between reading and writing. What a pair does next is decided by
`pairs.life`; this file keeps the records, applies the effects and appends the news.
It is never a fallback: only the composition root picks it, and only where it was asked for.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from duologue.ids import GatewayId, PairId, PersonId, RequestId, SessionId
from duologue.ledger import (
    MAX_SESSIONS,
    Arrival,
    Attention,
    Caller,
    Closed,
    CommitResult,
    Committed,
    Delivery,
    Dequeued,
    Dropped,
    Idle,
    News,
    Outcome,
    Paired,
    PairEnded,
    PairFormed,
    PersonState,
    Probe,
    Proposal,
    Queued,
    QueueEvent,
    Rejected,
    Relayed,
    RoomIsOpen,
    Superseded,
    TalkStarted,
    TicketArrived,
    TicketGone,
    Waiting,
)
from duologue.matching.estimate import QueueStatus
from duologue.matching.ticket import Ticket, afresh, backed_off, forgiven, gives_up, paused, succeeding
from duologue.pairs import life
from duologue.pairs.pair import CONNECT_DEADLINE_MS, Pair, Phase, Side
from duologue.ports import Clock
from duologue.protocol.codes import EndReason, PeerEvent
from duologue.protocol.server import ChatLine, PeerChanged, PeerTyping
from duologue.store.stream import Stream

RESUME_WINDOW_MS = 60_000
"""How long a person without a socket is remembered."""
MET_FOR_MS = 30 * 60_000
MET_AT_MOST = 20
QUEUE_LENGTH = 100_000
OUTBOX_LENGTH = 100_000
STATUS_TTL_MS = 5_000


@dataclass(slots=True)
class _Person:
    """One record of the ledger. `ticket` is kept through a pair: it says how to wait again."""

    id: PersonId
    generation: int = 0
    rev: int = 0
    session: SessionId | None = None
    gateway: GatewayId | None = None
    standby: dict[int, tuple[SessionId, GatewayId]] = field(default_factory=dict)
    seat_until_ms: int | None = None
    forget_at_ms: int | None = None
    ticket: Ticket | None = None
    waiting: bool = False
    pair: PairId | None = None
    last_pair: PairId | None = None
    attempt: int = 0
    answered: tuple[RequestId, Closed] | None = None
    met: dict[PersonId, int] = field(default_factory=dict)

    @property
    def here(self) -> bool:
        return self.session is not None


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
        self._connect_deadline_ms = connect_deadline_ms
        self._outbox_length = outbox_length
        self._people: dict[PersonId, _Person] = {}
        self._pairs: dict[PairId, Pair] = {}
        self._queue: Stream[QueueEvent] = Stream(queue_length)
        self._outboxes: dict[GatewayId, Stream[Delivery]] = {}
        self._status: dict[str, tuple[int, QueueStatus]] = {}
        self._due: list[tuple[int, str, PersonId | PairId]] = []

    # -- presence ---------------------------------------------------------------------------

    async def arrive(
        self, person: PersonId, session: SessionId, gateway: GatewayId, resumes: int | None = None
    ) -> Arrival | None:
        who = self._people.get(person)
        if who is not None and resumes is not None and who.generation != resumes:
            return None
        if who is None:
            who = self._people[person] = _Person(person)
        self._stand_by(who, session)
        # Starting from the clock keeps generations growing even when a person was forgotten meanwhile.
        who.generation = max(who.generation + 1, self._clock.now_ms())
        who.rev += 1
        who.session, who.gateway, who.seat_until_ms, who.forget_at_ms = session, gateway, None, None
        if who.waiting and who.ticket is not None:
            self._enqueue(who, who.ticket)
        if who.pair is not None:
            self._advance(who.pair, life.SideBack(person))
        return Arrival(who.generation, who.rev, self._state(who), who.attempt)

    def _stand_by(self, who: _Person, newcomer: SessionId) -> None:
        """The session that was active stands by; the newcomer no longer does."""
        who.standby = {at: each for at, each in who.standby.items() if each[0] != newcomer}
        if who.session is not None and who.gateway is not None:
            self._tell(who, Superseded())
            who.standby[who.generation] = who.session, who.gateway
        if len(who.standby) >= MAX_SESSIONS:
            session, gateway = who.standby.pop(next(iter(who.standby)))
            self._outbox(gateway).append(Delivery(session, who.rev, Dropped()))

    async def depart(self, caller: Caller, hold_ms: int) -> Closed:
        closed = self._once(caller, lambda who: self._depart(who, hold_ms))
        who = self._people.get(caller.person)
        if closed.outcome is Outcome.STALE and who is not None:
            who.standby.pop(caller.generation, None)
        return closed

    async def attend(self, caller: Caller, attention: Attention) -> Outcome:
        return self._once(caller, lambda who: self._attend(who, attention)).outcome

    def _attend(self, who: _Person, attention: Attention) -> Closed:
        if who.pair is not None and attention is not Attention.QUIET:
            peer = self._people[self._pairs[who.pair].peer(who.id).person]
            hidden = PeerChanged(who.pair, PeerEvent.HIDDEN, value=attention is Attention.HIDDEN)
            self._tell(peer, Relayed(hidden))
        if who.waiting and who.ticket is not None:
            if attention is Attention.QUIET:
                self._queue.append(TicketGone(who.id, who.ticket.cohort.key))
            else:
                self._enqueue(who, who.ticket)
                self._tell_ticket(who)
        return Closed(Outcome.DONE)

    async def block(self, caller: Caller, pair: PairId) -> Closed:
        return self._once(caller, lambda who: self._leave(who, pair))

    def _depart(self, who: _Person, hold_ms: int) -> Closed:
        who.session = who.gateway = None
        if hold_ms <= 0:
            return self._give_up_seat(who, EndReason.LEFT)
        until_ms = who.seat_until_ms = self._clock.now_ms() + hold_ms
        heapq.heappush(self._due, (until_ms, "seat", who.id))
        if who.waiting and who.ticket is not None:
            self._queue.append(TicketGone(who.id, who.ticket.cohort.key))
        if who.pair is not None:
            self._advance(who.pair, life.SideAway(who.id, until_ms))
        return Closed(Outcome.DONE)

    def _give_up_seat(self, who: _Person, reason: EndReason) -> Closed:
        who.seat_until_ms = None
        who.forget_at_ms = self._clock.now_ms() + RESUME_WINDOW_MS
        heapq.heappush(self._due, (who.forget_at_ms, "forget", who.id))
        self._dequeue(who)
        return self._end(who, life.SideLeft(who.id, reason))

    async def expire(self) -> list[Pair]:
        now_ms = self._clock.now_ms()
        ended: list[Pair] = []
        while self._due and self._due[0][0] <= now_ms:
            when_ms, what, name = heapq.heappop(self._due)
            closed = self._expire_one(when_ms, what, name)
            if closed.ended is not None:
                ended.append(closed.ended)
        return ended

    def _expire_one(self, when_ms: int, what: str, name: str) -> Closed:
        if what == "pair":
            return self._advance(PairId(name), life.DeadlinePassed())
        who = self._people.get(PersonId(name))
        if who is None or who.here:
            return Closed(Outcome.DONE)
        if what == "seat" and who.seat_until_ms == when_ms:
            return self._give_up_seat(who, EndReason.LOST)
        if what == "forget" and who.forget_at_ms == when_ms:
            del self._people[who.id]
        return Closed(Outcome.DONE)

    # -- the queue --------------------------------------------------------------------------

    async def find(self, caller: Caller, ticket: Ticket) -> Outcome:
        return self._once(caller, lambda who: self._find(who, ticket)).outcome

    def _find(self, who: _Person, ticket: Ticket) -> Closed:
        if ticket.attempt <= who.attempt:
            return Closed(Outcome.DONE)
        if who.pair is not None:
            return Closed(Outcome.REFUSED)
        waits_already = who.ticket if who.waiting else None
        since_ms = waits_already.since_ms if waits_already else self._clock.now_ms()
        who.last_pair = None  # this wait is the person's own, so leaving that pair late does not stop it
        self._enqueue(who, succeeding(msgspec.structs.replace(ticket, since_ms=since_ms), who.ticket))
        self._tell_ticket(who)
        return Closed(Outcome.DONE)

    async def cancel(self, caller: Caller, attempt: int) -> Closed:
        return self._once(caller, lambda who: self._cancel(who, attempt))

    def _cancel(self, who: _Person, attempt: int) -> Closed:
        if who.attempt > attempt:
            return Closed(Outcome.DONE)
        self._dequeue(who)
        return self._end(who, life.SideLeft(who.id, EndReason.LEFT))

    async def commit(self, proposals: Sequence[Proposal]) -> list[CommitResult]:
        return [self._commit(proposal) for proposal in proposals]

    def _commit(self, proposal: Proposal) -> CommitResult:
        people = [self._people.get(ticket.person) for ticket in proposal.tickets]
        fit = tuple(
            ticket
            for ticket, who in zip(proposal.tickets, people, strict=True)
            if who is not None and who.here and who.waiting and who.ticket == ticket
        )
        first, second = proposal.tickets
        if len(fit) < len(proposal.tickets) or first.person == second.person:
            return Rejected(fit)
        if second.person in first.avoid or first.person in second.avoid or first.cohort != second.cohort:
            return Rejected(fit)
        pair = self._form(proposal)
        for who, ticket in zip(people, proposal.tickets, strict=True):
            assert who is not None, "checked above"
            who.waiting, who.pair = False, pair.id
            self._change(who, PairFormed(pair, ticket.attempt))
        return Committed(pair.id)

    def _form(self, proposal: Proposal) -> Pair:
        first, second = (
            Side(ticket.person, alias, ticket.interests, ticket.facets)
            for ticket, alias in zip(proposal.tickets, proposal.aliases, strict=True)
        )
        now_ms = self._clock.now_ms()
        deadline_ms = now_ms + self._connect_deadline_ms
        pair = Pair(proposal.pair, proposal.tickets[0].cohort.mode, (first, second), now_ms, deadline_ms)
        self._pairs[pair.id] = pair
        heapq.heappush(self._due, (deadline_ms, "pair", pair.id))
        return pair

    async def read_queue(self, after: int, wait_ms: int) -> tuple[list[QueueEvent], int]:
        if after > 0:
            return await self._queue.read(after, wait_ms)
        waiting = [who.ticket for who in self._people.values() if who.waiting and who.here and who.ticket]
        if not waiting and self._queue.end == 0:
            return await self._queue.read(0, wait_ms)
        return [TicketArrived(ticket) for ticket in waiting], self._queue.end

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

    def _next(self, who: _Person, pair: PairId, attempt: int, ticket: Ticket | None) -> Closed:
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
        return self._end(who, life.SideLeft(who.id, EndReason.NEXT), then)

    async def leave(self, caller: Caller, pair: PairId) -> Closed:
        return self._once(caller, lambda who: self._leave(who, pair))

    def _leave(self, who: _Person, pair: PairId) -> Closed:
        if who.waiting and who.last_pair == pair:
            self._dequeue(who)
        if who.pair != pair:
            return Closed(Outcome.DONE)
        return self._end(who, life.SideLeft(who.id, EndReason.LEFT))

    async def opened(self, pair: PairId) -> bool:
        self._advance(pair, life.RoomOpened())
        return pair in self._pairs

    async def media_unavailable(self, pair: PairId) -> Closed:
        return self._advance(pair, life.MediaUnavailable())

    async def connected(self, caller: Caller, pair: PairId) -> Outcome:
        return self._in_pair(caller, pair, life.SideConnected(caller.person)).outcome

    async def media_failed(self, caller: Caller, pair: PairId) -> Closed:
        return self._in_pair(caller, pair, life.SideFailed(caller.person))

    async def mute(self, caller: Caller, pair: PairId, *, audio_off: bool, video_off: bool) -> Outcome:
        return self._in_pair(caller, pair, life.SideMuted(caller.person, audio_off, video_off)).outcome

    async def write(self, caller: Caller, pair: PairId, n: int, text: str) -> Outcome:
        return self._in_pair(caller, pair, life.LineWritten(caller.person, n, text)).outcome

    async def relay(self, caller: Caller, pair: PairId, message: PeerTyping | Probe) -> Outcome:
        def run(who: _Person) -> Closed:
            if who.pair == pair:
                peer = self._people[self._pairs[pair].peer(who.id).person]
                self._tell(peer, Relayed(message))
            return Closed(Outcome.DONE)

        return self._once(caller, run).outcome

    # -- news -------------------------------------------------------------------------------

    async def read_news(self, gateway: GatewayId, after: int, wait_ms: int) -> tuple[list[Delivery], int]:
        return await self._outbox(gateway).read(after, wait_ms)

    def _outbox(self, gateway: GatewayId) -> Stream[Delivery]:
        return self._outboxes.setdefault(gateway, Stream(self._outbox_length))

    def _tell(self, who: _Person, news: News) -> None:
        """Append news for somebody; nobody hears it while they are away, a snapshot tells them later."""
        if who.session is not None and who.gateway is not None:
            self._outbox(who.gateway).append(Delivery(who.session, who.rev, news))

    def _change(self, who: _Person, news: News) -> None:
        """News that change what somebody is doing."""
        who.rev += 1
        self._tell(who, news)

    # -- the machinery ----------------------------------------------------------------------

    def _once(self, caller: Caller, run: Callable[[_Person], Closed]) -> Closed:
        """Run a transition for its caller: refused when stale, repeated answer for a repeated request."""
        who = self._people.get(caller.person)
        if who is None or who.generation != caller.generation:
            return Closed(Outcome.STALE)
        if caller.request is not None and who.answered is not None and who.answered[0] == caller.request:
            return who.answered[1]
        closed = run(who)
        if caller.request is not None:
            who.answered = (caller.request, closed)
        return closed

    def _in_pair(self, caller: Caller, pair: PairId, event: life.Event) -> Closed:
        """An event of somebody in this pair; nothing if they are in it no more."""

        def run(who: _Person) -> Closed:
            return self._advance(pair, event) if who.pair == pair else Closed(Outcome.DONE)

        return self._once(caller, run)

    def _state(self, who: _Person) -> PersonState:
        if who.pair is not None:
            return Paired(self._pairs[who.pair])
        return Waiting(who.ticket) if who.waiting and who.ticket else Idle()

    def _enqueue(self, who: _Person, ticket: Ticket) -> None:
        """Wait with this ticket; it gets the next revision, which makes every older match stale."""
        oldest_ms = self._clock.now_ms() - MET_FOR_MS
        who.met = dict([(met, at) for met, at in who.met.items() if at >= oldest_ms][-MET_AT_MOST:])
        who.rev += 1
        who.ticket = msgspec.structs.replace(ticket, rev=who.rev, met=frozenset(who.met))
        who.waiting, who.attempt = True, ticket.attempt
        if who.here:
            self._queue.append(TicketArrived(who.ticket))

    def _tell_ticket(self, who: _Person) -> None:
        assert who.ticket is not None, "just enqueued"
        self._tell(who, Queued(who.ticket))

    def _dequeue(self, who: _Person) -> None:
        if who.waiting and who.ticket is not None:
            who.waiting = False
            self._queue.append(TicketGone(who.id, who.ticket.cohort.key))
            self._change(who, Dequeued())

    def _end(self, who: _Person, event: life.SideLeft, then: Ticket | None = None) -> Closed:
        """End the pair of somebody who leaves it; DONE if they are in none. `then`: how they wait on."""
        return self._advance(who.pair, event, then) if who.pair is not None else Closed(Outcome.DONE)

    def _advance(self, pair_id: PairId, event: life.Event, then: Ticket | None = None) -> Closed:
        """Move a pair on and do what follows, in one go. `then` is the next ticket of who ended it."""
        before = self._pairs.get(pair_id)
        if before is None:
            return Closed(Outcome.DONE)
        pair, effects = life.advance(before, event, self._clock.now_ms())
        self._pairs[pair_id] = pair
        if pair.phase is Phase.ENDED:
            del self._pairs[pair_id]
            if _stay_apart(pair, effects):
                self._remember_meeting(pair)
        for effect in effects:
            self._apply(pair, effect, then)
        return Closed(Outcome.DONE, pair if pair.phase is Phase.ENDED else None)

    def _apply(self, pair: Pair, effect: life.Effect, then: Ticket | None) -> None:
        match effect:
            case life.Release():
                self._release(pair, effect, then)
            case life.TellRoomOpened():
                self._tell_both(pair, RoomIsOpen(pair.id))
            case life.TellTalking():
                self._forgive(pair)
                self._tell_both(pair, TalkStarted(pair.id, pair.talking_since_ms or 0))
            case life.TellPeerAway(person, until_ms):
                message = PeerChanged(pair.id, PeerEvent.RECONNECTING, until=until_ms)
                self._tell(self._people[person], Relayed(message))
            case life.TellPeerBack(person):
                self._tell(self._people[person], Relayed(PeerChanged(pair.id, PeerEvent.BACK)))
            case life.TellPeerMuted(person, audio_off, video_off):
                muted = PeerChanged(pair.id, PeerEvent.MUTED, audio=audio_off, video=video_off)
                self._tell(self._people[person], Relayed(muted))
            case life.TellLine(person, line):
                chat = ChatLine(pair.id, line.n, line.text, line.at_ms)
                self._tell(self._people[person], Relayed(chat))

    def _tell_both(self, pair: Pair, news: News) -> None:
        for side in pair.sides:
            self._change(self._people[side.person], news)

    def _release(self, pair: Pair, release: life.Release, then: Ticket | None) -> None:
        """Put somebody out of a pair, and back into the queue where that follows."""
        who = self._people[release.person]
        who.pair, who.last_pair = None, pair.id
        again = then if release.again is life.Again.OWN_WISH else self._ticket_after(who, release.again)
        if again is not None:
            self._enqueue(who, again)
        self._change(who, PairEnded(pair.id, release.reason, release.by, who.ticket if again else None))

    def _ticket_after(self, who: _Person, again: life.Again) -> Ticket | None:
        """How somebody waits on by themselves; None: not at all."""
        assert who.ticket is not None, "nobody comes into a pair without one"
        ticket, now_ms = who.ticket, self._clock.now_ms()
        if again is life.Again.BACK_OFF:
            who.ticket = backed_off(ticket, now_ms)
            return None if gives_up(who.ticket) else who.ticket
        if again is life.Again.KEEP_PLACE:
            return ticket
        if again is life.Again.KEEP_PLACE_LATER:
            return paused(ticket, now_ms)
        return afresh(ticket, now_ms) if ticket.auto_next else None

    def _forgive(self, pair: Pair) -> None:
        for side in pair.sides:
            who = self._people[side.person]
            who.ticket = forgiven(who.ticket) if who.ticket is not None else None

    def _remember_meeting(self, pair: Pair) -> None:
        now_ms = self._clock.now_ms()
        for side in pair.sides:
            met = self._people[side.person].met
            peer = pair.peer(side.person).person
            met.pop(peer, None)
            met[peer] = now_ms


def _stay_apart(pair: Pair, effects: tuple[life.Effect, ...]) -> bool:
    """Who talked, who turned somebody down and who failed to connect looks for others first."""
    failed = any(isinstance(effect, life.Release) and effect.again is life.Again.BACK_OFF for effect in effects)
    return failed or pair.talking_since_ms is not None or pair.ended is EndReason.NEXT
