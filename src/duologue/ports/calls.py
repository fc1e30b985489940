"""The part of the store about who calls whom. `store.py` says what holds for all of it."""

from __future__ import annotations

from typing import Protocol

from duologue.calls.call import Ring
from duologue.ids import CallId, GatewayId, PairId, PersonId, SessionId
from duologue.ledger import Arrival, Caller, Closed
from duologue.nodes import NoSlot


class CallStore(Protocol):
    """Who calls whom. Whatever names a call that rings no more is DONE and changes nothing."""

    async def call(self, caller: Caller, wanted: Ring) -> Closed | NoSlot:
        """Ring somebody, at all their sessions, also where they have none just now. Both hear `CallRings`.

        Who waits waits no longer while it rings, and waits on with the same wait if it comes to
        nothing. A callee in a pair, or in another call, is busy: the caller hears `CallEnded`. If
        one has blocked the other, the caller alone hears that it rings. Who calls somebody who is
        calling them accepts that call. REFUSED for oneself, and for who is in a pair or another
        call. `Unavailable` while a store that began anew hears who is here.
        """

    async def accept(self, caller: Caller, call: CallId, pair: PairId) -> Closed | NoSlot:
        """Take a call: it becomes this pair, of which both hear, and the callee's other sessions hear
        `ANSWERED_ELSEWHERE`. All but text takes a join slot; `NoSlot` when there is none, and it rings on.
        """

    async def answer(
        self, person: PersonId, session: SessionId, gateway: GatewayId, call: CallId, pair: PairId
    ) -> Arrival | NoSlot | None:
        """The same from a session that stands by, which becomes the active one in the same step, as by `arrive`.

        None, and nothing changed, where that call rings no more, or nobody knows of that session.
        """

    async def decline(self, caller: Caller, call: CallId) -> Closed:
        """Do not take a call; it ends for both. A session that stands by may do so too."""

    async def cancel_call(self, caller: Caller, call: CallId) -> Closed:
        """Stop ringing. Where the answer crossed it, and always later, the pair that it became ends (LEFT)."""
