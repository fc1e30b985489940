"""Each query of each dashboard has an answer, where a real Prometheus looks at a service with people in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from duologue.protocol.codes import MediaEvent, Mode
from duologue.protocol.server import Ended, Waiting
from tests.dashboards import Asked, queries
from tests.e2e.servers import Serve
from tests.operate.crowd import Crowd
from tests.prometheus import Prometheus, running_prometheus, scraping

pytestmark = pytest.mark.timeout(300)
ANSWERED_WITHIN_S = 40
RULES = Path(__file__).parent.parent.parent / "deploy" / "prometheus"


@pytest.fixture(scope="module")
def attentive(serve: Serve) -> Iterator[Prometheus]:
    """With the rules that some panels rely on."""
    rules = [RULES / name for name in ("recording.yml", "objectives.yml")]
    with running_prometheus(scraping(serve.targets, rules)) as server:
        serve.until(lambda: server.value("sum(up)") == 4, "every process was read")
        yield server


def answered(prometheus: Prometheus) -> set[Asked]:
    """Those that have something to show now."""
    return {asked for asked in queries("20s") if prometheus.query(asked.expr)}


async def live(serve: Serve) -> None:
    """Something of all that people do: they meet, give up, go, fail, move on, and wait."""
    async with Crowd(serve.url) as crowd:
        await crowd.meet(await crowd.come(6))
        (hasty, lonely) = await crowd.come(2, Mode.VOICE)
        await crowd.wait([hasty])
        await hasty.session.expect(Waiting)
        await hasty.session.cancel()
        await crowd.wait([lonely])
        one, two = await crowd.come(2, Mode.TEXT)
        await crowd.wait([one, two])
        await one.matched()
        await two.matched()
        one.session.report_media(MediaEvent.FAILED, "timeout")
        await two.session.expect(Ended)


async def test_every_query_of_every_dashboard_has_an_answer(serve: Serve, attentive: Prometheus) -> None:
    """An empty panel would say nothing: neither that all is well nor that it is not."""
    missing = set(queries("20s"))
    assert len(missing) > 80

    await live(serve)
    give_up = time.monotonic() + ANSWERED_WITHIN_S
    while missing := missing - answered(attentive):
        assert time.monotonic() < give_up, "\n".join(map(str, sorted(missing)))
        await asyncio.sleep(1)
