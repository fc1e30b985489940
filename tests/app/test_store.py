"""Waiting for the store at the start, out loud, and what is done with the leases of the dead."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from structlog.testing import capture_logs

from duologue.app.store import release_leases, until_it_answers, where
from duologue.errors import StartupError, Unavailable
from duologue.ids import MatcherId
from duologue.ledger import NODES_LEASE, REAPER_LEASE
from duologue.matching.estimate import QueueStatus
from duologue.settings import RedisSettings
from duologue.store.memory import MemoryStore
from tests.fakes import CountingRng, ManualClock

SETTINGS = RedisSettings(url="redis://me:secret@10.0.0.1:6379/0", wait_s=10)


class AwayStore(MemoryStore):
    """Out of reach for so many tries."""

    def __init__(self, clock: ManualClock, failures: int) -> None:
        super().__init__(clock)
        self.failures = failures
        self.tries = 0

    async def read_status(self) -> Mapping[str, QueueStatus]:
        self.tries += 1
        if self.tries <= self.failures:
            raise Unavailable("Redis", "connection refused")
        return await super().read_status()


async def wait(failures: int, *, patient: bool = False) -> tuple[AwayStore, int]:
    """The store that was waited for, and how long it took."""
    clock = ManualClock()
    began_ms, store = clock.now_ms(), AwayStore(clock, failures)
    try:
        await until_it_answers(store, SETTINGS, clock, CountingRng(), patient=patient)
    finally:
        took_ms = clock.now_ms() - began_ms
        assert patient or took_ms <= 10_000
    return store, took_ms


async def test_each_failure_is_told_with_the_fix() -> None:
    """What was tried, why it failed, what to set; and no password."""
    with capture_logs() as logs:
        await wait(failures=3)

    assert [entry["event"] for entry in logs] == ["store_unreachable"] * 3
    assert logs[0]["tried"] == "10.0.0.1:6379"
    assert logs[0]["detail"] == "Redis is out of reach: connection refused"
    assert "REDIS_URL" in logs[0]["hint"]
    assert logs[0]["retry_in_ms"] < logs[2]["retry_in_ms"]


async def test_after_the_wait_it_is_given_up() -> None:
    """And never for another store."""
    with pytest.raises(StartupError, match=r"no Redis within 10 s\. Tried 10\.0\.0\.1:6379: .*refused\. .*--wait"):
        await wait(failures=1_000)


async def test_a_child_waits_as_long_as_it_takes() -> None:
    """Redis that is away is no reason to die; and it is not asked all the time."""
    store, took_ms = await wait(failures=50, patient=True)

    assert store.tries == 51
    assert 100_000 < took_ms < 250_000


@pytest.mark.parametrize(
    ("url", "why"), [(None, "REDIS_URL is not set"), ("http://localhost", "REDIS_URL cannot be read")]
)
def test_without_an_url_that_can_be_read_there_is_no_store(url: str | None, why: str) -> None:
    """And the text says which variable."""
    with pytest.raises(StartupError, match=why):
        where(RedisSettings(url=url))


@pytest.mark.parametrize("lease", [NODES_LEASE, REAPER_LEASE])
async def test_leases_of_the_dead_are_free_at_once(lease: str) -> None:
    """And those of the living stay theirs."""
    clock = ManualClock()
    store = MemoryStore(clock)
    dead, alive, new = MatcherId("dead"), MatcherId("alive"), MatcherId("new")
    await store.lease(lease, dead)
    await release_leases(store, (dead,))

    assert await store.lease(lease, alive) is not None
    await release_leases(store, (dead,))
    assert await store.lease(lease, new) is None
