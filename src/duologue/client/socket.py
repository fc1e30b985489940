"""The connection: hello, auth or resume, pings, and messages in order."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol, cast

import msgspec
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from duologue import __version__
from duologue.protocol import codec
from duologue.protocol.client import Auth, Bye, ClientInfo, ClientMessage, Pong, Resume, StandBy
from duologue.protocol.server import VERSION, Drain, Hello, InvalidSession, Ping, Ready, ServerMessage, Standby


class ConnectionEnded(Exception):
    """The socket is closed; `code` says why and what to do (`protocol/codes.py`)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code} {reason}".rstrip())
        self.code = code
        self.reason = reason


log = logging.getLogger("duologue.client")

CLIENT = ClientInfo("duologue-python", __version__)


class Wire(Protocol):
    """What a session speaks through: one connection (`Socket`), or as many as it takes (`ReconnectingSocket`)."""

    def send(self, message: ClientMessage) -> None: ...
    async def receive(self) -> ServerMessage: ...
    def close(self, *, goodbye: bool) -> None: ...
    def cut(self) -> None: ...


class Socket(WSListener):
    """One WebSocket. Messages are read with `receive`; pings are answered by themselves."""

    def __init__(self) -> None:
        super().__init__()
        self._now = asyncio.get_running_loop().time
        self.heard_at = self._now()
        """When the server said anything last, pings included; by the clock of the loop."""
        self.drain_at: float | None = None
        """When to go elsewhere, as the server told."""
        self._messages: asyncio.Queue[ServerMessage | ConnectionEnded] = asyncio.Queue()
        self._transport: WSTransport | None = None
        self._ended: ConnectionEnded | None = None

    @classmethod
    async def open(cls, url: str) -> Socket:
        """Connect. Raises `OSError` or picows' `WSError` when that fails."""
        headers = {"Sec-WebSocket-Protocol": VERSION}
        _, socket = await ws_connect(cls, url, extra_headers=headers)
        if not isinstance(socket, cls):  # picows has let go of it already
            raise ConnectionResetError("it was lost in the same moment")
        return socket

    async def hello(self) -> Hello:
        """What the server says first. Raises `ConnectionEnded`."""
        message = await self._answer()
        assert isinstance(message, Hello), f"expected hello, got {message}"
        return message

    async def authenticate(self, token: str) -> Ready:
        """Begin a session, after `hello`. Raises `ConnectionEnded` when the token is refused."""
        self.send(Auth(token, CLIENT))
        message = await self._answer()
        assert isinstance(message, Ready), f"expected ready, got {message}"
        return message

    async def resume(self, resume_token: str, rev: int) -> Ready | None:
        """Continue a session, after `hello`; None when the token opens nothing: then `authenticate`."""
        self.send(Resume(resume_token, rev, CLIENT))
        message = await self._answer()
        assert isinstance(message, Ready | InvalidSession), f"expected ready, got {message}"
        return message if isinstance(message, Ready) else None

    async def stand_by(self, token: str) -> Standby:
        """Stand by, after `hello`, while another session of the same person is the active one.

        Raises `ConnectionEnded` when the token is refused, and with 4301 by a server of before, which knows no such
        thing.
        """
        self.send(StandBy(token, CLIENT))
        message = await self._answer()
        assert isinstance(message, Standby), f"expected standby, got {message}"
        return message

    async def _answer(self) -> ServerMessage:
        while isinstance(message := await self.receive(), Drain):
            pass  # there is no place here; the close that follows ends it
        return message

    def send(self, message: ClientMessage) -> None:
        """Write a message. Raises `ConnectionEnded` on a closed socket."""
        if self._transport is None or self._transport.is_disconnected:
            raise self._ended or ConnectionEnded(1006, "already closed")
        self._transport.send(WSMsgType.TEXT, codec.encode(message))

    async def receive(self) -> ServerMessage:
        """The next message but pings. Raises `ConnectionEnded`, again and again, once the socket is closed."""
        message = await self._messages.get()
        if isinstance(message, ConnectionEnded):
            self._messages.put_nowait(message)
            raise message
        return message

    def close(self, *, goodbye: bool) -> None:
        """Close. With a goodbye the seat is free at once; without, it is held for a while."""
        if self._transport is None or self._transport.is_disconnected:
            return
        if goodbye:
            self.send(Bye())
        self._transport.send_close(WSCloseCode.OK)  # picows' default must not be on the wire
        self._transport.disconnect()

    def cut(self) -> None:
        """Drop the connection without a word, as a dead network does."""
        if self._transport is not None:
            self._transport.disconnect(graceful=False)

    # -- called by picows -------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.heard_at = self._now()
        if frame.msg_type == WSMsgType.CLOSE:
            self._end(ConnectionEnded(int(cast("int", frame.get_close_code())), frame.get_close_reason() or ""))
            transport.disconnect()
        elif frame.msg_type == WSMsgType.TEXT:
            self._hear(frame.get_payload_as_bytes())

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002 - picows' signature
        self._end(ConnectionEnded(1006, "lost"))

    def _hear(self, frame: bytes) -> None:
        try:
            message = codec.decode_server(frame)
        except msgspec.MsgspecError as error:  # of a newer server
            log.warning("not a message: %s", error)
            return
        if isinstance(message, Ping):
            self.send(Pong())
            return
        if isinstance(message, Drain):
            self.drain_at = self._now() + message.retry_after_ms / 1000
        self._messages.put_nowait(message)

    def _end(self, ended: ConnectionEnded) -> None:
        if self._ended is None:
            self._ended = ended
            self._messages.put_nowait(ended)
