"""What breaks in a running service makes the right alert fire, and none fires before."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from duologue.protocol.codes import Mode
from tests.e2e.servers import Serve
from tests.operate.crowd import Crowd
from tests.prometheus import Prometheus, quickened, running_prometheus, scraping

pytestmark = pytest.mark.timeout(300)
SEEN_WITHIN_S = 60
DEPLOY = Path(__file__).parent.parent.parent / "deploy" / "prometheus"
RULES = [DEPLOY / name for name in ("recording.yml", "objectives.yml", "pages.yml", "tickets.yml")]
PROCESSES = 4


@pytest.fixture(scope="module")
def hasty(serve: Serve, folder: Path) -> Iterator[Prometheus]:
    """A Prometheus for which a minute is a second."""
    with running_prometheus(scraping(serve.targets, quickened(RULES, folder, by=60))) as server:
        serve.until(lambda: server.value("sum(up)") == PROCESSES, "every process was read")
        yield server


@pytest.fixture
def patient(serve: Serve, tmp_path: Path) -> Iterator[Prometheus]:
    """A Prometheus for which an hour is ten minutes: on a busy machine a process takes its time to come back."""
    with running_prometheus(scraping(serve.targets, quickened(RULES, tmp_path, by=6))) as server:
        serve.until(lambda: server.value("sum(up)") == PROCESSES, "every process was read")
        yield server


async def until(holds: Callable[[set[str]], bool], prometheus: Prometheus, what: str) -> set[str]:
    """Until what fires is so."""
    give_up = time.monotonic() + SEEN_WITHIN_S
    while not holds(firing := prometheus.firing()):
        assert time.monotonic() < give_up, f"{what}, but there fire {sorted(firing)}"
        await asyncio.sleep(0.3)
    return firing


def woken(prometheus: Prometheus) -> set[str]:
    """For what somebody is woken now."""
    firing = [alert for alert in prometheus.alerts() if alert.state == "firing"]
    return {alert.name for alert in firing if alert.labels["severity"] == "page"}


def restarts(prometheus: Prometheus) -> float:
    """How often the first gateway was another process than at the reading before."""
    return prometheus.value('changes(process_start_time_seconds{process="gateway-1"}[10m])') or 0


async def calm(prometheus: Prometheus) -> None:
    """Nothing fires."""
    await until(lambda firing: not firing, prometheus, "nothing is to fire")


async def fires(prometheus: Prometheus, *names: str) -> None:
    """All of these fire at some time."""
    missing = set(names)

    def seen(firing: set[str]) -> bool:
        missing.difference_update(firing)
        return not missing

    await until(seen, prometheus, f"{sorted(names)} are to fire")


async def test_nobody_is_woken_while_people_are_served(serve: Serve, hasty: Prometheus) -> None:
    """They meet, talk and wait, for what is a quarter of an hour by the clock of the rules."""
    await calm(hasty)
    async with Crowd(serve.url) as crowd:
        await crowd.meet(await crowd.come(8))
        await crowd.wait(await crowd.come(1, Mode.VOICE))
        pages: set[str] = set()
        give_up = time.monotonic() + 15
        while time.monotonic() < give_up:
            pages |= woken(hasty)
            await asyncio.sleep(0.5)

    assert pages == set()


async def test_a_dead_store(serve: Serve, hasty: Prometheus) -> None:
    """People wait and cannot be matched: that is a page. The store is the cause: that is a ticket."""
    await calm(hasty)
    async with Crowd(serve.url) as crowd:
        await crowd.wait(await crowd.come(1, Mode.VOICE))
        await crowd.wait(await crowd.come(1, Mode.TEXT))
        serve.redis.kill()
        try:
            await fires(hasty, "DuologueMatchingPaused", "DuologueStoreSilent", "DuologueStoreErrors")
        finally:
            serve.redis.start()
        await until(lambda firing: "DuologueMatchingPaused" not in firing, hasty, "matching goes on")


async def test_a_gateway_that_dies_again_and_again(serve: Serve, patient: Prometheus) -> None:
    """Once may happen, and it is back within seconds. The third time somebody has to look, but nobody is woken."""
    for deaths in (1, 2, 3):
        serve.kill_process("gateway-1")
        serve.until(lambda seen=deaths: restarts(patient) >= seen, "it was seen to be another process")  # type: ignore[misc]
    await fires(patient, "DuologueProcessRestarts")

    assert woken(patient) == set()


async def test_a_dead_media_server(serve: Serve, hasty: Prometheus) -> None:
    """Two who would fit wait for it: that is a page."""
    await calm(hasty)
    serve.kill_livekit()
    async with Crowd(serve.url) as crowd:
        await crowd.wait(await crowd.come(2))
        await fires(hasty, "DuologueMediaNodeDown", "DuologueMatchingPaused")
