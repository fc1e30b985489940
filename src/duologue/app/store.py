"""The store of `duologue serve`: waited for, out loud, and never replaced by another one."""

from __future__ import annotations

import structlog

from duologue.clock import SharedClock
from duologue.errors import BackendError, StartupError
from duologue.ids import MatcherId
from duologue.ledger import NODES_LEASE, REAPER_LEASE
from duologue.ports import Clock, Rng, Store
from duologue.settings import RedisSettings
from duologue.store.redis.primary import parse

log = structlog.get_logger()

PAUSE_MS, PAUSE_AT_MOST_MS = 250, 5_000
WRONG_BY_MS = 2_000


def where(settings: RedisSettings) -> str:
    """Where it is, without secrets. Raises `StartupError` when nobody said, or not in a way that can be read."""
    return str(parse(settings.url_given(), settings.password()))


async def until_it_answers(
    store: Store, settings: RedisSettings, clock: Clock, rng: Rng, *, patient: bool = False
) -> None:
    """Ask until it does; each failure is told. Raises `StartupError` after `wait_s`, unless patient."""
    pause_ms, give_up_ms = PAUSE_MS, clock.monotonic_ms() + int(settings.wait_s * 1000)
    while True:
        try:
            await store.read_status()
        except BackendError as error:
            left_ms = give_up_ms - clock.monotonic_ms()
            if left_ms <= 0 and not patient:
                raise StartupError(_silence(settings, error)) from error
            wait_ms = pause_ms // 2 + rng.below(pause_ms // 2 + 1)
            wait_ms = wait_ms if patient else min(wait_ms, left_ms)
            _tell(settings, error, wait_ms)
            await clock.sleep_ms(wait_ms)
            pause_ms = min(2 * pause_ms, PAUSE_AT_MOST_MS)
        else:
            return


def _tell(settings: RedisSettings, error: BackendError, wait_ms: int) -> None:
    hint = "REDIS_URL has to name a Redis that this machine reaches"
    log.warning("store_unreachable", tried=where(settings), detail=str(error), retry_in_ms=wait_ms, hint=hint)


def _silence(settings: RedisSettings, error: BackendError) -> str:
    why = str(error).rstrip(".")
    return (
        f"no Redis within {settings.wait_s:g} s. Tried {where(settings)}: {why}. "
        "Set REDIS_URL to a Redis that this machine reaches, or wait longer with --wait SECONDS."
    )


def tell_of_a_wrong_clock(clock: SharedClock) -> None:
    """It hurts nobody, as all go by the clock of Redis; but one of the two is wrong, and tokens are for others, too."""
    if abs(clock.machine_is_ahead_ms) > WRONG_BY_MS:
        hint = "both machines need NTP (timedatectl set-ntp true): tokens for rooms are by the clock of Redis"
        log.warning("clock_differs", ahead_ms=clock.machine_is_ahead_ms, hint=hint)


async def release_leases(store: Store, owners: tuple[str, ...]) -> None:
    """What a process held that cannot release it any more: others need not wait until it runs out."""
    shards, _ = await store.read_shards(0, 0)
    for shard in [NODES_LEASE, REAPER_LEASE, *shards]:
        for owner in owners:
            await store.release(shard, MatcherId(owner))
