"""People who do what a script says, and what the figures then have to be. Their media is only their word."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Self

from duologue.client import RandomChatSession, join
from duologue.protocol.client import Filters
from duologue.protocol.codes import MediaEvent, Mode
from duologue.protocol.server import Matched, Talking

FRAME_MS = 400
WITHIN_S = 30


@dataclass
class Known:
    """What the script knows, because it did it."""

    pairs: int = 0
    talks: int = 0
    nexts: int = 0
    finds: int = 0
    waits_s: list[float] = field(default_factory=list)
    """From `find` (or `next`) to `matched`, as the people saw it."""


class Person:
    """One of them."""

    def __init__(self, session: RandomChatSession, mode: Mode) -> None:
        self.session = session
        self._mode = mode
        self._asked_s = 0.0
        self.waited_s = 0.0

    async def find(self) -> None:
        """Ask for a partner."""
        self._asked_s = time.monotonic()
        await self.session.find(Filters(mode=self._mode))

    async def next(self) -> None:
        """Ask for another one."""
        self._asked_s = time.monotonic()
        await self.session.next()

    async def matched(self) -> None:
        """Wait for them."""
        async with asyncio.timeout(WITHIN_S):
            await self.session.expect(Matched)
        self.waited_s = time.monotonic() - self._asked_s

    async def talk(self) -> None:
        """Until both sides say that they see each other; both have to."""
        self.session.report_media()
        async with asyncio.timeout(WITHIN_S):
            await self.session.expect(Talking)
        self.session.report_media(MediaEvent.FIRST_FRAME, ms=FRAME_MS)


class Crowd:
    """Everybody of a script. As a context: they leave at its end."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stack = AsyncExitStack()
        self.known = Known()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def come(self, count: int, mode: Mode = Mode.VIDEO) -> list[Person]:
        """So many more are here."""
        invitations = [await join(self._url) for _ in range(count)]
        sessions = [await self._stack.enter_async_context(RandomChatSession(each)) for each in invitations]
        return [Person(session, mode) for session in sessions]

    async def wait(self, people: Sequence[Person]) -> None:
        """They ask for a partner, and there is none."""
        for person in people:
            await person.find()
        self.known.finds += len(people)

    async def meet(self, people: Sequence[Person]) -> None:
        """They ask for partners, two by two, and talk."""
        for one, two in zip(people[::2], people[1::2], strict=True):
            await self.wait([one, two])
            await self.talk(one, two)

    async def talk(self, one: Person, two: Person) -> None:
        """These two have found each other, and talk."""
        await asyncio.gather(one.matched(), two.matched())
        assert one.session.pair == two.session.pair, "they were alone"
        await asyncio.gather(one.talk(), two.talk())
        self.known.pairs += 1
        self.known.talks += 1
        self.known.waits_s += [one.waited_s, two.waited_s]
