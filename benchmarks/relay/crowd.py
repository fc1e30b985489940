"""The people of one server, all in this process: they come, pair up, and talk at a set rate or as fast as they can."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import cycle

from benchmarks.relay.people import FRAME_BYTES, Person, Tally

AT_ONCE = 64
"""Connections on their way at the same time: enough to keep a server busy, few enough for its backlog."""
WITHIN_S = 60
SLICE_S = 0.002
"""Offered load is sent in slices of this length."""
SETTLE_S = 0.5


class Crowd:
    """People of one dialect at one address. Everything here raises `TimeoutError` rather than wait for ever."""

    def __init__(self, dialect: type[Person], address: str) -> None:
        self._dialect = dialect
        self._address = address
        self._people: list[Person] = []
        self.tally = Tally()

    async def come(self, tokens: Sequence[str]) -> None:
        """One person for each token, `AT_ONCE` at a time, each of them let in."""
        left = iter(tokens)

        async def some() -> None:
            for token in left:
                self._people.append(await self._dialect.come(self._address, self.tally, token))

        async with asyncio.timeout(WITHIN_S), asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(some())

    async def pair_up(self) -> None:
        """Everybody has a partner afterwards."""
        for number, person in enumerate(self._people):
            person.meet(f"room-{number // 2:06}")
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        async with asyncio.timeout(WITHIN_S):
            await asyncio.gather(*(person.ready for person in self._people))
        assert all(len(person.message) == FRAME_BYTES for person in self._people), "the same bytes for every server"

    async def talk(self, rate_per_s: int, for_s: float) -> None:
        """Offer messages evenly, by everybody in turn; returns when the last one was heard or is overdue."""
        loop = asyncio.get_running_loop()
        start, speakers, sent = loop.time(), cycle(self._people), 0
        while (passed_s := loop.time() - start) < for_s:
            for _ in range(int(rate_per_s * passed_s) - sent):
                next(speakers).say()
                sent += 1
            await asyncio.sleep(SLICE_S)
        await self._hear_all()

    async def talk_at_will(self, for_s: float) -> None:
        """One message on its way for each pair; whoever hears it answers at once."""
        self.tally.answering = True
        for person in self._people[::2]:
            person.say()
        await asyncio.sleep(for_s)

    async def fall_silent(self) -> None:
        """What is on its way arrives, and nothing follows."""
        self.tally.answering = False
        await self._hear_all()

    async def leave(self) -> None:
        """Everybody drops their connection."""
        async with asyncio.timeout(WITHIN_S):
            await asyncio.gather(*(person.leave() for person in self._people))

    async def _hear_all(self) -> None:
        """Wait until all that was sent was heard, as long as there is some progress."""
        before = -1
        while self.tally.heard < self.tally.sent and self.tally.heard != before:
            before = self.tally.heard
            await asyncio.sleep(SETTLE_S)
