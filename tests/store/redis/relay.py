"""A bad network: a relay in user space between a store and its Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Relay:
    """Passes everything on, unless told otherwise."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._clients: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.delay_s = 0.0
        """So late everything arrives."""
        self.silent = False
        """Nothing arrives any more, and nobody is told: as where a cable was pulled."""
        self.lose_answer_to: bytes | None = None
        """Once a question that holds this was answered, the connection breaks before the answer is through."""

    @property
    def url(self) -> str:
        """Where a store finds it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def cut(self) -> None:
        """Everybody is thrown out."""
        for client in self._clients:
            client.close()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from beginning to end."""
        self._clients.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
            lost = asyncio.Event()
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pass(reader, far_writer, lost, asked=True))
                    both.create_task(self._pass(far_reader, writer, lost, asked=False))
            finally:
                far_writer.close()
        except* (OSError, EOFError):
            pass
        finally:
            self._clients.discard(writer)
            writer.close()

    async def _pass(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, lost: asyncio.Event, *, asked: bool
    ) -> None:
        while data := await source.read(65_536):
            if self.lose_answer_to is not None and asked and self.lose_answer_to in data:
                self.lose_answer_to = None
                lost.set()
            if lost.is_set() and not asked:
                raise EOFError
            if not self.silent:
                await asyncio.sleep(self.delay_s)
                sink.write(data)
                await sink.drain()
        raise EOFError


@asynccontextmanager
async def relay_to(port: int) -> AsyncIterator[Relay]:
    """A relay for as long as this lasts."""
    relay = Relay(port)
    tasks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(relay.take(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
