"""Coming in, waiting, moving on and leaving: a session's wishes turned into transitions of the store."""

from __future__ import annotations

from typing import NamedTuple

from duologue.errors import TokenRefused
from duologue.ids import GatewayId, PairId, SessionId
from duologue.ledger import Arrival, Caller, Outcome
from duologue.matching.rules import Rules
from duologue.matching.ticket import Cohort, Ticket
from duologue.ports import Store
from duologue.protocol.client import Filters
from duologue.protocol.codes import Mode
from duologue.services.identity import Identity, TokenOffice
from duologue.services.pairs import Pairs


class Entry(NamedTuple):
    """Somebody came in."""

    identity: Identity
    arrival: Arrival
    resume_token: str


class ResumeSpent(TokenRefused):
    """This resume token was used before, or its session is over."""


class Lobby:
    """What people can do outside a talk. Errors of the store pass through."""

    def __init__(self, store: Store, tokens: TokenOffice, pairs: Pairs, rules: Rules, modes: frozenset[Mode]) -> None:
        self._store = store
        self._tokens = tokens
        self._pairs = pairs
        self._rules = rules
        self._modes = modes

    async def enter(self, token: str, session: SessionId, gateway: GatewayId) -> Entry:
        """Come in with a session token. Raises `TokenRefused`."""
        identity = self._tokens.verify(token)
        arrival = await self._store.arrive(identity.person, session, gateway)
        assert arrival is not None, "only a resume can be spent"
        return self._entry(identity, arrival)

    async def resume(self, token: str, session: SessionId, gateway: GatewayId) -> Entry:
        """Come back with a resume token. Raises `TokenRefused`, `ResumeSpent`."""
        resumed = self._tokens.verify_resume(token)
        person = resumed.identity.person
        arrival = await self._store.arrive(person, session, gateway, resumed.generation)
        if arrival is None:
            raise ResumeSpent("this resume token was used before")
        return self._entry(resumed.identity, arrival)

    async def find(self, caller: Caller, identity: Identity, attempt: int, filters: Filters) -> Outcome:
        """Wait for a partner. REFUSED for a mode that this installation does not offer. Raises `ValueRefused`."""
        if filters.mode not in self._modes:
            return Outcome.REFUSED
        return await self._store.find(caller, self._ticket(identity, attempt, filters))

    async def cancel(self, caller: Caller, attempt: int) -> Outcome:
        """Stop waiting."""
        return self._pairs.settle(await self._store.cancel(caller, attempt))

    async def next(
        self, caller: Caller, identity: Identity, pair: PairId, attempt: int, filters: Filters | None
    ) -> Outcome:
        """Leave this partner and wait for another, with new wishes or the last ones."""
        if filters is not None and filters.mode not in self._modes:
            return Outcome.REFUSED
        ticket = None if filters is None else self._ticket(identity, attempt, filters)
        return self._pairs.settle(await self._store.next(caller, pair, attempt, ticket))

    async def leave(self, caller: Caller, pair: PairId) -> Outcome:
        """Leave this partner."""
        return self._pairs.settle(await self._store.leave(caller, pair))

    async def depart(self, caller: Caller, hold_ms: int) -> Outcome:
        """The socket is gone."""
        return self._pairs.settle(await self._store.depart(caller, hold_ms))

    def _entry(self, identity: Identity, arrival: Arrival) -> Entry:
        return Entry(identity, arrival, self._tokens.mint_resume(identity, arrival.generation))

    def _ticket(self, identity: Identity, attempt: int, filters: Filters) -> Ticket:
        """A ticket as far as the person decides it; wishes about facets that do not exist are dropped.

        Raises `ValueRefused` for a wish that nobody can meet.
        """
        return Ticket(
            person=identity.person,
            attempt=attempt,
            rev=0,
            cohort=Cohort(identity.tenant, filters.mode, identity.age_band, identity.trust_pool),
            since_ms=0,
            facets=identity.facets,
            wants=self._rules.known_wants(filters.wants),
            strict=frozenset(filters.strict) & frozenset(self._rules.names),
            interests=frozenset(word.strip().casefold() for word in filters.interests if word.strip()),
            auto_next=filters.auto_next,
        )
