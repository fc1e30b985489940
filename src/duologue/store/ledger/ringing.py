"""The steps of calls: ringing, answering, and going on with what one did before.

`calls/ring.py` decides; here it is done to the people concerned.
"""

from __future__ import annotations

from duologue.calls import ring
from duologue.calls.call import Call
from duologue.ids import CallId, NodeName, PairId
from duologue.ledger import Attention, CallEnded, CallRings, Closed, News, Outcome, Partner
from duologue.pairs import life
from duologue.pairs.pair import Pair, Side
from duologue.protocol.codes import CallEnd
from duologue.store.ledger.ledger import Ledger
from duologue.store.ledger.records import Due, Person


class Ringer:
    """Over the same records as its ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def offer(self, call: Call, *, apart: bool, busy: bool) -> Closed:
        """Begin a call, or find that it comes to nothing."""
        step = ring.offer(call, apart=apart, busy=busy)
        if step.call.rings:
            self._ledger.records.remind(Due(call.expires_ms, "call", call.id))
        return self._carry_out(step)

    def advance(self, call_id: CallId | None, event: ring.Event) -> Closed:
        """Move a call on and do what follows, in one go. Nothing happens where it rings no more."""
        before = self._ledger.calls.get(call_id) if call_id is not None else None
        if before is None:
            return Closed(Outcome.DONE)
        step = ring.advance(before, event, self._ledger.now_ms())
        return self._carry_out(step) if step.effects else Closed(Outcome.DONE)

    def look_again(self, who: Person) -> None:
        """Nobody is taken for ringing because the reaper has not come by yet, or a record was lost."""
        if who.call is not None and who.call not in self._ledger.calls:
            who.call = None
        self.advance(who.call, ring.Ticked())

    def _carry_out(self, step: ring.Step) -> Closed:
        call = step.call
        if call.rings:
            self._ledger.calls[call.id] = call
        else:
            self._ledger.calls.pop(call.id, None)
        for effect in step.effects:
            match effect:
                case ring.Start(person):
                    self._start(self._ledger.known(person), call)
                case ring.Connect(pair, node):
                    self._connect(call, pair, node)
                case ring.Release(person, reason):
                    self.stop(self._ledger.people[person], call, reason)
        return Closed(Outcome.DONE, call=call)

    def _start(self, who: Person, call: Call) -> None:
        """With all their sessions, where they are called. They wait no longer, for as long as it rings."""
        self._ledger.stop_offering(who)
        self._ledger.close_way_back(who)
        who.call = call.id
        self._ledger.forget_some_time(who)
        self._ledger.change(who, CallRings(call))
        self._tell_other_devices(who, call, CallRings(call))

    def rung(self, who: Person) -> Call | None:
        """The call that rings for them, if somebody calls them."""
        self.look_again(who)
        call = self._ledger.calls.get(who.call) if who.call is not None else None
        return call if call is not None and call.callee.person == who.id else None

    def stop(self, who: Person, call: Call, reason: CallEnd) -> None:
        """It came to nothing; who had waited waits on, with the wait of before."""
        who.call = None
        peer = call.peer(who.id)
        who.last_call = call.id, Partner(peer.person, peer.alias, call.mode)
        if who.waiting and who.ticket is not None:
            self._ledger.enqueue(who, who.ticket)
        self._ledger.change(who, CallEnded(call.id, reason, who.ticket if who.waiting else None))
        self._tell_other_devices(who, call, CallEnded(call.id, reason, None))

    def _connect(self, call: Call, pair_id: PairId, node: NodeName | None) -> None:
        ledger = self._ledger
        caller, callee = ledger.people[call.caller.person], ledger.people[call.callee.person]
        sides = _side(caller, call.caller.alias), _side(callee, call.callee.alias)
        now_ms, deadline_ms = ledger.now_ms(), ledger.connect_deadline_ms()
        ledger.put_into(Pair(pair_id, call.mode, sides, now_ms, deadline_ms, node=node, call=call.id))
        self._tell_other_devices(callee, call, CallEnded(call.id, CallEnd.ANSWERED_ELSEWHERE, None))
        if caller.seat_until_ms is not None:
            ledger.advance(pair_id, life.SideAway(caller.id, caller.seat_until_ms))

    def _tell_other_devices(self, who: Person, call: Call, news: News) -> None:
        """Sessions that stand by ring too, and stop."""
        if who.id == call.callee.person:
            for address in who.standby.values():
                self._ledger.tell_session(address, who.rev, news)


def _side(who: Person, alias: str) -> Side:
    return Side(who.id, alias, hidden=who.attention is Attention.HIDDEN)
