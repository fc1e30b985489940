"""Accepts sockets, turns the timing wheel, carries news to connections. One per process."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

import structlog
from picows import (
    WSListener,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)

from duologue.errors import StartupError, Unavailable
from duologue.gateway import events as ev
from duologue.gateway.connection import Connection
from duologue.gateway.performer import Performer
from duologue.gateway.session import Limits, Session, Timing
from duologue.gateway.wheel import Wheel
from duologue.ids import SessionId
from duologue.matching.estimate import QueueStatus
from duologue.matching.rules import Rules
from duologue.ports import Clock, ResyncNeeded, Rng, Store
from duologue.protocol.codec import MAX_FRAME_BYTES
from duologue.protocol.codes import CloseCode
from duologue.protocol.server import VERSION
from duologue.settings import GatewaySettings
from duologue.tasks import Tasks

log = structlog.get_logger()

READ_BUFFER_BYTES = 1024
"""Small on purpose: it is allocated per socket, and most frames fit."""
READ_AT_MOST_BYTES = 4 * MAX_FRAME_BYTES
"""A frame above `MAX_FRAME_BYTES` is answered with our close code; above this it is not even read (code 1009)."""
STATUS_EVERY_MS = 1_000
NEWS_WAIT_MS = 5_000
RETRY_MS = 500


class Gateway:
    """The WebSocket listener and everything its connections share."""

    def __init__(
        self,
        performer: Performer,
        store: Store,
        clock: Clock,
        rng: Rng,
        settings: GatewaySettings,
        rules: Rules,
        tasks: Tasks,
    ) -> None:
        self.performer = performer
        self.clock = clock
        self._store = store
        self._rng = rng
        self._settings = settings
        self._rules = rules
        self._tasks = tasks
        self._connections: dict[SessionId, Connection] = {}
        self._wheel: Wheel[SessionId] = Wheel()
        self._board: dict[str, QueueStatus] = {}
        self._server: asyncio.Server | None = None

    # -- life -------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen. Raises `StartupError` when the port is taken."""
        host, port = self._settings.host, self._settings.port
        try:
            self._server = await ws_create_server(
                self._accept,
                host,
                port,
                enable_auto_pong=False,
                max_frame_size=READ_AT_MOST_BYTES,
                read_buffer_init_size=READ_BUFFER_BYTES,
                backlog=1024,
            )
        except OSError as error:
            raise StartupError(
                f"the gateway cannot listen on {host}:{port} ({error.strerror}). "
                "Is another Duologue running? Stop it, or set DUOLOGUE_GATEWAY__PORT."
            ) from error
        self._tasks.spawn(self._turn_wheel(), name="gateway-wheel")
        self._tasks.spawn(self._carry_news(), name="gateway-news")
        self._tasks.spawn(self._read_status(), name="gateway-status")

    async def stop(self) -> None:
        """Stop listening and send everybody elsewhere; seats stay held for those who come back."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections.values()):
            connection.handle(ev.CutOff(CloseCode.GOING_AWAY))

    # -- what connections need (`connection.Hub`) ----------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.spawn(work, name=name)

    def arm(self, connection: Connection, at_ms: int | None) -> None:
        if at_ms is None:
            self._wheel.disarm(connection.id)
        else:
            self._wheel.arm(connection.id, at_ms)

    def join(self, connection: Connection) -> bool:
        if len(self._connections) >= self._settings.max_connections:
            return False
        self._connections[connection.id] = connection
        return True

    def forget(self, connection: Connection) -> None:
        self._connections.pop(connection.id, None)
        self._wheel.disarm(connection.id)

    # -- accepting --------------------------------------------------------------------------

    def _accept(self, request: WSUpgradeRequest) -> WSListener | WSUpgradeResponseWithListener:
        origin = request.headers.get("Origin")
        if origin is not None and not self._settings.allows(origin):
            log.info("origin_refused", origin=origin[:100], hint="add it to gateway.origins")
            body = b"origin not allowed\n"
            return WSUpgradeResponseWithListener(WSUpgradeResponse.create_error_response(403, body), None)
        offered = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        connection = self._connect()
        if VERSION not in offered:
            connection.refuse(CloseCode.UNSUPPORTED_VERSION)
        chosen = VERSION if VERSION in offered else offered[0]
        headers: Mapping[str, str] = {"Sec-WebSocket-Protocol": chosen} if chosen else {}
        response = WSUpgradeResponse.create_101_response(extra_headers=headers)
        return WSUpgradeResponseWithListener(response, connection)

    def _connect(self) -> Connection:
        session_id = SessionId(self._rng.token())
        session = Session(session_id, self._board, timing=Timing(), limits=Limits(), rules=self._rules)
        return Connection(self, session_id, session)

    # -- loops ------------------------------------------------------------------------------

    async def _turn_wheel(self) -> None:
        while True:
            await self.clock.sleep_ms(self._wheel.slot_ms)
            for session_id in self._wheel.turn(self.clock.now_ms()):
                connection = self._connections.get(session_id)
                if connection is not None:
                    connection.handle(ev.Ticked())

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
            except Unavailable as error:
                log.warning("store_unavailable", detail=str(error))
                await self.clock.sleep_ms(RETRY_MS)
                continue
            for delivery in deliveries:
                connection = self._connections.get(delivery.session)
                if connection is not None:
                    connection.handle(ev.Delivered(delivery))

    def _resync_everybody(self) -> None:
        for connection in list(self._connections.values()):
            connection.handle(ev.CutOff(CloseCode.RESYNC))

    async def _read_status(self) -> None:
        while True:
            try:
                status = await self._store.read_status()
            except Unavailable:
                status = {}
            self._board.clear()
            self._board.update(status)
            await self.clock.sleep_ms(STATUS_EVERY_MS)
