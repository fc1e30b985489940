"""That this gateway lives, and who is on it, as the store believes: its lease, and its word for its people.

A store that began anew or gave this gateway up asks by saying that it does not know it. It must not know wires, nor
what becomes of a session that has to begin anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

import structlog

from duologue.errors import OutcomeUnknown
from duologue.gateway.connection import Connection
from duologue.gateway.performer import Performer
from duologue.ids import PersonId, SessionId
from duologue.ledger import Caller
from duologue.ports import PresenceStore
from duologue.tasks import Tasks

log = structlog.get_logger()

KEEP_ALIVE_EVERY_MS = 1_000
"""Far more often than the lease needs it: so a store that began anew soon knows who is here."""
VOUCH_AT_ONCE = 200


class Lease:
    """The lease of one gateway. `resync` sends a connection for a snapshot."""

    def __init__(
        self,
        performer: Performer,
        store: PresenceStore,
        connections: Mapping[SessionId, Connection],
        resync: Callable[[Connection], None],
        tasks: Tasks,
    ) -> None:
        self.known = asyncio.Event()
        """Set once the store knows this gateway."""
        self._performer = performer
        self._store = store
        self._connections = connections
        self._resync = resync
        self._tasks = tasks
        self._unvouched: list[SessionId] = []
        """Whom the store has to hear of."""
        self._once_more: set[SessionId] = set()
        """Of whom it has to hear in the next turn, too: what they have asked, and those who are just coming in, may
        have been answered by the life before.
        """
        self._may_have_phantoms = False
        """Whether the store may believe in sessions that are gone."""

    async def keep(self) -> None:
        """A turn: who lost it has people whom the ledger believes to be gone, or knows nothing of."""
        await self._keep_alive()
        while unvouched := self._unvouched:  # another list, should we have to begin anew meanwhile
            await self._vouch(unvouched[-VOUCH_AT_ONCE:])
            del unvouched[-VOUCH_AT_ONCE:]
            await self._keep_alive()  # to vouch for all of them may take longer than it lasts
        self._unvouched, self._once_more = sorted(self._once_more), set()
        self.known.set()
        if self._may_have_phantoms:
            await self._disown_phantoms()
            self._may_have_phantoms = False

    async def vouch_for(self, connection: Connection) -> None:
        """The ledger does not know that it is here: tell it, before its turn comes. Raises `BackendError`."""
        await self._keep_alive()
        await self._vouch([connection.id])

    async def _keep_alive(self) -> None:
        """Find out whether this gateway has to vouch. It is told so once: an answer that was lost may have said it."""
        try:
            known = await self._store.keep_alive(self._performer.gateway)
        except OutcomeUnknown:
            self._begin_anew()
            raise
        if not known:
            self._begin_anew()
            if self._unvouched:
                log.warning(
                    "gateway_unknown", sockets=len(self._unvouched), hint="the store forgot it: it says who is here"
                )

    def _begin_anew(self) -> None:
        self._unvouched, self._may_have_phantoms = list(self._connections), True
        self._once_more = {each for each, connection in self._connections.items() if connection.is_asking}

    async def _vouch(self, sessions: Iterable[SessionId]) -> None:
        there = [connection for each in sessions if (connection := self._connections.get(each)) is not None]
        said = {connection.id: connection.claim() for connection in there}
        claims = [claim for claim in said.values() if claim is not None]
        self._once_more |= {session for session, claim in said.items() if claim is None}
        for claim in claims:
            if claim.active:
                self._performer.blocks.doubt(Caller(claim.person, claim.generation))
        try:
            behind = await self._store.vouch(self._performer.gateway, claims)
        finally:
            self._abandon_gone((claim.person, claim.session) for claim in claims)
        ahead = [connection.id for connection in there if connection.is_ahead]  # no news comes of what a store forgot
        for session in dict.fromkeys([*behind, *ahead]):
            if (connection := self._connections.get(session)) is not None:
                self._resync(connection)

    async def _disown_phantoms(self) -> None:
        """Whom the store believes to be here, and who is not: it went back in time, and their departure is forgotten.

        A session is among ours from before its arrival until it is gone for good.
        """
        self._abandon_gone(await self._store.sessions_on(self._performer.gateway))

    def _abandon_gone(self, believed: Iterable[tuple[PersonId, SessionId]]) -> None:
        """Those of them whose socket is not here any more. Beside, for it may take long.

        It may have gone while we vouched for it: then our word came last.
        """
        for person, session in believed:
            if session not in self._connections:
                self._tasks.spawn(self._performer.lobby.abandon(person, session), name=f"abandon-{session}")
