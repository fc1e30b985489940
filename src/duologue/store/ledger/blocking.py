"""Who does not want to meet whom, as far as the ledger is told."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from duologue.calls import ring
from duologue.ids import CallId, PairId, PersonId
from duologue.ledger import MAX_BLOCKS, Caller, Closed, Outcome, Partner
from duologue.pairs import life
from duologue.protocol.codes import EndReason
from duologue.store.ledger.records import Blocks, Person
from duologue.store.ledger.transition import Transition


class Blocking(Transition):
    """Blocks, and of whom one can speak of at all."""

    def block(self, caller: Caller, pair: PairId) -> Closed:
        return self._once(caller, lambda who: self._block(who, pair))

    def _block(self, who: Person, pair: PairId) -> Closed:
        partner = self._partner(who, pair)
        if partner is None:
            return Closed(Outcome.REFUSED)  # an `ok` would be a promise
        peer = partner.person
        mine = self._records.blocks.get(who.id, Blocks())
        full = len(mine.people) >= MAX_BLOCKS and peer not in mine.people
        if not full:
            self._set_blocks(who, Blocks(mine.people | {peer}, mine.told_ms))
        closed = self._part(who, pair, peer)
        return closed._replace(outcome=Outcome.REFUSED if full else Outcome.DONE)

    def _part(self, who: Person, pair: PairId, peer: PersonId) -> Closed:
        """End what they have with each other, if that is on; also where it is a newer pair or call than the one that
        was named, because they have met again, gone back, or called, meanwhile.
        """
        if who.way_back is not None and who.way_back.person == peer:
            self.ledger.close_way_back(who)
        if who.pair is not None and self.ledger.pairs[who.pair].peer(who.id).person == peer:
            return self.ledger.end(who, life.SideLeft(who.id, EndReason.LEFT))
        ringing = self.ledger.calls.get(who.call) if who.call is not None else None
        call = ringing.id if ringing is not None and ringing.peer(who.id).person == peer else CallId(pair)
        declined = self.ringer.advance(call, ring.Refused(who.id))
        return declined if declined.call is not None else self.ringer.advance(call, ring.Withdrawn(who.id))

    def partner(self, caller: Caller, pair: PairId) -> Partner | Outcome:
        who = self.ledger.people.get(caller.person)
        if who is None or caller.generation > who.generation:
            return Outcome.GONE
        if caller.generation < who.generation:
            return Outcome.STALE
        nobody = Outcome.REFUSED if self.ledger.of_this_life(who.seen_ms) else Outcome.GONE
        return self._partner(who, pair) or nobody

    def _partner(self, who: Person, pair: PairId) -> Partner | None:
        """Of a pair or, by its name in the same place, of a call."""
        if who.pair == pair:
            return Partner.of(who.id, self.ledger.pairs[pair])
        if who.call == CallId(pair):
            call = self.ledger.calls[CallId(pair)]
            peer = call.peer(who.id)
            return Partner(peer.person, peer.alias, call.mode)
        if who.last_call is not None and who.last_call[0] == CallId(pair):
            return who.last_call[1]
        met = [each for each in (who.last_met, who.met_before) if each is not None]
        return next((partner for id_, partner in met if id_ == pair), None)

    def remember_blocks(self, person: PersonId, blocked: Collection[PersonId]) -> None:
        who = self.ledger.people.get(person)
        if who is None:
            return
        freed = self.ledger.blocked_by(person) - set(blocked)
        self._set_blocks(who, Blocks(set(blocked), self.ledger.now_ms()))
        who.unsure = False
        if who.ticket is not None:
            who.ticket = msgspec.structs.replace(who.ticket, avoid=who.ticket.avoid - freed)
        if who.waiting:
            self.ledger.wait_on(who)

    def _set_blocks(self, who: Person, blocks: Blocks) -> None:
        self._records.blocks[who.id] = blocks
        who.blocked = len(blocks.people)
