"""The store of `duologue serve`: waited for, out loud, and never replaced by anything else."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import structlog

from duologue.errors import StartupError, Unavailable
from duologue.ids import MatcherId
from duologue.ledger import NODES_LEASE
from duologue.ports import Clock, Limiter, Rng, Store
from duologue.settings import REDIS_VARIABLE, RedisSettings

log = structlog.get_logger()

PAUSE_MS, PAUSE_AT_MOST_MS = 250, 5_000


OpenStore = Callable[[RedisSettings, Clock, Rng], AbstractAsyncContextManager[tuple[Store, Limiter]]]
"""Opens the store. Entering raises `Unavailable` while it is out of reach."""


def open_store(settings: RedisSettings, clock: Clock, rng: Rng) -> AbstractAsyncContextManager[tuple[Store, Limiter]]:
    """`OpenStore` on Redis."""
    opened: AbstractAsyncContextManager[tuple[Store, Limiter]]
    opened = importlib.import_module("duologue.store.redis").open_store(settings, clock, rng)
    return opened


def check_named(settings: RedisSettings) -> None:
    """Raises `StartupError` when nobody said where Redis is: to begin without it would split the queue."""
    if settings.url is None:
        raise StartupError(
            f"{REDIS_VARIABLE} is not set, and `duologue serve` keeps everything in Redis. "
            f"Set {REDIS_VARIABLE} to something like redis://127.0.0.1:6379/0. "
            "To try Duologue without Redis, use `duologue dev`."
        )


async def wait_for_store(
    stack: AsyncExitStack, opens: OpenStore, settings: RedisSettings, clock: Clock, rng: Rng, *, patient: bool = False
) -> tuple[Store, Limiter]:
    """Try until it opens; each failure is told. Raises `StartupError` after `wait_s`, unless patient."""
    tried, pause_ms = without_secrets(settings), PAUSE_MS
    give_up_ms = clock.monotonic_ms() + settings.wait_s * 1000
    while True:
        try:
            return await stack.enter_async_context(opens(settings, clock, rng))
        except Unavailable as error:
            left_ms = give_up_ms - clock.monotonic_ms()
            if left_ms <= 0 and not patient:
                raise StartupError(_no_store(tried, settings.wait_s, error)) from error
            wait_ms = pause_ms // 2 + rng.below(pause_ms // 2 + 1)
            wait_ms = wait_ms if patient else min(wait_ms, left_ms)
            hint = f"{REDIS_VARIABLE} has to name a Redis that this machine reaches"
            log.warning("store_unreachable", tried=tried, detail=str(error), retry_in_ms=wait_ms, hint=hint)
            await clock.sleep_ms(wait_ms)
            pause_ms = min(2 * pause_ms, PAUSE_AT_MOST_MS)


def _no_store(tried: str, wait_s: int, error: Unavailable) -> str:
    return (
        f"no Redis within {wait_s} s. Tried {tried}: {error}. "
        f"Set {REDIS_VARIABLE} to a Redis that this machine reaches, or wait longer with --wait SECONDS."
    )


def without_secrets(settings: RedisSettings) -> str:
    """Where Redis is, as it may stand in a log."""
    url = "" if settings.url is None else settings.url.get_secret_value()
    return re.sub(r"(password=)[^&]*", r"\1***", re.sub(r"//.*@", "//***@", url))


async def release_leases(store: Store, owners: tuple[str, ...]) -> None:
    """What a matcher held that cannot release it any more: others need not wait until it runs out."""
    shards, _ = await store.read_shards(0, 0)
    for shard in [NODES_LEASE, *shards]:
        for owner in owners:
            await store.release(shard, MatcherId(owner))
