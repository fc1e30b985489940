"""What two who have each other do, until one of them goes on."""

from __future__ import annotations

import msgspec

from duologue.ids import PairId
from duologue.ledger import Caller, Closed, Outcome, Probe, Relayed
from duologue.matching.ticket import Ticket, afresh, succeeding
from duologue.pairs import life
from duologue.protocol.codes import EndReason
from duologue.protocol.server import PeerTyping
from duologue.store.ledger.queue import Queue
from duologue.store.ledger.records import Person


class Talks(Queue):
    """Those transitions of `ports.PairStore` that people cause."""

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
        if who.last_pair == pair:
            self.ledger.dequeue(who)
        if who.way_back is not None and who.way_back.pair == pair:
            self.ledger.close_way_back(who)
        if who.pair != pair:
            return Closed(Outcome.DONE)
        return self.ledger.end(who, life.SideLeft(who.id, EndReason.LEFT))

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
