"""Stands between a client and Redis, and keeps every command and its answer, in order.

So a benchmark can say the very same to Redis by other means. It looks at the wire and at nothing inside of the client.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import hiredis

from benchmarks.redis_store.server import HOST

Command = tuple[Any, ...]
GREETINGS = frozenset({"AUTH", "CLIENT", "HELLO", "INFO", "PING", "SCRIPT", "SELECT"})
"""What a client says once, when it connects. Not kept: a yardstick connects in its own way."""
PIECE = 1 << 16
GONE_WITHIN_S = 5


class Said(NamedTuple):
    """A command, and what Redis answered."""

    command: Command
    answer: Any


class Recorder:
    """Keeps what one connection says and hears."""

    def __init__(self, redis_port: int) -> None:
        self._redis_port = redis_port
        self._commands: list[Command] = []
        self._answers: list[Any] = []
        self._over = asyncio.Event()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Where the client is to connect, as a URL. The client has gone before this ends."""
        server = await asyncio.start_server(self._carry, HOST, 0)
        async with server:
            yield f"redis://{HOST}:{server.sockets[0].getsockname()[1]}/0"
            async with asyncio.timeout(GONE_WITHIN_S):
                await self._over.wait()

    @property
    def said(self) -> list[Said]:
        """All so far, without greetings; to ask while no answer is on its way."""
        both = zip(self._commands, self._answers, strict=True)
        return [Said(command, answer) for command, answer in both if command[0] not in GREETINGS]

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        redis_reader, redis_writer = await asyncio.open_connection(HOST, self._redis_port)
        async with asyncio.TaskGroup() as both:
            both.create_task(_pass_on(reader, redis_writer, self._keep_command))
            both.create_task(_pass_on(redis_reader, writer, self._answers.append))
        self._over.set()

    def _keep_command(self, parts: Sequence[bytes]) -> None:
        self._commands.append((parts[0].decode(), *parts[1:]))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, keep: Callable[[Any], None]) -> None:
    """Until the one side has no more to say, or the other does not listen."""
    parser = hiredis.Reader()
    try:
        while piece := await reader.read(PIECE):
            writer.write(piece)
            parser.feed(piece)
            while (whole := parser.gets()) is not False:
                keep(whole)
    except ConnectionError:
        pass
    finally:
        writer.close()
