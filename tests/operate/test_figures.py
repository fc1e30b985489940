"""What a real Prometheus says of a running service is what the people there did."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import Callable

import pytest

from duologue.metrics.definitions import WAIT_S
from duologue.protocol.codes import Mode
from tests.e2e.servers import Serve
from tests.operate.crowd import FRAME_MS, Crowd
from tests.prometheus import Prometheus

pytestmark = pytest.mark.timeout(240)
SEEN_WITHIN_S = 20
TALKING, WAITING = 5, 3


async def until(prometheus: Prometheus, expression: str, holds: Callable[[float | None], bool]) -> None:
    """Until Prometheus says so."""
    give_up = time.monotonic() + SEEN_WITHIN_S
    while not holds(answer := prometheus.value(expression)):
        assert time.monotonic() < give_up, f"{expression} is {answer}"
        await asyncio.sleep(0.2)


async def equals(prometheus: Prometheus, expression: str, figure: float) -> None:
    """The figure is this one, once the newest has been read."""
    await until(prometheus, expression, lambda answer: answer == figure)


async def test_prometheus_says_what_people_do(serve: Serve, prometheus: Prometheus) -> None:
    """Queue, pairs, talks, matches, Nexts: the script knows each, because it did it. Waits to the width of a bucket."""
    before = {name: prometheus.value(f"sum({name})") or 0 for name in ("duologue_pairs_formed_total",)}
    assert not any(before.values()), "nobody was here yet"

    async with Crowd(serve.url) as crowd:
        people = await crowd.come(2 * TALKING)
        await crowd.meet(people)
        lonely = await crowd.come(1)
        await crowd.wait(lonely)
        await asyncio.sleep(3)  # this is the wait that is to be found again
        await people[0].next()
        await crowd.talk(people[0], lonely[0])
        await crowd.wait(await crowd.come(1, Mode.TEXT))
        await crowd.wait(await crowd.come(1, Mode.VOICE))

        known = crowd.known
        await equals(prometheus, "sum(duologue_pairs_formed_total)", known.pairs)
        await equals(prometheus, 'sum(duologue_people{doing="talking"}) / 2', TALKING)
        await equals(prometheus, "sum(duologue_queue_people)", WAITING)
        await equals(prometheus, 'sum(duologue_people{doing="waiting"})', WAITING)
        await equals(prometheus, 'sum(duologue_queue_people{cohort="default:text:adult:open"})', 1)
        await equals(prometheus, "sum(duologue_establish_seconds_count)", known.talks)
        await equals(prometheus, 'sum(duologue_commands_total{command="next",answer="ok"})', 1)
        await equals(prometheus, 'sum(duologue_commands_total{command="find",answer="ok"})', known.finds)
        await equals(prometheus, 'sum(duologue_pairs_ended_total{phase="talking",reason="next"})', 1)
        await equals(prometheus, "sum(duologue_sockets)", len(people) + WAITING)
        await equals(prometheus, 'sum(duologue_sessions_started_total{kind="new"})', len(people) + WAITING)
        await equals(prometheus, "sum(duologue_first_frame_seconds_count)", 2 * known.talks)
        await until(prometheus, "sum(duologue_first_frame_seconds_sum)", near(2 * known.talks * FRAME_MS / 1000))
        await waits_are_found_again(prometheus, known.waits_s)


def near(figure: float) -> Callable[[float | None], bool]:
    """Sums of floating-point numbers are not exact."""
    return lambda answer: answer is not None and abs(answer - figure) < 1e-6 * figure


async def waits_are_found_again(prometheus: Prometheus, waits_s: list[float]) -> None:
    """As many in each bucket as the people saw; one that is close to a limit may be in the one before.

    What a person sees is the wait in the store and the way there and back.
    """
    await equals(prometheus, 'sum(duologue_wait_seconds_count{outcome="matched"})', len(waits_s))
    for limit_s in WAIT_S:
        counted = prometheus.value(f'sum(duologue_wait_seconds_bucket{{outcome="matched",le="{float(limit_s)}"}})')
        seen = sorted(waits_s)
        at_least, at_most = bisect_left(seen, limit_s), bisect_left(seen, limit_s + 1.0)
        assert counted is not None
        assert at_least <= counted <= at_most, f"{counted} waited for at most {limit_s} s, of {seen}"


async def test_the_store_in_use_is_told(serve: Serve, prometheus: Prometheus) -> None:
    """By every process: memory must never be mistaken for Redis."""
    await equals(prometheus, 'count(duologue_store_info{kind="redis"} == 1)', 4)
    await equals(prometheus, 'count(duologue_store_info{kind!="redis"}) or vector(0)', 0)
    await until(prometheus, "max(duologue_store_silent_seconds)", lambda answer: answer is not None and answer < 5)
