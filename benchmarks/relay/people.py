"""One connection of the crowd, in the words of each server: come in, meet a partner, send, hear.

All frames that are counted have the same number of bytes, `FRAME_BYTES`, whatever the server's words are.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from duologue.protocol import client as c
from duologue.protocol import codec
from duologue.protocol import server as s
from duologue.protocol.codes import MediaEvent, Mode

PAIR_ID_CHARACTERS = 22
FRAME_BYTES = len(codec.encode(c.Typing("p" * PAIR_ID_CHARACTERS)))


@dataclass(slots=True)
class Tally:
    """What the crowd sent and heard, and how many sockets are gone. `answering`: who hears something says something."""

    sent: int = 0
    heard: int = 0
    gone: int = 0
    answering: bool = False


class Person(WSListener):
    """What all dialects share. `ready` is set when there is somebody to send to."""

    path: ClassVar[str] = "/"
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, tally: Tally, token: str) -> None:
        super().__init__()
        loop = asyncio.get_running_loop()
        self.tally = tally
        self.token = token
        self.message = b""
        self.entered: asyncio.Future[None] = loop.create_future()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.gone: asyncio.Future[None] = loop.create_future()
        self._transport: WSTransport | None = None

    @classmethod
    async def come(cls, address: str, tally: Tally, token: str) -> Self:
        """Connect and come in."""
        _, person = await ws_connect(
            lambda: cls(tally, token),
            f"ws://{address}{cls.path}",
            extra_headers=cls.headers,
            read_buffer_init_size=1024,
        )
        assert isinstance(person, cls), "picows returns the listener that the factory made"
        try:
            await person.entered
        except BaseException:
            await person.leave()
            raise
        return person

    def meet(self, room: str) -> None:
        """Ask for a partner; whoever names the same room will do."""
        raise NotImplementedError

    def hear(self, text: bytes) -> None:
        """A text frame came."""
        raise NotImplementedError

    def say(self) -> None:
        """Send the message that is counted."""
        self.tally.sent += 1
        self.write(self.message)

    def count(self) -> None:
        """The message that is counted came."""
        self.tally.heard += 1
        if self.tally.answering:
            self.say()

    def write(self, text: bytes) -> None:
        """Send a text frame."""
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, text)

    async def leave(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.disconnect(graceful=False)
        await self.gone

    # -- called by picows -------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self.hear(frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002 - picows' signature
        self._transport = None
        self.tally.gone += 1
        self.gone.set_result(None)
        for waiting in (self.entered, self.ready):
            if not waiting.done():
                waiting.set_exception(ConnectionError("the server closed the socket"))
                waiting.exception()  # nobody may be waiting for it


class DuologuePerson(Person):
    """In: hello, auth, ready. A partner: find, matched, media connected, talking. Then `typing`."""

    headers: ClassVar[dict[str, str]] = {"Sec-WebSocket-Protocol": s.VERSION}

    def meet(self, room: str) -> None:  # noqa: ARG002 - the matcher pairs whom it likes
        self.write(codec.encode(c.Find("1", 1, c.Filters(Mode.TEXT))))

    def hear(self, text: bytes) -> None:
        if text.startswith(b'{"type":"typing"'):
            self.count()
        else:
            self._answer(codec.decode_server(text))

    def _answer(self, message: s.ServerMessage) -> None:
        match message:
            case s.Hello():
                self.write(codec.encode(c.Auth(self.token)))
            case s.Ready():
                self.entered.set_result(None)
            case s.Matched(pair=pair):
                self.message = codec.encode(c.Typing(pair))
                self.write(codec.encode(c.MediaReport(pair, MediaEvent.CONNECTED)))
            case s.Talking():
                self.ready.set_result(None)
            case s.Ping():
                self.write(codec.encode(c.Pong()))


class EchoPerson(Person):
    """In: the token comes back. A partner: oneself."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        super().on_ws_connected(transport)
        self.write(self.token.encode())

    def meet(self, room: str) -> None:  # noqa: ARG002 - there is nobody to meet
        self.message = b"x" * FRAME_BYTES
        self.ready.set_result(None)

    def hear(self, text: bytes) -> None:
        if text.startswith(b"x"):
            self.count()
        else:
            self.entered.set_result(None)


class SocketIoPerson(Person):
    """In: `0` open, `40` with the token, `40` back. A partner: a room of two. `2` is a ping and `3` its answer."""

    path: ClassVar[str] = "/socket.io/?EIO=4&transport=websocket"

    def meet(self, room: str) -> None:
        empty = _event("typing", {"pair": ""})
        self.message = _event("typing", {"pair": "p" * (FRAME_BYTES - len(empty))})
        self.write(_event("join", room))

    def hear(self, text: bytes) -> None:
        if text.startswith(b'42["typing"'):
            self.count()
        elif text.startswith(b'42["joined"'):
            self.ready.set_result(None)
        elif text == b"2":
            self.write(b"3")
        elif text.startswith(b"44"):
            self.entered.set_exception(PermissionError(text.decode()))
        elif text.startswith(b"40"):
            self.entered.set_result(None)
        elif text.startswith(b"0"):
            self.write(b"40" + json.dumps({"token": self.token}).encode())


def _event(name: str, value: Any) -> bytes:
    """An event in socket.io's protocol 5: engine.io `message`, socket.io `event`, JSON."""
    return b"42" + json.dumps([name, value], separators=(",", ":")).encode()
