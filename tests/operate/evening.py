"""An evening in a small town, for the pictures of the dashboards: `python -m tests.operate.evening FILE`.

A whole `duologue serve` with Redis, PostgreSQL and LiveKit, a Prometheus with the rules of `deploy/prometheus`, and
people who come, find, talk, press Next and go. A third of the way, Redis says nothing for a few seconds; at two thirds
a gateway is killed, and another one starts in its place. They are in the rooms of their pairs, without picture
or sound: what is said of first pictures is only their word.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml  # type: ignore[import-untyped]
from livekit import rtc

from duologue.client import RandomChatSession, join
from duologue.client.session import CommandRefused
from duologue.client.socket import ConnectionEnded
from duologue.protocol.client import Diagnostics, Filters
from duologue.protocol.codes import MediaEvent, Mode
from duologue.protocol.server import Ended, Matched
from scripts.dashboards.pages import FOLDER
from scripts.dashboards.recording import record, save
from tests.e2e.servers import Serve, serving
from tests.prometheus import running_prometheus, scraping

EXAMPLE = FOLDER.parent / "prometheus/prometheus.yml"
POINTS = 120
COME_WITHIN = 0.25
"""Of the evening: until then, everybody has come."""
MODES = (Mode.VIDEO, Mode.VIDEO, Mode.VIDEO, Mode.TEXT)
FAULTS = ("no camera", "timeout", "network lost")
TALK_S, PAUSE_S, PATIENCE_S = 25.0, 4.0, 10.0
SILENT_S = 6.0
PROCESSES = 4
LOST = (ConnectionEnded, CommandRefused, ConnectionError, TimeoutError, OSError)


class Guest:
    """Somebody who stays until the end, whatever happens."""

    def __init__(self, url: str, dice: random.Random) -> None:
        self._url = url
        self._dice = dice
        self._mode = dice.choice(MODES)

    async def stay(self) -> None:
        """Comes back a moment after everything that goes wrong."""
        while True:
            with suppress(*LOST):
                async with RandomChatSession(await join(self._url)) as session:
                    await self._chat(session)
            await asyncio.sleep(self._dice.uniform(0.5, 3))

    async def _chat(self, session: RandomChatSession) -> None:
        await session.find(Filters(mode=self._mode))
        while (matched := await self._partner(session)) is not None:
            async with in_room(matched):
                await self._talk(session, matched.pair)
            if session.pair == matched.pair:
                await session.next()
            elif session.waiting is None:
                await asyncio.sleep(self._dice.expovariate(1 / PAUSE_S))
                await session.find(Filters(mode=self._mode))

    async def _partner(self, session: RandomChatSession) -> Matched | None:
        """Who loses patience stops for a while, or goes away."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(1 + self._dice.expovariate(1 / PATIENCE_S)):
                    return await session.expect(Matched)
            if self._dice.random() < 0.3:
                return None
            await session.cancel()
            await asyncio.sleep(self._dice.expovariate(1 / PAUSE_S))
            await session.find(Filters(mode=self._mode))

    async def _talk(self, session: RandomChatSession, pair: str) -> None:
        """Until the partner goes, or one has had enough."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._dice.expovariate(1 / TALK_S) + 3):
                await self._begin(session)
                while (await session.expect(Ended)).pair != pair:
                    pass

    async def _begin(self, session: RandomChatSession) -> None:
        began_s = time.monotonic()
        await asyncio.sleep(self._dice.gammavariate(3, 0.15))
        if session.pair is None:
            return
        if self._mode is not Mode.TEXT and self._dice.random() < 0.01:
            session.report_media(MediaEvent.FAILED, self._dice.choice(FAULTS))
            return
        session.report_media()
        if self._mode is Mode.VIDEO:
            await asyncio.sleep(self._dice.gammavariate(3, 0.1))
            self._sees(session, began_s)

    def _sees(self, session: RandomChatSession, began_s: float) -> None:
        """The first picture, and what was built for it."""
        if session.pair is not None:
            session.report_media(MediaEvent.FIRST_FRAME, ms=int(1000 * (time.monotonic() - began_s)))
            session.send(Diagnostics("figures", {"pc_built": 2, "pc_swept": 0}))


@asynccontextmanager
async def in_room(matched: Matched) -> AsyncIterator[None]:
    """There without picture or sound, so that the room has its two people. Text has no room."""
    room = rtc.Room()
    if matched.media is not None:
        options = rtc.RoomOptions(auto_subscribe=False, single_peer_connection=True)
        with suppress(rtc.ConnectError):
            await room.connect(matched.media.url, matched.media.token, options)
    try:
        yield
    finally:
        await room.disconnect()


async def evening(serve: Serve, people: int, seconds: float) -> None:
    """From the first one to the last."""
    dice = random.Random(1)

    async def come(guest: Guest) -> None:
        await asyncio.sleep(dice.uniform(0, COME_WITHIN * seconds))
        await guest.stay()

    async def trouble() -> None:
        await asyncio.sleep(seconds / 3)
        serve.redis.freeze()
        await asyncio.sleep(SILENT_S)
        serve.redis.thaw()
        await asyncio.sleep(seconds / 3 - SILENT_S)
        serve.kill_process("gateway-1")

    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.gather(trouble(), *(come(Guest(serve.url, dice)) for _ in range(people)))


def rules() -> list[Path]:
    """Those that an operator's Prometheus has."""
    return [EXAMPLE.parent / name for name in yaml.safe_load(EXAMPLE.read_text())["rule_files"]]


def main() -> int:
    """Run it, and write what Prometheus saw."""
    parser = argparse.ArgumentParser(prog="python -m tests.operate.evening", description=__doc__)
    parser.add_argument("--people", type=int, default=60, help="how many come (%(default)s)")
    parser.add_argument("--minutes", type=float, default=9, help="how long it lasts (%(default)s)")
    parser.add_argument("file", type=Path, help="the recording; gzipped if it ends in .gz")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="duologue-evening-")))
        serve = stack.enter_context(serving(folder))
        prometheus = stack.enter_context(running_prometheus(scraping(serve.targets, rules())))
        serve.until(lambda: prometheus.value("sum(duologue_ready)") == PROCESSES, "Prometheus knows all processes")
        start = int(time.time())
        asyncio.run(evening(serve, options.people, options.minutes * 60))
        end = int(time.time()) - 2  # before people left
        about = f"{options.people} people on one machine"
        step = max(1, (end - start) // POINTS)
        save(record(prometheus.url, start, end, step, interval="20s", about=about), options.file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
