"""The crowd of the match benchmark: all are connected, some of one side wait, and those of the other come and find.

Finds come at a set rate, whether those before were answered or not: a server that stalls does not slow the questions.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from benchmarks.meeting.people import Seeker
from benchmarks.relay.people import Tally
from benchmarks.report import CannotRun

WAITERS, FINDERS = "a", "b"
AT_ONCE = 64
"""Connections on their way at the same time."""
COME_WITHIN_S = 150
WAIT_WITHIN_S = 20
MATCHED_WITHIN_S = 10
TALK_S = 1.0


class Sample(NamedTuple):
    """One find, and how long it took until the partner was named."""

    asked_s: float
    took_ms: float


class Stream:
    """Pairs come together and part; people take turns, so nobody meets the same one again soon."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.samples: list[Sample] = []
        self.lags_ms: list[float] = []
        """How late each find was sent: by how much this process was behind."""
        self.asked = 0
        self.alone = 0
        """Finds while nobody was known to wait."""
        self._people: list[Seeker] = []
        self._idle: dict[str, deque[Seeker]] = {WAITERS: deque(), FINDERS: deque()}
        self._waiting: set[Seeker] = set()
        self._wanted = 0
        self._something = asyncio.Event()
        """Somebody waits, or was matched."""

    async def come(
        self, address: str, waiters: Sequence[str], finders: Sequence[str], came: Callable[[int], None]
    ) -> None:
        """One person for each token, each of them let in."""
        left = iter([*((WAITERS, token) for token in waiters), *((FINDERS, token) for token in finders)])

        async def some() -> None:
            for side, token in left:
                self._let_in(side, await Seeker.come(address, self.tally, token))
                came(1)

        async with asyncio.timeout(COME_WITHIN_S), asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(some())

    def _let_in(self, side: str, who: Seeker) -> None:
        who.on_idle = self._idle[side].append
        if side == WAITERS:
            who.on_waiting, who.on_matched = self._waits, self._waiter_met
        else:
            who.on_matched, who.on_talking = self._finder_met, self._talk
        self._people.append(who)
        self._idle[side].append(who)

    async def fill(self, waiting: int) -> None:
        """So many wait from now on: for each that is matched, another one comes."""
        self._wanted = waiting
        for _ in range(waiting):
            self._one_more_waits()
        await self._filled()

    async def _filled(self) -> None:
        await self._until(lambda: len(self._waiting) >= self._wanted, WAIT_WITHIN_S)

    async def run(self, rate_per_s: float, for_s: float) -> None:
        """Somebody finds, again and again, and each of them hears of somebody.

        It begins with as many who wait as were asked for: a run before may have taken them all at once, when matching
        had only just begun.
        """
        await self._filled()
        start_s, self.asked = time.perf_counter(), 0
        self.samples, self.lags_ms, self.alone = [], [], 0
        while (due_s := start_s + self.asked / rate_per_s) < start_s + for_s:
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            self.lags_ms.append((time.perf_counter() - due_s) * 1e3)
            self._find_one()
        with contextlib.suppress(TimeoutError):  # then some are missing, and the caller sees that
            await self._until(lambda: len(self.samples) == self.asked, MATCHED_WITHIN_S)

    async def leave(self) -> None:
        """Everybody drops their connection."""
        async with asyncio.timeout(WAIT_WITHIN_S):
            await asyncio.gather(*(who.leave() for who in self._people))

    async def _until(self, holds: Callable[[], bool], within_s: float) -> None:
        async with asyncio.timeout(within_s):
            while not holds():
                self._something.clear()
                await self._something.wait()

    def _find_one(self) -> None:
        self.alone += not self._waiting
        self.asked += 1
        self._somebody(FINDERS).find(WAITERS)

    def _one_more_waits(self) -> None:
        self._somebody(WAITERS).find(FINDERS)

    def _somebody(self, side: str) -> Seeker:
        if not self._idle[side]:
            raise CannotRun("everybody is in a pair or waits: give more --people, or a lower --rate")
        return self._idle[side].popleft()

    def _waits(self, who: Seeker) -> None:
        self._waiting.add(who)
        self._something.set()

    def _waiter_met(self, who: Seeker, _: float) -> None:
        self._waiting.discard(who)
        self._one_more_waits()

    def _finder_met(self, who: Seeker, heard_s: float) -> None:
        self.samples.append(Sample(who.asked_s, (heard_s - who.asked_s) * 1e3))
        self._something.set()

    def _talk(self, who: Seeker) -> None:
        asyncio.get_running_loop().call_later(TALK_S, who.part)
