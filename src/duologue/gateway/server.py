"""Takes connections, turns the timing wheel, carries news to connections. One per process.

It must not know sockets: `sockets.listen` brings them, a simulation calls `accept` itself.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from typing import Any

import structlog

from duologue.errors import BackendError
from duologue.gateway import events as ev
from duologue.gateway.connection import Connection
from duologue.gateway.performer import Performer
from duologue.gateway.session import Limits, Session, Timing
from duologue.gateway.wheel import Wheel
from duologue.ids import PersonId, SessionId
from duologue.ledger import GATEWAY_LEASE_MS, Delivery
from duologue.matching.estimate import QueueStatus
from duologue.matching.widen import Widening
from duologue.ports import Clock, ResyncNeeded, Rng, Store
from duologue.protocol.codes import CloseCode
from duologue.protocol.server import PeerTyping
from duologue.settings import GatewaySettings
from duologue.tasks import Tasks

log = structlog.get_logger()

STATUS_EVERY_MS = 1_000
KEEP_ALIVE_EVERY_MS = GATEWAY_LEASE_MS // 3
NEWS_WAIT_MS = 5_000
RETRY_MS = 500


class Gateway:
    """Everything that the connections of one process share."""

    def __init__(
        self,
        performer: Performer,
        store: Store,
        clock: Clock,
        rng: Rng,
        settings: GatewaySettings,
        widening: Widening,
        tasks: Tasks,
    ) -> None:
        self.performer = performer
        self.clock = clock
        self._store = store
        self._rng = rng
        self.settings = settings
        self._widening = widening
        self._tasks = tasks
        self._connections: dict[SessionId, Connection] = {}
        self._wheel: Wheel[SessionId] = Wheel()
        self._board: dict[str, QueueStatus] = {}
        self._people: dict[PersonId, Connection] = {}

    # -- life -------------------------------------------------------------------------------

    def start(self) -> None:
        """Run the loops, until the tasks are cancelled. Taking connections is somebody else's."""
        self._tasks.spawn(self._stay_alive(), name="gateway-lease")
        self._tasks.spawn(self._turn_wheel(), name="gateway-wheel")
        self._tasks.spawn(self._carry_news(), name="gateway-news")
        self._tasks.spawn(self._read_status(), name="gateway-status")

    async def stop(self) -> None:
        """Send everybody elsewhere; seats stay held for those who come back."""
        for connection in list(self._connections.values()):
            connection.handle(ev.CutOff(CloseCode.GOING_AWAY))

    def accept(self, address: str) -> tuple[Connection, CloseCode | None]:
        """A connection for a new socket of this address, and why it is not welcome, if so.

        Whoever owns the wire calls `Connection.opened` with both next.
        """
        session_id = SessionId(self._rng.token())
        session = Session(session_id, self._board, timing=Timing(), limits=Limits(), widening=self._widening)
        connection = Connection(self, session_id, session, address)
        if len(self._connections) >= self.settings.max_connections:
            return connection, CloseCode.OVERLOADED
        self._connections[session_id] = connection
        return connection, None

    # -- what connections need (`connection.Hub`) ----------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.spawn(work, name=name)

    def arm(self, connection: Connection, at_ms: int | None) -> None:
        if at_ms is None:
            self._wheel.disarm(connection.id)
        else:
            self._wheel.arm(connection.id, at_ms)

    def entered(self, connection: Connection, person: PersonId) -> None:
        self._people[person] = connection

    def relay(self, to: PersonId, message: PeerTyping) -> bool:
        peer = self._people.get(to)
        return peer is not None and peer.hear(message)

    def forget(self, connection: Connection) -> None:
        self._connections.pop(connection.id, None)
        self._wheel.disarm(connection.id)
        person = connection.person
        if person is not None and self._people.get(person) is connection:
            del self._people[person]

    # -- what the loops do ---------------------------------------------------------------------

    def tick(self) -> None:
        """Turn the wheel up to now."""
        for session_id in self._wheel.turn(self.clock.now_ms()):
            connection = self._connections.get(session_id)
            if connection is not None:
                connection.ticked()

    def deliver(self, deliveries: Iterable[Delivery]) -> None:
        """Hand news to the sessions they are for; who is gone needs none."""
        for delivery in deliveries:
            connection = self._connections.get(delivery.session)
            if connection is not None:
                connection.handle(ev.Delivered(delivery))

    # -- loops ------------------------------------------------------------------------------

    async def _stay_alive(self) -> None:
        """Keep the lease; whoever lost it has people whom the ledger believes to be gone."""
        while True:
            try:
                if not await self._store.keep_alive(self.performer.gateway) and self._connections:
                    log.error("gateway_given_up", hint="it was silent for too long; everybody gets a snapshot")
                    self._resync_everybody()
            except BackendError as error:
                log.warning("store_unavailable", detail=str(error))
            await self.clock.sleep_ms(KEEP_ALIVE_EVERY_MS)

    async def _turn_wheel(self) -> None:
        while True:
            await self.clock.sleep_ms(self._wheel.slot_ms)
            self.tick()

    async def _carry_news(self) -> None:
        position = 0
        while True:
            try:
                deliveries, position = await self._store.read_news(self.performer.gateway, position, NEWS_WAIT_MS)
            except ResyncNeeded as behind:
                log.error("news_lost", hint="this gateway fell behind; everybody on it gets a snapshot")
                position = behind.position
                self._resync_everybody()
                continue
            except BackendError as error:
                log.warning("store_unavailable", detail=str(error))
                await self.clock.sleep_ms(RETRY_MS)
                continue
            self.deliver(deliveries)

    def _resync_everybody(self) -> None:
        for connection in list(self._connections.values()):
            connection.handle(ev.CutOff(CloseCode.RESYNC))

    async def _read_status(self) -> None:
        while True:
            try:
                status = await self._store.read_status()
            except BackendError:
                status = {}
            self._board.clear()
            self._board.update(status)
            await self.clock.sleep_ms(STATUS_EVERY_MS)
