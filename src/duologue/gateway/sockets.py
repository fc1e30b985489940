"""Real WebSockets: the only file that knows picows. It turns sockets into wires, and upgrades into connections.

What a client may send and what follows from it is not decided here.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import structlog
from picows import (
    WSCloseCode,
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)

from duologue.errors import StartupError
from duologue.gateway import events as ev
from duologue.gateway.connection import Connection
from duologue.gateway.server import Gateway
from duologue.protocol.codec import MAX_FRAME_BYTES
from duologue.protocol.codes import CloseCode
from duologue.protocol.server import VERSION
from duologue.safety.text import place_for_log

if TYPE_CHECKING:
    from picows.picows import WSCloseHandshake

log = structlog.get_logger()

READ_BUFFER_BYTES = 1024
"""Small on purpose: it is allocated per socket, and most frames fit."""
READ_AT_MOST_BYTES = 4 * MAX_FRAME_BYTES
"""A frame above `MAX_FRAME_BYTES` is answered with our close code; above this it is not even read (code 1009)."""
DEAD_PEER = (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 3), ("TCP_KEEPCNT", 2), ("TCP_USER_TIMEOUT", 11_000))
"""A dead phone is found by the kernel in about 11 s, without a byte of ours; the last one (RFC 5482) does
the same where a byte of ours is on the way, because keepalive waits for that."""


async def listen(gateway: Gateway, *, shared: bool = False) -> asyncio.Server:
    """Take connections for this gateway. Raises `StartupError` when the port is taken.

    `shared`: so do other processes on the same port, and the kernel gives each of them its share.
    """
    settings = gateway.settings
    host, port = settings.host, settings.port

    def upgrade(request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        return _upgrade(gateway, request)

    try:
        return await ws_create_server(
            upgrade,
            host,
            port,
            enable_auto_pong=False,
            websocket_handshake_timeout=settings.upgrade_ms / 1000,
            max_frame_size=READ_AT_MOST_BYTES,
            read_buffer_init_size=READ_BUFFER_BYTES,
            backlog=1024,
            reuse_port=shared or None,
            # One for all: by name, picows makes a logger (and its caches) for every connection.
            logger_name=logging.LoggerAdapter(logging.getLogger("picows.server"), {}),
        )
    except OSError as error:
        raise StartupError(
            f"the gateway cannot listen on {host}:{port} ({error.strerror}). "
            "Is another Duologue running? Stop it, or set DUOLOGUE_GATEWAY__PORT."
        ) from error


def _upgrade(gateway: Gateway, request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
    origin = request.headers.get("Origin")
    if origin is not None and not gateway.settings.allows(origin):
        log.info("origin_refused", origin=place_for_log(origin), hint="add it to gateway.origins")
        return _error(403, b"origin not allowed\n")
    if gateway.crowded:
        return _error(503, b"too many are turned away already\n")
    offered = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
    refusal = None if VERSION in offered else ev.CutOff(CloseCode.UNSUPPORTED_VERSION)
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", []))
    chosen = VERSION if VERSION in offered else offered[0]
    headers: Mapping[str, str] = {"Sec-WebSocket-Protocol": chosen} if chosen else {}
    response = WSUpgradeResponse.create_101_response(extra_headers=headers)
    return WSUpgradeResponseWithListener(response, _Socket(gateway, forwarded, refusal))


def _error(status: int, body: bytes) -> WSUpgradeResponseWithListener:
    return WSUpgradeResponseWithListener(WSUpgradeResponse.create_error_response(status, body), None)


class _Socket(WSListener):  # type: ignore[misc,unused-ignore] # a compiled class
    """One WebSocket: tells its connection what comes, and is the wire for what goes."""

    __slots__ = ("_connection", "_forwarded", "_gateway", "_refusal", "_transport")

    _connection: Connection
    _transport: WSTransport

    def __init__(self, gateway: Gateway, forwarded: str, refusal: ev.CutOff | None) -> None:
        super().__init__()
        self._gateway = gateway
        self._forwarded = forwarded
        self._refusal = refusal

    # -- called by picows -------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        _tune(transport, self._gateway.settings.write_soft_bytes)
        peer = transport.underlying_transport.get_extra_info("peername")
        self._connection, refusal = self._gateway.accept(str(peer[0]) if peer else "", self._forwarded)
        self._connection.opened(self, self._refusal or refusal)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:  # noqa: ARG002 - picows' signature
        if frame.msg_type == WSMsgType.TEXT or frame.msg_type == WSMsgType.BINARY:  # noqa: PLR1714 - compiled enums
            if frame.fin:
                self._connection.received(frame.get_payload_as_bytes())
            else:
                self._connection.violated(CloseCode.PROTOCOL_ERROR, "only whole text messages are taken")
        elif frame.msg_type == WSMsgType.CLOSE:
            code = frame.get_close_code()
            # "No code" has a number that must not be on the wire (RFC 6455, section 7.4.1).
            self._connection.leaving(int(cast("int", WSCloseCode.OK if code == WSCloseCode.NO_INFO else code)))
        elif frame.msg_type == WSMsgType.PING:
            self._connection.violated(CloseCode.PROTOCOL_ERROR, "use pong messages, not WebSocket pings")
        else:
            self._connection.violated(CloseCode.PROTOCOL_ERROR, "only whole text messages are taken")

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._connection.closed(_close_code(transport))

    def pause_writing(self) -> None:
        self._connection.writable(yes=False)

    def resume_writing(self) -> None:
        self._connection.writable(yes=True)

    # -- called by the connection (`connection.Wire`) --------------------------------------------

    def send(self, frame: bytes) -> None:
        self._transport.send(WSMsgType.TEXT, frame)

    def close(self, code: int, reason: str) -> None:
        self._transport.send_close(cast("WSCloseCode", code), reason.encode())
        self._transport.disconnect()

    def abort(self) -> None:
        self._transport.disconnect(graceful=False)

    def unsent_bytes(self) -> int:
        return int(self._transport.underlying_transport.get_write_buffer_size())


def _tune(transport: WSTransport, soft_bytes: int) -> None:
    """Hear of slow readers, and let the kernel find dead peers."""
    below = transport.underlying_transport
    below.set_write_buffer_limits(high=soft_bytes)
    sock: socket.socket = below.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in DEAD_PEER:
        if hasattr(socket, option):  # other systems lack one or the other
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _close_code(transport: WSTransport) -> int:
    """What the client said on leaving; 1006 (RFC 6455 section 7.1.5) when it said nothing."""
    handshake = cast("WSCloseHandshake | None", transport.close_handshake)
    received = handshake.recv if handshake else None
    return int(cast("int", received.code)) if received else 1006
