"""Coming in, waiting, moving on and leaving: a session's wishes turned into transitions of the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

from duologue.errors import DuologueError, OutcomeUnknown, TokenRefused
from duologue.ids import GatewayId, PairId, PersonId, SessionId
from duologue.ledger import ABANDONED_SEAT_MS, Arrival, Attention, Caller, Outcome, StandbyArrival
from duologue.matching.rules import Rules
from duologue.matching.ticket import Cohort, Ticket
from duologue.ports import Clock, Store
from duologue.protocol.client import Filters
from duologue.protocol.codes import Mode
from duologue.services.blocks import Blocks
from duologue.services.identity import Grant, Identity, Resumed, TokenOffice
from duologue.services.insist import insist
from duologue.services.pairs import Pairs

ATTEND_FOR_MS = 30_000

Answer = TypeVar("Answer")


class Entry(NamedTuple):
    """Somebody came in."""

    identity: Identity
    arrival: Arrival
    resume_token: str
    expires_ms: int
    """When their token's time is over."""


class StandbyEntry(NamedTuple):
    """A session of somebody stands by."""

    identity: Identity
    arrival: StandbyArrival
    expires_ms: int


class Renewal(NamedTuple):
    """Somebody stays longer."""

    identity: Identity
    resume_token: str
    expires_ms: int


class Newcomer(NamedTuple):
    """A socket that somebody comes in on."""

    session: SessionId
    gateway: GatewayId
    is_there: Callable[[], bool]
    """Whether the socket is still open."""
    person: PersonId | None = None
    """Who came in on it before: nobody else may."""


class SocketGone(DuologueError):
    """Nobody waits for this arrival any more; the ledger knows that, too."""


class ResumeSpent(TokenRefused):
    """This resume token was used before, or its session is over."""


