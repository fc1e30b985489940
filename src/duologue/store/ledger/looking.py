"""What the ledger knows of one person, for who asks. Changes nothing."""

from __future__ import annotations

from duologue.ids import GatewayId, PersonId, SessionId
from duologue.ledger import Idle, PersonState, PersonView
from duologue.store.ledger.records import Person
from duologue.store.ledger.transition import Transition


class Looking(Transition):
    """What `ports.LookingStore` asks of one person."""

    def look(self, person: PersonId) -> PersonView | None:
        who = self.ledger.people.get(person)
        return self._view(who) if who is not None else None

    def sessions_on(self, person: PersonId, gateway: GatewayId) -> list[SessionId]:
        who = self.ledger.people.get(person)
        return [session for session, where in who.addresses if where == gateway] if who is not None else []

    def _view(self, who: Person) -> PersonView:
        return PersonView(
            person=who.id,
            at_ms=self.ledger.now_ms(),
            state=self._state(who),
            wishes=who.ticket,
            offered=who.offered,
            gateway=who.gateway,
            vouched=self._vouched(who),
            attention=who.attention,
            standby=len(who.standby),
            blocks_known=not who.unsure,
            seen_ms=who.seen_ms,
            seat_until_ms=who.seat_until_ms,
            forget_at_ms=who.forget_at_ms,
        )

    def _state(self, who: Person) -> PersonState:
        """What they do. A pair or call that was forgotten is none any more, whatever their record says."""
        pair_gone = who.pair is not None and who.pair not in self.ledger.pairs
        call_gone = who.call is not None and who.call not in self.ledger.calls
        return Idle() if pair_gone or call_gone else self.ledger.state(who)

    def _vouched(self, who: Person) -> bool:
        """Whether somebody who is alive says, in this life of the store, that they are here."""
        if who.gateway is None or not self.ledger.of_this_life(who.seen_ms):
            return False
        return who.gateway in self._records.gateways
