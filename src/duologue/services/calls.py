"""Direct calls: who may call whom, and a session's wishes about it turned into transitions of the store."""

from __future__ import annotations

from typing import TypeVar

from duologue.calls.call import Ring
from duologue.errors import DuologueError
from duologue.ids import CallId, PairId, PersonId
from duologue.ledger import Arrival, Caller, Closed, Outcome
from duologue.nodes import NoSlot
from duologue.ports import Rng, SafetyStore, Store
from duologue.protocol.codes import ErrorCode, Mode
from duologue.services.aliases import two_aliases
from duologue.services.identity import Identity
from duologue.services.issuers import person_of, tenant_of
from duologue.services.lobby import Entry, Lobby, Newcomer
from duologue.services.pairs import Pairs
from duologue.settings import CallSettings

Answer = TypeVar("Answer")


class CallRefused(DuologueError):
    """This call cannot be, or not now; `code` says why."""

    def __init__(self, code: ErrorCode, message: str, retry_after_ms: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after_ms = retry_after_ms


class Calls:
    """What people can do about calls. Errors of the stores pass through."""

    def __init__(
        self,
        store: Store,
        safety: SafetyStore,
        lobby: Lobby,
        pairs: Pairs,
        settings: CallSettings,
        modes: frozenset[Mode],
        rng: Rng,
    ) -> None:
        self._store = store
        self._safety = safety
        self._lobby = lobby
        self._pairs = pairs
        self._settings = settings
        self._modes = modes
        self._rng = rng

    async def call(self, caller: Caller, callee: PersonId, mode: Mode) -> Outcome:
        """Ring somebody. REFUSED for a mode that this installation does not offer. Raises `CallRefused`.

        What is durable says whether one has blocked the other: the ledger may not know of a callee who is not here.
        """
        if mode not in self._modes:
            return Outcome.REFUSED
        apart = await self._has_blocked(caller.person, callee) or await self._has_blocked(callee, caller.person)
        wanted = Ring(
            CallId(self._rng.token()),
            callee,
            mode,
            self._settings.ring_ms,
            two_aliases(self._rng),
            self._new_pair(),
            apart,
        )
        return self._settled(await self._store.call(caller, wanted))

    async def _has_blocked(self, one: PersonId, other: PersonId) -> bool:
        return other in await self._safety.blocked_by(one)

    async def whom(self, who: Identity, to: str) -> PersonId:
        """Who is meant. Tenants never meet, also not by a link; and by name only who is of the same integrator.

        Raises `CallRefused` for a link that nobody is behind. Of a name nobody says whether there is such a person.
        """
        self._must_be_offered()
        behind = await self._safety.person_of(to)
        if behind is not None and tenant_of(behind) == who.tenant:
            return behind
        if self._settings.who == "anyone_in_tenant" and not who.guest:
            return person_of(who.tenant, to)
        raise CallRefused(ErrorCode.UNKNOWN_LINK, "nobody is behind this link (any more)")

    async def accept(self, caller: Caller, call: CallId) -> Outcome:
        """Take a call. Raises `CallRefused` where no media server takes another pair; it rings on."""
        return self._settled(await self._store.accept(caller, call, self._new_pair()))

    async def answer(self, identity: Identity, newcomer: Newcomer, call: CallId, expires_ms: int) -> Entry | None:
        """The same with a session that stands by, which takes over. None: it rings no more.

        Raises `CallRefused`, `SocketGone`.
        """
        pair = self._new_pair()

        async def ask() -> Arrival | NoSlot | None:
            return await self._store.answer(identity.person, newcomer.session, newcomer.gateway, call, pair)

        arrival = _with_slot(await self._lobby.ask_while_there(identity.person, newcomer, ask))
        if arrival is None:
            return None
        self._pairs.settle(Closed(Outcome.DONE, call=arrival.answered))
        return await self._lobby.entry(identity, arrival, expires_ms)

    async def decline(self, caller: Caller, call: CallId) -> Outcome:
        """Do not take it."""
        return self._settled(await self._store.decline(caller, call))

    async def cancel(self, caller: Caller, call: CallId) -> Outcome:
        """Ring no more."""
        return self._settled(await self._store.cancel_call(caller, call))

    async def link(self, person: PersonId, *, renew: bool) -> str:
        """By what others may call this person. Raises `CallRefused`."""
        self._must_be_offered()
        return await self._safety.link_of(person, renew=renew)

    def _must_be_offered(self) -> None:
        if self._settings.who == "nobody":
            raise CallRefused(ErrorCode.NOT_AVAILABLE, "this server offers no calls")

    def _new_pair(self) -> PairId:
        return PairId(self._rng.token())

    def _settled(self, closed: Closed | NoSlot) -> Outcome:
        return self._pairs.settle(_with_slot(closed))


def _with_slot(answer: Answer | NoSlot) -> Answer:
    if isinstance(answer, NoSlot):
        raise CallRefused(ErrorCode.MEDIA_FAILED, "no media server can take a talk right now", answer.retry_after_ms)
    return answer
