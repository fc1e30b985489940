"""Who is here: arrivals and departures, gateways that live and die, and whose time has run out."""

from __future__ import annotations

from duologue.calls import ring
from duologue.ids import CallId, GatewayId, PairId, PersonId, SessionId
from duologue.ledger import (
    ABANDONED_SEAT_MS,
    GATEWAY_LEASE_MS,
    Arrival,
    Attention,
    Caller,
    Claim,
    Closed,
    Outcome,
    StandbyArrival,
)
from duologue.pairs import life
from duologue.pairs.pair import Phase
from duologue.protocol.codes import EndReason
from duologue.store.ledger.records import Due, Epoch, Gateway, Person
from duologue.store.ledger.transition import Transition
from duologue.store.ledger.vouching import vouch


class Presence(Transition):
    """The transitions of `ports.PresenceStore`."""

    def arrive(
        self, person: PersonId, session: SessionId, gateway: GatewayId, resumes: int | None = None
    ) -> Arrival | None:
        self._must_live(gateway)
        self._epoch()
        who = self.ledger.known(person)
        if who.session == session:
            return self._arrival(who)
        if resumes is not None and not self._resumes(who, resumes):
            return None
        self.ringer.look_again(who)
        self._come_in(who, session, gateway)
        return self._arrival(who)

    def _come_in(self, who: Person, session: SessionId, gateway: GatewayId) -> None:
        """This session speaks for them from now on."""
        self.ledger.give_way(who, session)
        self._new_generation(who)
        who.rev += 1
        who.session, who.gateway, who.seat_until_ms, who.forget_at_ms = session, gateway, None, None
        who.attention = Attention.VISIBLE
        if who.seen_ms is not None and not self.ledger.of_this_life(who.seen_ms):
            who.unsure = not self.ledger.knows_blocks(who.id)
        who.seen_ms = self.ledger.now_ms()
        if who.waiting and who.ticket is not None:
            self.ledger.enqueue(who, who.ticket)
        if who.pair is not None:
            self.ledger.advance(who.pair, life.SideBack(who.id))
            self.ledger.advance(who.pair, life.SideHidden(who.id, hidden=False))

    def _arrival(self, who: Person) -> Arrival:
        known = self.ledger.knows_blocks(who.id)
        return Arrival(who.generation, who.rev, self.ledger.state(who), who.attempt, known, who.ticket)

    def _resumes(self, who: Person, generation: int) -> bool:
        """A resume token speaks of the present generation, or it was used before.

        A later one than the ledger knows says that the ledger has gone back in time.
        """
        return generation >= who.generation

    def _new_generation(self, who: Person) -> None:
        """Starting from the clock keeps generations growing even when the ledger forgot somebody, or lost time."""
        who.generation = max(who.generation + 1, self.ledger.now_ms())

    def stand_by(self, person: PersonId, session: SessionId, gateway: GatewayId) -> StandbyArrival:
        self._must_live(gateway)
        self._epoch()
        who, address = self.ledger.known(person), (session, gateway)
        known = [generation for generation, each in who.standby.items() if each == address]
        generation = known[0] if known else self.ledger.let_stand_by(who, address)
        call = self.ringer.rung(who)
        return StandbyArrival(generation, who.rev, call)

    def depart(self, caller: Caller, hold_ms: int) -> Closed:
        present = self._present(caller)
        closed = present if isinstance(present, Closed) else self._hold_seat(present, hold_ms)
        who = self.ledger.people.get(caller.person)
        if closed.outcome is not Outcome.DONE and who is not None:  # also where the ledger went back in time
            who.standby.pop(caller.generation, None)
        return closed

    def abandon(self, person: PersonId, session: SessionId, hold_ms: int) -> Closed:
        who = self.ledger.people.get(person)
        if who is None:
            return Closed(Outcome.DONE)
        who.standby = {at: each for at, each in who.standby.items() if each[0] != session}
        return self._hold_seat(who, hold_ms) if who.session == session else Closed(Outcome.DONE)

    def attend(self, caller: Caller, attention: Attention) -> Outcome:
        def run(who: Person) -> Closed:
            self.ledger.attend(who, attention)
            if who.pair is not None and attention is not Attention.QUIET:
                self.ledger.advance(who.pair, life.SideHidden(who.id, attention is Attention.HIDDEN))
            return Closed(Outcome.DONE)

        return self._once(caller, run).outcome

    def _hold_seat(self, who: Person, hold_ms: int) -> Closed:
        """Their socket is gone: keep their place for a while."""
        self.ledger.stop_offering(who)
        self.ledger.close_way_back(who)
        who.session = who.gateway = None
        if hold_ms <= 0:
            return self._give_up_seat(who, EndReason.LEFT)
        until_ms = who.seat_until_ms = self.ledger.now_ms() + hold_ms
        self.ledger.records.remind(Due(until_ms, "seat", who.id))
        if who.pair is not None:
            self.ledger.advance(who.pair, life.SideAway(who.id, until_ms))
        return Closed(Outcome.DONE)

    def _give_up_seat(self, who: Person, reason: EndReason) -> Closed:
        """They do not wait, call nobody and are in no pair any more; soon they are forgotten. Who is called may still
        come back to it.
        """
        who.seat_until_ms = None
        self.ledger.forget_later(who)
        self.ledger.dequeue(who)
        if who.call is not None:
            return self.ringer.advance(who.call, ring.Withdrawn(who.id))
        return self.ledger.end(who, life.SideLeft(who.id, reason))

    # -- gateways -----------------------------------------------------------------------------

    def keep_alive(self, gateway: GatewayId) -> bool:
        epoch, now_ms = self._epoch(), self.ledger.now_ms()
        known = self._records.gateways.get(gateway)
        until_ms = now_ms + GATEWAY_LEASE_MS
        self._records.gateways[gateway] = Gateway(until_ms, epoch.id, epoch.since_ms)
        self._records.remind(Due(until_ms, "gateway", gateway))
        return known is not None and self._has_vouched(known, epoch)

    def _has_vouched(self, known: Gateway, epoch: Epoch) -> bool:
        return (known.epoch, known.since_ms) == (epoch.id, epoch.since_ms)

    def vouch(self, gateway: GatewayId, claim: Claim) -> bool:
        """False: this session needs a snapshot."""
        self._must_live(gateway)
        return vouch(self.ledger, self.ringer, gateway, claim)

    def give_up_gateway(self, gateway: GatewayId) -> bool:
        """Whether its time is over. From then on nobody arrives through it until it has heard so (`keep_alive`)."""
        lives = self._records.gateways.get(gateway)
        if lives is not None and lives.until_ms > self.ledger.now_ms():
            return False
        self._records.gateways.pop(gateway, None)
        return True

    def lost_gateway(self, person: PersonId, gateway: GatewayId) -> Closed:
        """This gateway was given up: this person lost the sockets that they had there. Not once it lives again: then
        it has vouched for them, or will.
        """
        who = self.ledger.people.get(person)
        if who is None or gateway in self._records.gateways:
            return Closed(Outcome.DONE)
        who.standby = {at: each for at, each in who.standby.items() if each[1] != gateway}
        return self._hold_seat(who, ABANDONED_SEAT_MS) if who.gateway == gateway else Closed(Outcome.DONE)

    def forget_gateway(self, due: Due) -> None:
        """Nobody is on it any more. Nothing happens when it lives again: it needs the reminder. Its outbox stays in any
        case, and goes by itself: a sleeper who comes back reads on from its place.
        """
        if GatewayId(due.name) not in self._records.gateways:
            self._records.done(due)

    # -- time ---------------------------------------------------------------------------------

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
        if due.what == "call":
            call = self.ledger.calls.get(CallId(due.name))
            return call.expires_ms if call is not None else None
        who = self.ledger.people.get(PersonId(due.name))
        if who is None or who.here:
            return None
        if due.what == "seat":
            return who.seat_until_ms
        return who.forget_at_ms if who.pair is None else None  # the pair ends first, and reminds of it anew

    def _expire(self, due: Due) -> Closed:
        if due.what == "pair":
            return self.ledger.advance(PairId(due.name), life.DeadlinePassed())
        if due.what == "call":
            return self._ring_ran_out(CallId(due.name))
        who = self.ledger.people[PersonId(due.name)]
        if due.what == "seat":
            return self._seat_ran_out(who)
        self.ledger.forget(who)
        return Closed(Outcome.DONE)

    def _ring_ran_out(self, call: CallId) -> Closed:
        return self.ringer.advance(call, ring.Ticked())

    def _seat_ran_out(self, who: Person) -> Closed:
        return self._give_up_seat(who, EndReason.LOST)
