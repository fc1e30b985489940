"""A server that is told of calls, on a real socket, and behaves as badly as a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import msgspec

from duologue.hooks_out.message import Message

Behaviour = Callable[[asyncio.StreamWriter], Coroutine[Any, Any, None]]


class Heard(NamedTuple):
    """A request."""

    head: str
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> Message:
        return msgspec.json.decode(self.body, type=Message)


class Receiver:
    """Behaves as it was told to, once each, and then well."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self._behaviours = list(behaviours)
        self.heard: list[Heard] = []
        self.connections = 0
        self.port = 0
        self._open: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/calls"

    @property
    def types(self) -> list[str]:
        """What was told, in order."""
        return [each.message.type for each in self.heard]

    def connected(self) -> bool | None:
        """Whether the callee was, at what was told last; None: nothing was."""
        data = self.heard[-1].message.data if self.heard else None
        return None if data is None else data.callee.connected

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        task.add_done_callback(self._open.pop)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                self.heard.append(await _request(reader))
                await (self._behaviours.pop(0) if self._behaviours else answers(204))(writer)
        writer.close()

    async def hang_up(self) -> None:
        """On all."""
        for writer in self._open.values():
            writer.transport.abort()
        await asyncio.gather(*self._open)


async def _request(reader: asyncio.StreamReader) -> Heard:
    head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Heard(head, headers, await reader.readexactly(int(headers["content-length"])))


@asynccontextmanager
async def receiver(*behaviours: Behaviour) -> AsyncIterator[Receiver]:
    """One that listens."""
    it = Receiver(*behaviours)
    server = await asyncio.start_server(it.serve, "127.0.0.1", 0)
    it.port = server.sockets[0].getsockname()[1]
    try:
        yield it
    finally:
        server.close()
        await it.hang_up()


def answers(status: int, headers: str = "") -> Behaviour:
    """With this status."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        length = "" if status == 204 else "Content-Length: 0\r\n"
        writer.write(f"HTTP/1.1 {status} Whatever\r\n{length}{headers}\r\n".encode())
        await writer.drain()

    return behave


async def says_nothing(writer: asyncio.StreamWriter) -> None:
    """Until the other side has had enough."""
    await writer.wait_closed()


async def resets(writer: asyncio.StreamWriter) -> None:
    """Instead of an answer."""
    writer.transport.abort()


async def talks_nonsense(writer: asyncio.StreamWriter) -> None:
    """Instead of HTTP."""
    writer.write(b"\x00\xff what is that?\r\n\r\n")
    await writer.drain()


async def drips(writer: asyncio.StreamWriter) -> None:
    """A header that never ends, a byte at a time."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not writer.is_closing():
        writer.write(b"x")
        await asyncio.sleep(0.01)


async def never_stops(writer: asyncio.StreamWriter) -> None:
    """A good status, and then a body for as long as somebody takes it."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x" * 65_536)
        await writer.drain()
