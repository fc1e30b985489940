"""People who talk in pairs or wait, and what happens to them when their gateway is lost."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from benchmarks.meeting.service import FACET
from benchmarks.report import CannotRun
from duologue.client import Away, CommandRefused, ConnectionEnded, Invitation, RandomChatSession
from duologue.protocol.client import Filters
from duologue.protocol.codes import Mode
from duologue.protocol.server import ChatLine, Matched, Ready, ServerMessage

LEFT, RIGHT, LONELY, NOBODY = "left", "right", "lonely", "nobody"
"""Sides: the left and the right want each other, the lonely want nobody who is here."""
WANTED = {LEFT: RIGHT, RIGHT: LEFT, LONELY: NOBODY}
AT_ONCE = 64
"""People on their way in at the same time."""
LOOK_EVERY_S = 0.1
RETRY_MS = 1_000


class Loss(NamedTuple):
    """A connection that was lost, or a try that failed: when, and the wait that was chosen."""

    at_s: float
    wait_ms: int


class Guest:
    """One of them. Times are those of `time.perf_counter`."""

    def __init__(self, address: str, side: str, token: str) -> None:
        self.side = side
        self.session = RandomChatSession(Invitation(f"ws://{address}", token), reconnect=True, on_away=self._away)
        self.lines: set[str] = set()
        self.begin()

    def begin(self) -> None:
        """From now on, things are counted."""
        self.losses: list[Loss] = []
        self.returns: list[float] = []
        self.errors: list[str] = []
        self.refused = 0
        self._before = self._place

    @property
    def _place(self) -> tuple[str | None, int | None]:
        """The pair, and since when they wait."""
        return self.session.pair, None if self.session.waiting is None else self.session.waiting.since

    @property
    def settled(self) -> bool:
        """They have what they came for: a talk, or a place among those who wait."""
        return self.session.waiting is not None if self.side == LONELY else self.session.talking

    @property
    def kept(self) -> bool:
        """It is the very one of before."""
        return self.settled and self._place == self._before

    async def live(self, way_in: asyncio.Semaphore) -> None:
        """Until it is cancelled, or the server does not want them any more."""
        wanted = Filters(Mode.TEXT, wants={FACET: [WANTED[self.side]]})
        try:
            async with AsyncExitStack() as stack:
                async with way_in:
                    await stack.enter_async_context(self.session)
                    await self._insist(lambda: self.session.find(wanted))
                while True:
                    self._hear(await self.session.news())
        except Exception as error:  # noqa: BLE001 - whatever it was, the report has to say it
            self.errors.append(repr(error))

    async def write(self, text: str) -> None:
        """To the partner."""
        try:
            await self._insist(lambda: self.session.chat(text))
        except (AssertionError, CommandRefused, ConnectionEnded) as error:  # the partner is gone
            self.errors.append(repr(error))

    async def _insist(self, command: Callable[[], Awaitable[None]]) -> None:
        """As a good client does: again, where a busy server says that later will do."""
        while True:
            try:
                return await command()
            except CommandRefused as refused:
                if not refused.error.temporary:
                    raise
                self.refused += 1
                await asyncio.sleep((refused.error.retry_after_ms or RETRY_MS) / 1000)

    def _hear(self, news: ServerMessage) -> None:
        match news:
            case Ready():
                self.returns.append(time.perf_counter())
            case Matched():
                self.session.report_media()
            case ChatLine(text=text):
                self.lines.add(text)

    def _away(self, away: Away) -> None:
        self.losses.append(Loss(time.perf_counter(), away.wait_ms))


class Crowd:
    """All of them: pairs, and as many who wait as there are in pairs."""

    def __init__(self, address: str, people: int, token: Callable[[str], str]) -> None:
        sides = itertools.islice(itertools.cycle((LEFT, RIGHT, LONELY, LONELY)), people)
        self.guests = [Guest(address, side, token(side)) for side in sides]
        self._messages = itertools.count(1)

    @asynccontextmanager
    async def here(self, settled: Callable[[int], None]) -> AsyncIterator[None]:
        """They come, and have gone afterwards. `settled` is told how many more are."""
        way_in = asyncio.Semaphore(AT_ONCE)
        lives = [asyncio.create_task(guest.live(way_in)) for guest in self.guests]
        try:
            missing = await self.until(lambda guest: guest.settled, within_s=150, told=settled)
            if missing:
                raise CannotRun(f"{len(missing)} people found nobody: {[guest.errors for guest in missing[:5]]}")
            yield
        finally:
            for life in lives:
                life.cancel()
            await asyncio.gather(*lives, return_exceptions=True)

    def begin(self) -> None:
        """From now on, things are counted."""
        for guest in self.guests:
            guest.begin()

    async def until(
        self, holds: Callable[[Guest], bool], *, within_s: float, told: Callable[[int], None] = lambda _: None
    ) -> Sequence[Guest]:
        """Wait until it holds for everybody; gives those for whom it did not in time."""
        give_up_s, done = time.perf_counter() + within_s, 0
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            missing = [guest for guest in self.guests if not holds(guest)]
            told(len(self.guests) - len(missing) - done)
            done = len(self.guests) - len(missing)
            if not missing or time.perf_counter() > give_up_s:
                return missing

    async def talk(self, within_s: float) -> Sequence[Guest]:
        """Everybody in a pair writes a line; gives those whose partner's did not come."""
        text = f"line {next(self._messages)}"
        talkers = [guest for guest in self.guests if guest.session.pair is not None]
        async with asyncio.TaskGroup() as group:
            for guest in talkers:
                group.create_task(guest.write(text))
        return await self.until(lambda guest: guest.side == LONELY or text in guest.lines, within_s=within_s)
