"""All media servers are gone for a minute of virtual time, in a town without any other trouble."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest
import structlog

from duologue.protocol.codes import Mode, Pause
from duologue.simulation.town import NODES, Town
from duologue.simulation.trace import Trace
from duologue.simulation.virtual import VirtualLoop
from duologue.store.ledger import Transitions

BEFORE_MS, OUTAGE_MS = 5_000, 60_000
KNOWN_MS = 3_500
"""Two looks, and the way of the news."""


class Outage(Town):
    """Both nodes die and come back; who meets whom in between is counted."""

    def __init__(self, trace: Trace) -> None:
        super().__init__(4, Transitions, trace)
        crowd = self.plan._replace(people=24, gateways=2, matchers=2, owners_nap=False)
        self.plan = crowd._replace(fails=0.0, slow_ms=2, latency_ms=20)
        self._weather.store.fails = self._weather.media.fails = 0.0
        self.calm = True
        self.met: dict[str, Counter[Mode]] = {"out": Counter(), "again": Counter()}
        self.paused: set[Pause | None] = set()
        self.left_behind = 0

    async def _make_trouble(self) -> None:
        await self._clock.sleep_ms(BEFORE_MS)
        for name in NODES:
            self._media.on[name].die()
        await self._clock.sleep_ms(KNOWN_MS)
        self.left_behind = sum(pair.node is not None for pair in self._store.ledger.pairs.values())
        await self._count("out", OUTAGE_MS - KNOWN_MS)
        for name in NODES:
            self._media.on[name].come_back()

    async def _count(self, when: str, for_ms: int) -> None:
        """Count new pairs by mode, and what people are told."""
        seen = set(self._store.ledger.pairs)
        for _ in range(for_ms // 100):
            await self._clock.sleep_ms(100)
            new = {id_: pair for id_, pair in self._store.ledger.pairs.items() if id_ not in seen}
            seen |= new.keys()
            self.met[when].update(pair.mode for pair in new.values())
            status = await self._store.read_status()
            self.paused |= {each.paused for shard, each in status.items() if f":{Mode.VIDEO}:" in shard}

    async def _watch(self) -> None:
        await self._clock.sleep_ms(BEFORE_MS + OUTAGE_MS + 2_000)
        await self._count("again", 20_000)
        await super()._watch()


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outage]:
    """The town after its day; every invariant was checked on the way."""
    monkeypatch.setattr("duologue.simulation.town.TROUBLE_MS", BEFORE_MS + OUTAGE_MS + 1_000)
    before = structlog.get_config()
    trace = Trace()
    structlog.configure(processors=[trace.log_processor, _swallow], cache_logger_on_first_use=False)

    async def day() -> Outage:
        town = Outage(trace)
        await town.run()
        return town

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        yield runner.run(day())
    structlog.configure(**before)


def _swallow(*_: object) -> str:
    raise structlog.DropEvent


def test_text_works_video_waits_and_all_resumes(outage: Outage) -> None:
    """Nobody is left in a dead room, people are told why they wait, and the queue goes on by itself."""
    assert outage.left_behind == 0
    assert outage.met["out"][Mode.TEXT] > 5
    assert outage.met["out"][Mode.VIDEO] == 0
    assert Pause.MEDIA_DOWN in outage.paused
    assert outage.met["again"][Mode.VIDEO] > 0
    assert outage.met["again"][Mode.TEXT] > 0