class Lobby:
    """What people can do outside a talk. Errors of the store pass through."""

    def __init__(
        self,
        store: Store,
        tokens: TokenOffice,
        pairs: Pairs,
        blocks: Blocks,
        rules: Rules,
        modes: frozenset[Mode],
        clock: Clock,
    ) -> None:
        self._clock = clock
        self._store = store
        self._tokens = tokens
        self._pairs = pairs
        self._blocks = blocks
        self._rules = rules
        self._modes = modes

    def grant(self, token: str) -> Grant:
        """What a session token says. Raises `TokenRefused`, `Unavailable`."""
        return self._tokens.grant(token)

    async def enter(self, grant: Grant, newcomer: Newcomer) -> Entry:
        """Come in with a session token. Raises `TokenRefused`, `SocketGone`."""
        arrival = await self._arrive(grant.identity, newcomer)
        assert arrival is not None, "only a resume can be spent"
        return await self.entry(grant.identity, arrival, grant.expires_ms)

    async def stand_by(self, grant: Grant, newcomer: Newcomer) -> StandbyEntry:
        """Stand by, with a session token. Raises `SocketGone`."""
        person = grant.identity.person

        async def ask() -> StandbyArrival:
            return await self._store.stand_by(person, newcomer.session, newcomer.gateway)

        return StandbyEntry(grant.identity, await self.ask_while_there(person, newcomer, ask), grant.expires_ms)

    def resumed(self, token: str) -> Resumed:
        """What a resume token says. Raises `TokenRefused`."""
        return self._tokens.verify_resume(token)

    async def resume(self, resumed: Resumed, newcomer: Newcomer) -> Entry:
        """Come back with a resume token. Raises `TokenRefused`, `ResumeSpent`, `SocketGone`."""
        arrival = await self._arrive(resumed.identity, newcomer, resumed.generation)
        if arrival is None:
            raise ResumeSpent("this resume token was used before")
        return await self.entry(resumed.identity, arrival, resumed.expires_ms)

    def renew(self, present: Identity, token: str, generation: int) -> Renewal:
        """Stay longer, with a newer token of the same person. Raises `TokenRefused`, `Unavailable`."""
        grant = self._tokens.grant(token)
        if (grant.identity.person, grant.identity.tenant) != (present.person, present.tenant):
            raise TokenRefused("this token is somebody else's")
        resume_token = self._tokens.mint_resume(grant.identity, generation, grant.expires_ms)
        return Renewal(grant.identity, resume_token, grant.expires_ms)

    async def find(self, caller: Caller, identity: Identity, attempt: int, filters: Filters) -> Outcome:
        """Wait for a partner. REFUSED for a mode that this installation does not offer. Raises `ValueRefused`,
        and `Unavailable` where nobody could tell yet whom this person has blocked.
        """
        if filters.mode not in self._modes:
            return Outcome.REFUSED
        ticket = self._ticket(identity, attempt, filters)
        await self._blocks.make_sure(caller.person)
        return await self._store.find(caller, ticket)

    async def cancel(self, caller: Caller, attempt: int) -> Outcome:
        """Stop waiting."""
        return self._pairs.settle(await self._store.cancel(caller, attempt))

    async def next(
        self, caller: Caller, identity: Identity, pair: PairId, attempt: int, filters: Filters | None
    ) -> Outcome:
        """Leave this partner and wait for another, with new wishes or the last ones. Raises as `find` does."""
        if filters is not None and filters.mode not in self._modes:
            return Outcome.REFUSED
        ticket = None if filters is None else self._ticket(identity, attempt, filters)
        await self._blocks.make_sure(caller.person)
        return self._pairs.settle(await self._store.next(caller, pair, attempt, ticket))

    async def leave(self, caller: Caller, pair: PairId) -> Outcome:
        """Leave this partner."""
        return self._pairs.settle(await self._store.leave(caller, pair))

    async def depart(self, caller: Caller, hold_ms: int) -> Outcome:
        """The socket is gone. Asks until the ledger knows it."""
        self._blocks.departed(caller)
        return self._pairs.settle(await insist(self._clock, lambda: self._store.depart(caller, hold_ms)))

    async def _arrive(self, identity: Identity, newcomer: Newcomer, resumes: int | None = None) -> Arrival | None:
        """If it is not known whether somebody came in, ask until it is: or the ledger might keep a ghost.

        Asking again for a socket that is gone could take over from the next one of the same person.
        """
        if newcomer.person not in (None, identity.person):
            raise TokenRefused("this token is somebody else's")

        async def ask() -> Arrival | None:
            return await self._store.arrive(identity.person, newcomer.session, newcomer.gateway, resumes)

        return await self.ask_while_there(identity.person, newcomer, ask)

    async def ask_while_there(
        self, person: PersonId, newcomer: Newcomer, ask: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """Ask a store to let a socket in. Once an answer was lost, ask until it is known whether it did: that it
        could not be asked again says nothing of the first time. Raises `SocketGone`, and `Unavailable` if it did not.
        """

        async def ask_if_there() -> Answer:
            if not newcomer.is_there():
                raise SocketGone
            return await ask()

        try:
            try:
                return await ask_if_there()
            except OutcomeUnknown:
                return await insist(self._clock, ask_if_there)
        except SocketGone:
            await self.abandon(person, newcomer.session)
            raise

    async def abandon(self, person: PersonId, session: SessionId) -> None:
        """The socket of this session is gone, whatever the ledger knows of it. Asks until the ledger knows that."""
        self._pairs.settle(await insist(self._clock, lambda: self._store.abandon(person, session, ABANDONED_SEAT_MS)))

    async def attend(self, caller: Caller, attention: Attention) -> None:
        """How likely this person would notice a partner. That they are there again is not lost to one bad moment."""
        for_ms = 0 if attention is Attention.QUIET else ATTEND_FOR_MS
        await insist(self._clock, lambda: self._store.attend(caller, attention), for_ms=for_ms)

    async def entry(self, identity: Identity, arrival: Arrival, expires_ms: int) -> Entry:
        """What follows for somebody whom the store let in."""
        await self._blocks.arrived(Caller(identity.person, arrival.generation), known=arrival.blocks_known)
        resume_token = self._tokens.mint_resume(identity, arrival.generation, expires_ms)
        return Entry(identity, arrival, resume_token, expires_ms)

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
