"""Waiting for streams: each reader has a connection of its own, for as long as it waits.

A stream counts its entries from 1 (`XADD 0-*`), so a reader knows its place by a number, and sees a gap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

from redis import exceptions

from duologue.errors import Damaged
from duologue.metrics import definitions as metrics
from duologue.ports import ResyncNeeded
from duologue.store.redis import faults
from duologue.store.redis.line import Connector, Line, is_over
from duologue.store.redis.primary import Link
from duologue.store.redis.scripts import reading

GRACE_S = 2.0
"""Beyond the time that Redis was told to wait."""
AT_ONCE = 1_000
"""Entries in one answer."""


Ask = Callable[[tuple[Any, ...]], Awaitable[Any]]
"""Put a question to Redis, and give its answer."""


class Entry(NamedTuple):
    """One entry of a stream: a field and what it holds."""

    field: bytes
    value: bytes


class Place(NamedTuple):
    """How far a stream was read."""

    store_id: str
    position: int
    fields: Any
    """Of the entry there."""


class Readers:
    """Any number of readers; connections that nobody reads on are kept for the next."""

    def __init__(self, connector: Connector, line: Line) -> None:
        self._connector = connector
        self._line = line
        self._idle: list[Link] = []
        self._read: dict[str, Place] = {}

    async def end(self, stream: str) -> int:
        """The number of the newest entry; 0 where there is none."""
        newest, _ = await reading(self._line, ("XREVRANGE", stream, "+", "-", "COUNT", 1))
        return _number(stream, newest[0][0]) if newest else 0

    async def read(self, stream: str, after: int, wait_ms: int) -> tuple[list[Entry], int]:
        """Entries after that number, and the number of the last; waits for the first if there is none.

        Raises `ResyncNeeded` when one of them is gone, or when the stream has another past; `BackendError`.
        """
        command = ("XREAD", "COUNT", AT_ONCE, "BLOCK", max(1, wait_ms), "STREAMS", stream, f"0-{after}")
        wait = self._wait if wait_ms > 0 else self._now
        answer, store_id = await wait(stream, after, command)
        entries = answer[0][1] if answer else []
        if not entries:
            end = await self.end(stream)
            if end < after:
                raise ResyncNeeded(end)
            return [], after
        if _number(stream, entries[0][0]) != after + 1:
            raise ResyncNeeded(await self.end(stream))
        position = _number(stream, entries[-1][0])
        self._read[stream] = Place(store_id, position, entries[-1][1])
        return [Entry(*fields[:2]) for _, fields in entries], position

    async def _check_past(self, stream: str, after: int, store_id: str, ask: Ask) -> None:
        """A store that began anew may count from 1 again, and go past our place unseen: what we read last tells.

        `ask` asks where the stream is read, which is in this life of the store: another connection may still be in the
        one before. Raises `ResyncNeeded` from the beginning.
        """
        last = self._read.get(stream)
        if last is None or last.position != after or last.store_id == store_id:
            return
        there = await ask(("XREVRANGE", stream, f"0-{after}", f"0-{after}"))
        if not there or there[0][1] != last.fields:
            del self._read[stream]
            raise ResyncNeeded(0)
        self._read[stream] = last._replace(store_id=store_id)

    async def close(self) -> None:
        """Nobody reads any more."""
        for link in self._idle:
            await link.connection.disconnect(nowait=True)
        self._idle.clear()

    async def _now(self, stream: str, after: int, command: tuple[Any, ...]) -> tuple[Any, str]:
        """The answer, and the life of the store that gave it."""

        async def ask(question: tuple[Any, ...]) -> Any:
            return (await reading(self._line, question))[0]

        block = command.index("BLOCK")
        answer, store_id = await reading(self._line, command[:block] + command[block + 2 :])
        await self._check_past(stream, after, store_id, ask)
        return answer, store_id

    async def _wait(self, stream: str, after: int, command: tuple[Any, ...]) -> tuple[Any, str]:
        """The same, on a connection of its own."""
        try:
            link = await self._take()
            try:
                await self._check_past(stream, after, link.store_id, partial(_ask, link))
                answer = await _ask(link, command)
            except ResyncNeeded:
                self._idle.append(link)
                raise
            except BaseException:
                await link.connection.disconnect(nowait=True)
                raise
        except (exceptions.RedisError, OSError, TimeoutError) as error:
            metrics.STORE_ERRORS.inc(faults.kind_of(error))
            raise faults.nothing_happened(error, command) from error
        self._idle.append(link)
        return answer, link.store_id

    async def _take(self) -> Link:
        while self._idle:
            link = self._idle.pop()
            if not await is_over(link) and link.store_id == self._line.store_id:
                return link
            await link.connection.disconnect(nowait=True)
        return await self._connector.connect()


async def _ask(link: Link, command: tuple[Any, ...]) -> Any:
    """Raises as redis-py does, and `TimeoutError`."""
    wait_s = command[command.index("BLOCK") + 1] / 1000 if "BLOCK" in command else 0
    async with asyncio.timeout(wait_s + GRACE_S):
        await link.connection.send_packed_command(link.connection.pack_commands([command]), False)
        return await link.connection.read_response()


def _number(stream: str, id_: bytes) -> int:
    """The number of an entry from its id, `0-N`."""
    first, _, number = id_.partition(b"-")
    if first != b"0":
        raise Damaged(stream, f"it has an entry that is not ours, {id_.decode(errors='replace')}")
    return int(number)
