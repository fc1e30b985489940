"""Stores on a real Redis that goes wrong, and short words for what people go through then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count

from duologue.clock import SystemClock
from duologue.errors import BackendError
from duologue.ledger import TicketArrived
from duologue.settings import RedisSettings
from duologue.store.ledger import Terms
from duologue.store.redis import RedisStore, open_store
from duologue.store.redis.line import ANSWER_WITHIN_S, SENT_WITHIN_S
from duologue.store.redis.primary import CONNECT_WITHIN_S
from tests.contract.stores import GATEWAY, SHARD, StoreUnderTest, World

REALMS = count()
AT_MOST_S = SENT_WITHIN_S + 2 * CONNECT_WITHIN_S + 2 * ANSWER_WITHIN_S + 1
"""Nobody waits longer for any answer: as `line.py` says, and a second for a busy machine."""


@asynccontextmanager
async def store_at(url: str, realm: str | None = None) -> AsyncIterator[RedisStore]:
    """A store as one process has it, on the time of Redis."""
    settings = RedisSettings(url=url, realm=realm or f"r{next(REALMS)}")
    async with open_store(settings, SystemClock(), terms=Terms(settle_ms=0)) as (store, _):
        yield store


def world_of(store: RedisStore) -> World:
    """People who use this store; time passes by itself."""

    async def advance(duration_ms: int) -> None:
        raise NotImplementedError(f"{duration_ms} ms of real time")

    return World(StoreUnderTest(store, advance))


async def error_of(work: Awaitable[object]) -> BackendError | None:
    """What it raised; None: it worked. It never hangs."""
    async with asyncio.timeout(AT_MOST_S):
        try:
            await work
        except BackendError as error:
            return error
        return None


async def until_it_works(ask: Callable[[], Awaitable[object]], within_s: float = 10) -> None:
    """Ask until there is an answer."""
    async with asyncio.timeout(within_s):
        while await error_of(ask()) is not None:
            await asyncio.sleep(0.02)


async def serves(store: RedisStore) -> None:
    """It works again, without anybody's help."""
    await until_it_works(lambda: store.keep_alive(GATEWAY))


async def arrivals(store: RedisStore) -> int:
    """How many tickets the queue ever told of."""
    entries, _ = await store.read_queue(SHARD, 0, 0)
    return sum(isinstance(entry, TicketArrived) for entry in entries)
