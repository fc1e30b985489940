"""A gateway that says and does what a test wants, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from duologue.protocol import codec
from duologue.protocol.client import Auth, ClientMessage, Resume
from duologue.protocol.server import VERSION, Hello, IdleState, Ready, ServerMessage, State
from duologue.protocol.server import Self as Oneself

Said = TypeVar("Said", bound=ClientMessage)
NOW_MS = 1_700_000_000_000


class Wire:
    """One client's connection, from the side of the gateway."""

    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket

    async def say(self, *messages: ServerMessage) -> None:
        for message in messages:
            await self._socket.send(codec.encode(message).decode())

    async def heard(self, kind: type[Said]) -> Said:
        """What the client says next, which has to be this."""
        async with asyncio.timeout(5):
            frame = await self._socket.recv()
        message = codec.decode_client(frame.encode() if isinstance(frame, str) else frame)
        assert isinstance(message, kind), message
        return message

    async def close(self, code: int) -> None:
        await self._socket.close(code)

    async def closed(self) -> int | None:
        """Until the client hung up; with what code."""
        async with asyncio.timeout(5):
            await self._socket.wait_closed()
        return self._socket.close_code

    # -- as a gateway usually does ----------------------------------------------------------

    async def hello(self, heartbeat_ms: int = 25_000) -> None:
        await self.say(Hello(VERSION, heartbeat_ms, heartbeat_ms, 16_384, NOW_MS))

    async def ready(
        self,
        rev: int = 1,
        state: State | None = None,
        *,
        person: str = "ana",
        lives_ms: int | None = None,
        seat_ms: int | None = None,
    ) -> None:
        expires_at = None if lives_ms is None else NOW_MS + lives_ms
        oneself = Oneself(person, guest=True, facets={})
        doing = state or IdleState()
        await self.say(Ready(rev, "session", f"resume-{rev}", 60_000, oneself, 0, doing, expires_at, seat_ms))

    async def take_in(self) -> None:
        """Hello, auth and ready."""
        await self.hello()
        await self.heard(Auth)
        await self.ready()

    async def take_back(self, rev: int, state: State | None = None, *, person: str = "ana") -> Resume:
        """Hello, resume and ready."""
        await self.hello()
        said = await self.heard(Resume)
        await self.ready(rev, state, person=person)
        return said


class Gateway:
    """Listens; each connection is taken by the test with `wire`."""

    def __init__(self, server: Server, wires: asyncio.Queue[Wire]) -> None:
        self._port = next(iter(server.sockets)).getsockname()[1]
        self._wires = wires

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._port}"

    async def wire(self, within_s: float = 5) -> Wire:
        async with asyncio.timeout(within_s):
            return await self._wires.get()

    @property
    def nobody_knocks(self) -> bool:
        return self._wires.empty()


@asynccontextmanager
async def listening() -> AsyncIterator[Gateway]:
    """A gateway, until the test is over."""
    wires: asyncio.Queue[Wire] = asyncio.Queue()

    async def take(socket: ServerConnection) -> None:
        wires.put_nowait(Wire(socket))
        await socket.wait_closed()

    async with serve(take, "127.0.0.1", 0, subprotocols=[Subprotocol(VERSION)], max_queue=None) as server:
        yield Gateway(server, wires)
