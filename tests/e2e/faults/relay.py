"""A port in front of another, in user space: a network that a test can cut, silence and mend.

Must not know what it carries. It runs in a thread of its own, because the browser driver keeps the test's event loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

HOST = "127.0.0.1"


class Link:
    """One connection: two streams, and whether anything passes between them."""

    def __init__(self, near: asyncio.StreamWriter, passing: asyncio.Event) -> None:
        self._ends = [near]
        self.passing = passing

    async def carry(self, reader: asyncio.StreamReader, to_port: int) -> None:
        """From the first byte to the end of either side."""
        await self.passing.wait()
        far_reader, far = await asyncio.open_connection(HOST, to_port)
        self._ends.append(far)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._pass(reader, far))
            both.create_task(self._pass(far_reader, self._ends[0]))

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            await self.passing.wait()
            sink.write(data)
            await sink.drain()
        await self.passing.wait()
        raise EOFError

    def reset(self) -> None:
        """End it for both sides, without a goodbye."""
        for end in self._ends:
            end.transport.abort()


class Relay:
    """Passes everything on to a port, until it is told otherwise."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._links: set[Link] = set()
        self._passing = asyncio.Event()
        self._passing.set()
        self._server: asyncio.Server | None = None
        self.to = 0
        """The port behind it."""
        self.port = 0

    def cut(self) -> None:
        """Every connection breaks; new ones are taken."""
        self._run(self._cut())

    def refuse(self) -> None:
        """Every connection breaks, and nobody gets in until `heal`."""
        self._run(self._refuse())

    def hold(self) -> None:
        """Nothing arrives until `heal`, and nobody is told: as where a cable was pulled."""
        self._run(self._hold())

    def forget(self) -> None:
        """On the connections of now nothing arrives any more, and nobody is told: as behind a router that restarted."""
        self._run(self._forget())

    def heal(self) -> None:
        """As it was in the beginning."""
        self._run(self._heal())

    def close(self) -> None:
        """The end."""
        self._run(self._refuse())

    def _run(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(timeout=10)

    async def listen(self) -> None:
        """Take connections; the second time on the same port."""
        self._server = await asyncio.start_server(self._take, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        for link in self._links:
            link.reset()

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut()

    async def _hold(self) -> None:
        self._passing.clear()

    async def _forget(self) -> None:
        for link in self._links:
            link.passing = asyncio.Event()

    async def _heal(self) -> None:
        self._passing.set()
        if self._server is None:
            await self.listen()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(writer, self._passing)
        self._links.add(link)
        with suppress(asyncio.CancelledError):  # when the thread ends
            try:
                await link.carry(reader, self.to)
            except* (OSError, EOFError):
                pass
            finally:
                self._links.discard(link)
                link.reset()


@contextmanager
def relays(number: int) -> Iterator[list[Relay]]:
    """So many relays, for as long as this lasts. Each has its port; what is behind it has to be told."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="relays")
    thread.start()
    made = [Relay(loop) for _ in range(number)]
    try:
        for relay in made:
            asyncio.run_coroutine_threadsafe(relay.listen(), loop).result(timeout=10)
        yield made
    finally:
        for relay in made:
            relay.close()
        asyncio.run_coroutine_threadsafe(_end_tasks(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
