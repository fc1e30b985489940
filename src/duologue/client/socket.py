"""The connection: hello, auth or resume, pings, and messages in order."""

from __future__ import annotations

import asyncio
from typing import NamedTuple, cast

import aiohttp
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from duologue.protocol import codec
from duologue.protocol.client import Auth, Bye, ClientMessage, Pong, Resume
from duologue.protocol.server import VERSION, InvalidSession, Ping, Ready, ServerMessage


class ConnectionEnded(Exception):
    """The socket is closed; `code` says why and what to do (`protocol/codes.py`)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code} {reason}".rstrip())
        self.code = code
        self.reason = reason


class Invitation(NamedTuple):
    """Where to connect, and as whom."""

    websocket_url: str
    token: str


async def join(base_url: str, facets: dict[str, str] | None = None) -> Invitation:
    """Become a guest of the server at `base_url`. Raises `aiohttp.ClientError`."""
    async with aiohttp.ClientSession(base_url, raise_for_status=True) as http:
        async with http.get("/config.json") as response:
            config = await response.json()
        async with http.post(config["guest_url"], json={"facets": facets or {}}) as response:
            guest = await response.json()
    return Invitation(config["websocket_url"], guest["token"])


class Socket(WSListener):
    """One WebSocket. Messages are read with `receive`; pings are answered by themselves."""

    def __init__(self) -> None:
        super().__init__()
        self._messages: asyncio.Queue[ServerMessage | ConnectionEnded] = asyncio.Queue()
        self._transport: WSTransport | None = None

    @classmethod
    async def open(cls, url: str) -> Socket:
        """Connect. Raises `OSError` or picows' `WSError` when that fails."""
        headers = {"Sec-WebSocket-Protocol": VERSION}
        _, socket = await ws_connect(cls, url, extra_headers=headers)
        assert isinstance(socket, cls), "picows returns the listener that the factory made"
        return socket

    async def enter(self, token: str) -> Ready:
        """Begin a session. Raises `ConnectionEnded` when the token is refused."""
        await self.receive()  # hello
        self.send(Auth(token))
        return await self._ready()

    async def resume(self, resume_token: str, rev: int) -> Ready | None:
        """Continue a session; None when the token opens nothing (then `enter` with a session token works)."""
        await self.receive()  # hello
        self.send(Resume(resume_token, rev))
        message = await self.receive()
        return message if isinstance(message, Ready) else None

    async def _ready(self) -> Ready:
        message = await self.receive()
        assert isinstance(message, Ready | InvalidSession), f"expected ready, got {message}"
        assert isinstance(message, Ready), "auth is answered by ready or a close"
        return message

    def send(self, message: ClientMessage) -> None:
        """Write a message. Raises `ConnectionEnded` on a closed socket."""
        if self._transport is None or self._transport.is_disconnected:
            raise ConnectionEnded(1006, "already closed")
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
        if frame.msg_type == WSMsgType.CLOSE:
            self._messages.put_nowait(
                ConnectionEnded(int(cast("int", frame.get_close_code())), frame.get_close_reason() or "")
            )
            transport.disconnect()
        elif frame.msg_type == WSMsgType.TEXT:
            message = codec.decode_server(frame.get_payload_as_bytes())
            if isinstance(message, Ping):
                self.send(Pong())
            else:
                self._messages.put_nowait(message)

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002 - picows' signature
        self._messages.put_nowait(ConnectionEnded(1006, "lost"))
