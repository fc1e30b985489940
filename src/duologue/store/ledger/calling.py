"""Who calls whom, and what becomes of it."""

from __future__ import annotations

from duologue.calls import ring
from duologue.calls.call import Call, Party, Ring
from duologue.errors import Unavailable
from duologue.ids import CallId, GatewayId, NodeName, PairId, PersonId, RequestId, SessionId
from duologue.ledger import Arrival, Caller, Closed, Outcome
from duologue.nodes import NoSlot
from duologue.pairs import life
from duologue.protocol.codes import EndReason, Mode
from duologue.store.ledger.presence import Presence
from duologue.store.ledger.records import Person


class Calling(Presence):
    """The transitions of `ports.CallStore`."""

    def call(self, caller: Caller, wanted: Ring) -> Closed | NoSlot:
        who = self._speaker(caller)
        if isinstance(who, Closed):
            return who
        if (left_ms := self._settles_for_ms()) > 0:
            raise Unavailable("the store", "it began anew and hears who is here", left_ms)
        called = self._call(who, wanted)
        return called if isinstance(called, NoSlot) else self._noted(caller, who, called)

    def _call(self, who: Person, wanted: Ring) -> Closed | NoSlot:
        self.ringer.look_again(who)
        if who.pair is not None or wanted.to == who.id:
            return Closed(Outcome.REFUSED)
        if who.call is not None:
            return self._call_again(who, self.ledger.calls[who.call], wanted)
        return self._offer(who, wanted)

    def _call_again(self, who: Person, present: Call, wanted: Ring) -> Closed | NoSlot:
        """Who calls somebody who is calling them takes that call; who calls them already goes on."""
        if present.peer(who.id).person != wanted.to:
            return Closed(Outcome.REFUSED)
        return self._take(who, present.id, wanted.pair)

    def _offer(self, who: Person, wanted: Ring) -> Closed:
        callee, now_ms = self.ledger.people.get(wanted.to), self.ledger.now_ms()
        if callee is not None:
            self.ringer.look_again(callee)
        parties = Party(who.id, wanted.aliases[0]), Party(wanted.to, wanted.aliases[1])
        call = Call(wanted.call, wanted.mode, *parties, now_ms, now_ms + wanted.for_ms)
        apart = wanted.apart or self._stays_apart(who.id, wanted.to)
        busy = callee is not None and (callee.pair is not None or callee.call is not None)
        return self.ringer.offer(call, apart=apart, busy=busy)

    def _stays_apart(self, one: PersonId, other: PersonId) -> bool:
        return self.ledger.has_blocked(one, other) or self.ledger.has_blocked(other, one)

    def accept(self, caller: Caller, call: CallId, pair: PairId) -> Closed | NoSlot:
        who = self._speaker(caller)
        if isinstance(who, Closed):
            return who
        taken = self._take(who, call, pair)
        return taken if isinstance(taken, NoSlot) else self._noted(caller, who, taken)

    def _take(self, who: Person, name: CallId, pair: PairId) -> Closed | NoSlot:
        """Into a pair, if that call rings for them. Its media node is chosen now: nobody knows earlier whether."""
        call = self._rings_for(who, name)
        if call is None:
            return Closed(Outcome.DONE)
        node = self._node_for(call)
        return node if isinstance(node, NoSlot) else self.ringer.advance(name, ring.Taken(who.id, pair, node))

    def _node_for(self, call: Call) -> NodeName | NoSlot | None:
        return None if call.mode is Mode.TEXT else self._take_slot()

    def _rings_for(self, who: Person, name: CallId) -> Call | None:
        self.ringer.advance(name, ring.Ticked())
        call = self.ledger.calls.get(name) if who.call == name else None
        return call if call is not None and call.callee.person == who.id else None

    def answer(
        self, person: PersonId, session: SessionId, gateway: GatewayId, call: CallId, pair: PairId
    ) -> Arrival | NoSlot | None:
        self._must_live(gateway)
        who = self.ledger.people.get(person)
        if who is None:
            return None
        if who.session == session or not who.here:
            present = self.ledger.pairs.get(who.pair) if who.pair is not None else None
            if present is not None and present.call == call:
                return self._answered_before(who, session, gateway, call)
        ringing = self._rings_for(who, call)
        if ringing is None or (session, gateway) not in who.standby.values():
            return None
        node = self._node_for(ringing)
        if isinstance(node, NoSlot):
            return node
        self._come_in(who, session, gateway)
        closed = self.ringer.advance(call, ring.Taken(person, pair, node))
        who.rev += 1  # the snapshot has that pair: news of it would be told twice
        who.answered = RequestId(call), closed
        return self._arrival(who)._replace(answered=closed.call)

    def _answered_before(self, who: Person, session: SessionId, gateway: GatewayId, call: CallId) -> Arrival | None:
        """By this session, and that was not heard; or by one whose socket is gone, and this one has its place."""
        if who.session == session:
            taken = who.answered[1].call if who.answered is not None and who.answered[0] == RequestId(call) else None
            return self._arrival(who)._replace(answered=taken)
        if (session, gateway) not in who.standby.values():
            return None
        self._come_in(who, session, gateway)
        return self._arrival(who)

    def decline(self, caller: Caller, call: CallId) -> Closed:
        who = self.ledger.people.get(caller.person)
        if who is not None and caller.generation in who.standby:  # whichever device it is: it was theirs to decline
            return self.ringer.advance(call, ring.Refused(caller.person))
        return self._once(caller, lambda who: self.ringer.advance(call, ring.Refused(who.id)))

    def cancel_call(self, caller: Caller, call: CallId) -> Closed:
        return self._once(caller, lambda who: self._cancel_call(who, call))

    def _cancel_call(self, who: Person, call: CallId) -> Closed:
        """Also where the answer crossed it on the way: then that pair is not wanted any more."""
        if who.pair is not None and self.ledger.pairs[who.pair].call == call:
            return self.ledger.end(who, life.SideLeft(who.id, EndReason.LEFT))
        return self.ringer.advance(call, ring.Withdrawn(who.id))
