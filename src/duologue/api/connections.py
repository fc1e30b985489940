"""How long an HTTP connection may take, and who has to go when there are too many.

uvicorn waits for ever: for the first byte, for the rest of a head or a body, and for somebody to read
an answer. So a stranger could hold every slot with sockets that say nothing. Must not know what the
requests are about.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
import structlog
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from duologue.metrics import definitions as metrics
from duologue.settings import HttpSettings

log = structlog.get_logger()


class Slots(ServerState):
    """The connections of one listener."""

    def __init__(self, settings: HttpSettings) -> None:
        super().__init__()
        self.settings = settings
        self.waiting: dict[PatientConnection, None] = {}
        """Those that owe a request, the one that waits longest first. They make room for newcomers."""

    def make_room(self) -> None:
        """Within the bound, or nobody is waiting: then uvicorn answers 503."""
        if len(self.connections) > self.settings.max_connections and self.waiting:
            longest = next(iter(self.waiting))
            self.connections.discard(longest)
            longest.let_go()
            metrics.BOUNDS_HIT.inc("http_connections")
            log.warning("http_full", hint="who waited longest without a request was closed; see http.max_connections")


class PatientConnection(H11Protocol):
    """uvicorn's connection, with a deadline: for a whole request, then for the answer to be taken."""

    server_state: Slots

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        assert isinstance(server_state, Slots), "only `HttpServer` makes these"
        super().__init__(config, server_state, app_state, _loop)
        self._slots = server_state
        self._owes_request: bool | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn does
        super().connection_made(transport)
        self._slots.make_room()
        self._begin()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._owes_request is not self._request_is_due():
            self._begin()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._end()

    def let_go(self) -> None:
        """Close, whatever is unsent: nobody took it in time."""
        self._end()
        self.transport.abort()

    def _begin(self) -> None:
        """The next thing is awaited: a request, or that the answer is taken."""
        self._end()
        self._owes_request = self._request_is_due()
        settings = self._slots.settings
        if self._owes_request:
            self._slots.waiting[self] = None
        within_ms = settings.request_ms if self._owes_request else settings.answer_ms
        self._deadline = self.loop.call_later(within_ms / 1000, self.let_go)

    def _end(self) -> None:
        self._slots.waiting.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()

    def _request_is_due(self) -> bool:
        """Not while something of the last answer is unsent: slow readers are no silent ones."""
        unfinished = self.conn.their_state in {h11.IDLE, h11.SEND_BODY}
        return unfinished and not self.transport.get_write_buffer_size()
