"""The steps that transitions are made of: waiting, news, pairs.

Knows nothing of requests and callers: `transitions.py` puts the steps together.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from collections.abc import Set as AbstractSet

import msgspec

from duologue.calls.call import Call
from duologue.ids import CallId, NodeName, PairId, PersonId, SessionId
from duologue.ledger import (
    BACK_WITHIN_MS,
    MAX_SESSIONS,
    MET_AT_MOST,
    MET_FOR_MS,
    RESUME_WINDOW_MS,
    Attention,
    Closed,
    Delivery,
    Dequeued,
    Dropped,
    Idle,
    News,
    Outcome,
    Paired,
    PairEnded,
    PairFormed,
    Partner,
    PersonState,
    Proposal,
    Queued,
    Relayed,
    Ringing,
    RoomIsOpen,
    Superseded,
    TalkStarted,
    TicketArrived,
    TicketGone,
    Waiting,
    WayBack,
)
from duologue.matching.ticket import FAILED_APART_MS, Ticket, afresh, backed_off, forgiven, gives_up, taken_up
from duologue.pairs import life
from duologue.pairs.pair import Line, Pair, Phase, Side
from duologue.ports import Clock
from duologue.protocol.codes import EndReason, PeerEvent
from duologue.protocol.server import ChatLine, PeerChanged
from duologue.store.ledger.nodes import Nodes
from duologue.store.ledger.records import Address, Due, Person, Records, Way


class Ledger:
    """Everybody and every pair that a transition touches; what follows is appended to queues and outboxes."""

    def __init__(self, records: Records, clock: Clock, connect_deadline_ms: int) -> None:
        self.records = records
        self._clock = clock
        self._connect_deadline_ms = connect_deadline_ms

    @property
    def people(self) -> MutableMapping[PersonId, Person]:
        """Everybody."""
        return self.records.people

    @property
    def pairs(self) -> MutableMapping[PairId, Pair]:
        """Every pair."""
        return self.records.pairs

    @property
    def calls(self) -> MutableMapping[CallId, Call]:
        """Every call that rings."""
        return self.records.calls

    @property
    def nodes(self) -> Nodes:
        """The media nodes."""
        return self.records.nodes

    def now_ms(self) -> int:
        """The time of this transition."""
        return self._clock.now_ms()

    # -- people -----------------------------------------------------------------------------

    def known(self, person: PersonId) -> Person:
        """Their record; a new one for somebody of whom nothing is known, but perhaps whom they have blocked."""
        who = self.people.get(person)
        if who is None:
            who = self.people[person] = Person(person)
            mine = self.records.blocks.get(person)
            who.blocked = len(mine.people) if mine is not None else 0
        return who

    def of_this_life(self, at_ms: int | None) -> bool:
        """Whether that was told to the store since it began anew."""
        epoch = self.records.epoch
        return at_ms is not None and epoch.id == self.records.store_id and at_ms >= epoch.since_ms

    def knows_blocks(self, person: PersonId) -> bool:
        """Whether all whom they have blocked are at hand."""
        mine = self.records.blocks.get(person)
        return mine is not None and self.of_this_life(mine.told_ms)

    def state(self, who: Person) -> PersonState:
        """What this person is doing."""
        if who.pair is not None:
            return Paired(self.pairs[who.pair])
        ticket = who.ticket if who.waiting else None
        call = self.calls.get(who.call) if who.call is not None else None
        if call is not None:
            return Ringing(call, ticket)
        return Waiting(ticket) if ticket is not None else Idle()

    def give_way(self, who: Person, newcomer: SessionId) -> None:
        """The session that was active stands by; the newcomer no longer does."""
        who.standby = {at: each for at, each in who.standby.items() if each[0] != newcomer}
        if who.session not in (None, newcomer) and who.gateway is not None:
            self.tell(who, Superseded())
            who.standby[who.generation] = who.session, who.gateway
        self._make_room(who)

    def let_stand_by(self, who: Person, address: Address) -> int:
        """A newcomer that speaks for nobody. Its generation is one that is never used again: who asks twice for the
        departure of one that had it before means that one.
        """
        generation = min(-self.now_ms(), *who.standby, 0) - 1
        who.standby[generation] = address
        self._make_room(who)
        self.forget_some_time(who)
        return generation

    def _make_room(self, who: Person) -> None:
        """Too many stand by, each for itself: the one that did so for longest goes."""
        if len(who.standby) >= MAX_SESSIONS:
            oldest = next(iter(who.standby))
            self.tell_session(who.standby.pop(oldest), who.rev, Dropped())

    def has_blocked(self, one: PersonId, other: PersonId) -> bool:
        """Whether this one does not want to meet that one again."""
        return other in self.blocked_by(one)

    def blocked_by(self, one: PersonId) -> AbstractSet[PersonId]:
        """Whom this one has blocked. Most people nobody: then there is nothing to read."""
        who = self.people.get(one)
        blocks = self.records.blocks.get(one) if who is None or who.blocked else None
        return blocks.people if blocks is not None else frozenset()

    def forget(self, who: Person) -> None:
        """Drop the record; while other sessions stand by, or somebody calls them, later."""
        if who.standby or who.call is not None:
            self.forget_later(who)
        else:
            del self.people[who.id]

    def forget_some_time(self, who: Person) -> None:
        """Nobody may have heard of them before: then they are not here, and nothing else would see to it."""
        if not who.here and who.seat_until_ms is None and who.forget_at_ms is None:
            self.forget_later(who)

    def forget_later(self, who: Person) -> None:
        """Drop it once nobody has been here for a while."""
        who.forget_at_ms = self.now_ms() + RESUME_WINDOW_MS
        self.records.remind(Due(who.forget_at_ms, "forget", who.id))

    # -- the queue --------------------------------------------------------------------------

    def enqueue(self, who: Person, ticket: Ticket) -> None:
        """Wait with this ticket; it gets the next revision, which makes every older match stale."""
        if who.offered and who.ticket is not None and who.ticket.cohort != ticket.cohort:
            self._retire(who)
        now_ms = self.now_ms()
        who.met = dict([(met, at) for met, at in who.met.items() if at >= now_ms - MET_FOR_MS][-MET_AT_MOST:])
        failed = [(other, until) for other, until in who.failed_with.items() if until > now_ms]
        who.failed_with = dict(failed[-MET_AT_MOST:])
        who.rev += 1
        who.ticket = msgspec.structs.replace(
            ticket,
            rev=who.rev,
            met=frozenset(who.met).union(who.failed_with),
            failed_with=dict(who.failed_with),
            avoid=ticket.avoid | self.blocked_by(who.id),  # whom the other blocked stands in their ticket
            hidden=who.attention is Attention.HIDDEN,
        )
        who.waiting, who.attempt = True, ticket.attempt
        self.offer(who)

    def offer(self, who: Person) -> None:
        """Let the matchers know of a ticket."""
        if who.offered and who.ticket is not None:
            who.ticket = msgspec.structs.replace(who.ticket, offered_ms=self.now_ms())
            self.records.append_queue(who.ticket.cohort.key, TicketArrived(who.ticket))

    def dequeue(self, who: Person) -> None:
        """Stop waiting; fine if they do not."""
        if who.waiting:
            self.stop_offering(who)
            who.waiting = False
            self.change(who, Dequeued())

    def stop_offering(self, who: Person) -> None:
        """Let the matchers know that a ticket is not there any more, where they knew of one."""
        if who.offered:
            self._retire(who)

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
        self.records.append_queue(who.ticket.cohort.key, TicketGone(who.id, who.ticket.cohort.key))

    # -- news -------------------------------------------------------------------------------

    def tell(self, who: Person, news: News) -> None:
        """Append news for somebody; nobody hears it while they are away, a snapshot tells them later. Nor before their
        gateway has spoken of them to a store that began anew: it may know less than they were told, and say it anew.
        """
        if who.session is not None and who.gateway is not None and self.of_this_life(who.seen_ms):
            self.tell_session((who.session, who.gateway), who.rev, news)

    def tell_session(self, address: Address, rev: int, news: News) -> None:
        """Append news for one session."""
        session, gateway = address
        self.records.append_news(gateway, Delivery(session, rev, news))

    def tell_line(self, who: Person, pair: Pair, line: Line) -> None:
        """What the partner wrote. A client knows a line that it has heard before."""
        self.tell(who, Relayed(ChatLine(pair.id, line.n, line.text, line.at_ms)))

    def change(self, who: Person, news: News) -> None:
        """News that change what somebody is doing."""
        who.rev += 1
        self.tell(who, news)

    # -- pairs ------------------------------------------------------------------------------

    def form(self, proposal: Proposal, fence: int, node: NodeName | None) -> Pair:
        """Make a pair of two tickets."""
        first, second = (
            Side(ticket.person, alias, ticket.interests, ticket.facets, hidden=ticket.hidden)
            for ticket, alias in zip(proposal.tickets, proposal.aliases, strict=True)
        )
        now_ms, deadline_ms = self.now_ms(), self.connect_deadline_ms()
        mode = proposal.tickets[0].cohort.mode
        pair = Pair(proposal.pair, mode, (first, second), now_ms, deadline_ms, fence, node)
        self.put_into(pair)
        return pair

    def connect_deadline_ms(self) -> int:
        """Until when a pair that is made now has to be connected."""
        return self.now_ms() + self._connect_deadline_ms

    def put_into(self, pair: Pair) -> None:
        """Its people are in this new pair, and nowhere else."""
        self.know(pair)
        for side in pair.sides:
            who = self.people[side.person]
            self.close_way_back(who)
            who.waiting, who.call, who.pair = False, None, pair.id
            attempt = who.ticket.attempt if pair.call is None and who.ticket is not None else who.attempt
            self.change(who, PairFormed(pair, attempt))

    def know(self, pair: Pair) -> None:
        """This pair is there from now on."""
        self.pairs[pair.id] = pair
        self._move(pair.id, None, pair.node)
        if pair.phase is Phase.MATCHED:
            self.records.remind(Due(pair.deadline_ms, "pair", pair.id))

    def erase(self, pair: Pair, who: Person) -> None:
        """This person was told something newer than this pair: it has never been, as it turns out. The other one hears
        that it is over where they believe in it: they came in, or were spoken of, since the store began anew.
        """
        del self.pairs[pair.id]
        self._move(pair.id, pair.node, None)
        who.pair = None
        peer = self.people.get(pair.peer(who.id).person)
        if peer is None or peer.pair != pair.id:
            return
        peer.pair = None
        if self.of_this_life(peer.seen_ms):
            ended, effects = life.advance(pair, life.SideLeft(who.id, EndReason.LOST), self.now_ms())
            for effect in effects:
                if isinstance(effect, life.Release) and effect.person == peer.id:
                    self._release(ended, effect, None)

    def end(self, who: Person, event: life.SideLeft, then: Ticket | None = None) -> Closed:
        """End the pair of somebody who leaves it; DONE if they are in none. `then`: how they wait on."""
        return self.advance(who.pair, event, then) if who.pair is not None else Closed(Outcome.DONE)

    def advance(self, pair_id: PairId, event: life.Event, then: Ticket | None = None) -> Closed:
        """Move a pair on and do what follows, in one go. `then` is the next ticket of who ended it."""
        before = self.pairs.get(pair_id)
        if before is None:
            return Closed(Outcome.DONE)
        pair, effects = life.advance(before, event, self.now_ms())
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
                self.tell_line(self.people[person], pair, line)
            case _:
                self.tell(self.people[effect.person], Relayed(_about_peer(pair.id, effect)))

    def _tell_both(self, pair: Pair, news: News) -> None:
        for side in pair.sides:
            self.change(self.people[side.person], news)

    def _release(self, pair: Pair, release: life.Release, then: Ticket | None) -> None:
        """Put somebody out of a pair, and back into the queue where that follows."""
        who = self.people[release.person]
        who.pair, who.last_pair = None, pair.id
        who.met_before = who.met_before or who.last_met if pair.talking_since_ms is None else None
        who.last_met = pair.id, Partner.of(who.id, pair)
        who.way_back = self._way_back(who, pair)
        again = then if release.again is life.Again.OWN_WISH else self._ticket_after(who, release.again, pair)
        if again is not None:
            self.enqueue(who, again)
        back_until_ms = who.way_back.until_ms if who.way_back is not None else None
        self.change(who, PairEnded(pair.id, release.reason, release.by, who.ticket if again else None, back_until_ms))

    def _way_back(self, who: Person, pair: Pair) -> Way | None:
        """There is one after a Next, if both are here. A call was no accident: they can call each other again."""
        here = all(self.people[side.person].here for side in pair.sides)
        if pair.ended is not EndReason.NEXT or pair.call is not None or not here:
            return None
        peer = pair.peer(who.id)
        return Way(pair.id, peer.person, peer.alias, self.now_ms() + BACK_WITHIN_MS)

    def close_way_back(self, who: Person) -> None:
        """They cannot go back any more; the other one hears so where either had said that they would like to."""
        way, who.way_back = who.way_back, None
        if way is None or not (way.mine or way.theirs):
            return
        peer = self.people.get(way.person)
        if peer is not None and peer.way_back is not None and peer.way_back.pair == way.pair:
            peer.way_back = None
            self.tell(peer, WayBack(way.pair, None))

    def _ticket_after(self, who: Person, again: life.Again, pair: Pair) -> Ticket | None:
        """How somebody waits on by themselves; None: not at all."""
        ticket, now_ms = who.ticket, self.now_ms()
        if ticket is None or again is life.Again.REST:
            return None  # without one, the pair was restored by those in it: nobody remembers how they had waited
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
        apart, now_ms = life.apart_afterwards(pair), self.now_ms()
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
