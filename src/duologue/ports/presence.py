"""The part of the store about who is here. What holds for all of its methods stands in `store.py`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from duologue.ids import GatewayId, PersonId, SessionId
from duologue.ledger import Arrival, Attention, Caller, Claim, Closed, Outcome, StandbyArrival


class PresenceStore(Protocol):
    """Who is here, and through which gateway."""

    async def arrive(
        self, person: PersonId, session: SessionId, gateway: GatewayId, resumes: int | None = None
    ) -> Arrival | None:
        """Make this the active session of the person and raise their generation.

        `resumes` is the generation that a resume token speaks of: None is returned, and nothing
        changes, when the person has another one by now (the token was used before). A person whom
        the store does not know is welcome with any token: tokens outlive the store.

        The session that was active gets `Superseded` and stands by; beyond `MAX_SESSIONS` in all,
        the one that stood by longest gets `Dropped`. A held seat is taken again: the partner hears
        that they are back, a ticket is offered again. News for `session` may arrive before this
        returns; none of it is older than the returned `rev`. Repeating it for the active session
        repeats the answer.
        """

    async def stand_by(self, person: PersonId, session: SessionId, gateway: GatewayId) -> StandbyArrival:
        """This session of the person stands by, whether another one is active or nobody is here.

        Nobody gives way to it, a held seat is not taken, and what the person does goes on. Beyond `MAX_SESSIONS` in
        all, the one that stood by longest gets `Dropped`. Repeating it repeats the answer.
        """

    async def depart(self, caller: Caller, hold_ms: int) -> Closed:
        """The socket of this session is gone.

        The seat is held for `hold_ms`: a ticket is not offered meanwhile, a partner hears until
        when. With 0 it is given up at once. A session that stood by is forgotten, and nothing
        else changes.
        """

    async def abandon(self, person: PersonId, session: SessionId, hold_ms: int) -> Closed:
        """The same for a session that may have arrived or not: its socket is gone, and its answer was lost."""

    async def attend(self, caller: Caller, attention: Attention) -> Outcome:
        """Note how likely this person would notice a partner; starts as VISIBLE with each session.

        A ticket keeps its wait through all of this. A partner hears HIDDEN and VISIBLE.
        """

    async def remember_blocks(self, person: PersonId, blocked: Collection[PersonId]) -> None:
        """All whom this person has blocked, as the `SafetyStore` knows: they hold from now on, and are at hand later.

        Who was vouched for in a store that began anew is offered from then on. Nothing happens when the person is not
        known.
        """

    async def keep_alive(self, gateway: GatewayId) -> bool:
        """This gateway lives: its people are believed to be here for another `GATEWAY_LEASE_MS`.

        False: it was given up meanwhile (or is new), or the store began anew. Then it has to vouch for its sessions.
        That is said once, so an answer that was lost counts as False.
        """

    async def vouch(self, gateway: GatewayId, claims: Sequence[Claim]) -> list[SessionId]:
        """These sessions are connected, and were told this. Where the store knows less, it takes their word for it.

        Returns those who need a snapshot, because the store knows more. Who waited waits on with the
        same wait; after the store began anew they are not offered before `remember_blocks`. A pair
        that one side alone speaks of ends after `VOUCH_WITHIN_MS`. One transition for each session;
        `Unavailable` when the gateway was given up.
        """

    async def sessions_on(self, gateway: GatewayId) -> list[tuple[PersonId, SessionId]]:
        """Who is on this gateway, as the ledger believes: by their active session or one that stands by.

        Each is true of some instant of this call. A store that went back in time knows sessions that are gone; only
        their gateway can tell.
        """

    async def expire(self) -> list[Closed]:
        """Give up every seat, pair, call and gateway whose time is over; returns what ended by that.

        The people of a gateway that is given up departed, and their seats are held for
        `ABANDONED_SEAT_MS`. The caller owns what follows, as after any other end. Safe to run anywhere, any
        number of times at once.
        """
