"""Waiting for the store at the start, out loud, and what is done with the leases of the dead."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from duologue.app.redis import check_named, release_leases, wait_for_store, without_secrets
from duologue.errors import StartupError, Unavailable
from duologue.ids import MatcherId
from duologue.ledger import NODES_LEASE
from duologue.ports import Clock, Limiter, Rng, Store
from duologue.settings import RedisSettings
from duologue.store.memory import MemoryLimiter, MemoryStore
from tests.fakes import CountingRng, ManualClock

SETTINGS = RedisSettings(url=SecretStr("redis://me:secret@10.0.0.1:6379/0"), wait_s=10)


class Redis:
    """Out of reach for so many tries."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.tries = 0

    @asynccontextmanager
    async def __call__(self, _: RedisSettings, clock: Clock, __: Rng) -> AsyncIterator[tuple[Store, Limiter]]:
        self.tries += 1
        if self.tries <= self.failures:
            raise Unavailable("Redis", "connection refused")
        yield MemoryStore(clock), MemoryLimiter(clock)


async def wait(redis: Redis, clock: ManualClock, *, patient: bool = False) -> Store:
    async with AsyncExitStack() as stack:
        return (await wait_for_store(stack, redis, SETTINGS, clock, CountingRng(), patient=patient))[0]


async def test_each_failure_is_told_with_the_fix() -> None:
    """What was tried, why it failed, what to set; and no password."""
    with capture_logs() as logs:
        assert (await wait(Redis(failures=3), ManualClock())).kind == "memory"

    assert [entry["event"] for entry in logs] == ["store_unreachable"] * 3
    assert logs[0]["tried"] == "redis://***@10.0.0.1:6379/0"
    assert logs[0]["detail"] == "Redis is out of reach: connection refused"
    assert "REDIS_URL" in logs[0]["hint"]
    assert logs[0]["retry_in_ms"] < logs[2]["retry_in_ms"]


async def test_after_the_wait_it_is_given_up() -> None:
    """Neither sooner nor later, and never for another store."""
    clock, redis = ManualClock(), Redis(failures=1_000)
    began_ms = clock.now_ms()
    with pytest.raises(StartupError, match=r"no Redis within 10 s. Tried redis://\*\*\*@10.*--wait"):
        await wait(redis, clock)

    assert clock.now_ms() - began_ms == 10_000
    assert redis.tries < 20


async def test_a_child_waits_as_long_as_it_takes() -> None:
    """Redis that is away is no reason to die."""
    clock = ManualClock()
    await wait(Redis(failures=50), clock, patient=True)

    assert clock.now_ms() - ManualClock().now_ms() > 60_000


def test_without_an_url_there_is_no_store() -> None:
    """And the text says which variable."""
    with pytest.raises(StartupError, match="REDIS_URL is not set"):
        check_named(RedisSettings())


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis://10.0.0.1:6379/0", "redis://10.0.0.1:6379/0"),
        ("rediss://user:p@ss/w@h:1/2?x=1", "rediss://***@h:1/2?x=1"),
        ("unix:///run/redis.sock?password=secret&db=1", "unix:///run/redis.sock?password=***&db=1"),
    ],
)
def test_an_url_is_told_without_its_secrets(url: str, told: str) -> None:
    """Also where the password has characters that it should not have."""
    assert without_secrets(RedisSettings(url=SecretStr(url))) == told


async def test_leases_of_the_dead_are_free_at_once() -> None:
    """And those of the living stay theirs."""
    clock = ManualClock()
    store = MemoryStore(clock)
    dead, alive, new = MatcherId("dead"), MatcherId("alive"), MatcherId("new")
    await store.lease(NODES_LEASE, dead)
    await release_leases(store, (dead,))

    assert await store.lease(NODES_LEASE, alive) is not None
    await release_leases(store, (dead,))
    assert await store.lease(NODES_LEASE, new) is None
