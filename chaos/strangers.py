"""People who come with a fault and go when it is over: they take room, and obey what a gateway tells them.

They are seen like anybody else, so what must hold for people holds for them. Must not know which fault it is.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random

from chaos.connection import Connection
from chaos.relay import HOST
from chaos.story import Traits
from chaos.topology import TOKEN_KEY, System
from duologue.client.invitation import Invitation
from duologue.clock import SystemClock, SystemRng
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import MediaEvent, Mode
from duologue.services.identity import TokenOffice
from duologue.simulation.belief import Belief

THEIR_LANGUAGE = "strangers'"
"""Nobody else speaks it, and they want no other: they meet each other only."""
AT_ONCE = 50
"""So many knock at a time, as fast as they are answered."""
LEAVE_WITHIN_S = 10.0
_numbers = itertools.count(1)


class Stranger:
    """One of them. `live` goes on until it is cancelled."""

    def __init__(self, system: System, dice: Random, mode: Mode, *, hurries: bool) -> None:
        """`hurries`: they search, and press Next as soon as they talk; else they are just there."""
        self.who = Traits(f"s{next(_numbers)}", THEIR_LANGUAGE, THEIR_LANGUAGE, mode)
        self.answered = asyncio.Event()
        """Somebody has told them something: that they are in, or not."""
        self.is_in = False
        self._hurries = hurries
        self._belief = Belief()
        self._asked = itertools.count(1)
        note = system.watch(self.who)
        office = TokenOffice(TOKEN_KEY.encode(), SystemClock(), SystemRng())
        invitation = Invitation(f"ws://{HOST}:{system.websocket}", office.mint_guest(self.who.facets).token)
        self._connection = Connection(self.who.name, "", self.who.facets, note, dice, invitation)
        self._connection.on_lost = self.answered.set

    async def live(self) -> None:
        """Come in, however often they are told to come later; then hear, and hurry."""
        self._entered(await self._connection.open())
        while True:
            message = await self._connection.hear(60)
            if message is not None:
                self._take(message)

    async def go(self) -> None:
        """Away for good: with a goodbye from who is in."""
        await self._connection.leave()

    def _entered(self, ready: s.Ready) -> None:
        self.is_in = True
        self.answered.set()
        self._belief = self._belief._replace(rev=0).after(ready)
        if self._hurries and self._belief.state == "idle":
            self._search()

    def _take(self, message: s.ServerMessage) -> None:
        self._belief = self._belief.after(message)
        match message:
            case s.Ready():
                self._entered(message)
            case s.Matched(pair=pair):
                self._connection.say(c.MediaReport(pair, MediaEvent.CONNECTED))
            case s.Talking(pair=pair) if pair == self._belief.pair:
                attempt = self._belief.attempt + 1
                self._connection.say(c.Next(self._id(), pair, attempt))
            case s.Ended(waiting=None) if self._hurries:
                self._search()

    def _search(self) -> None:
        wants = {"language": [THEIR_LANGUAGE]}
        filters = c.Filters(self.who.mode, wants=wants, strict=list(wants))
        self._connection.say(c.Find(self._id(), self._belief.attempt + 1, filters))

    def _id(self) -> str:
        return f"{self.who.name}-{next(self._asked)}"


@asynccontextmanager
async def strangers(
    system: System, dice: Random, number: int, mode: Mode = Mode.TEXT, *, hurries: bool = False
) -> AsyncIterator[Sequence[Stranger]]:
    """So many of them, all of whom were told something; at the end they go."""
    crowd = [Stranger(system, dice, mode, hurries=hurries) for _ in range(number)]
    tasks: list[asyncio.Task[None]] = []
    try:
        for at in range(0, number, AT_ONCE):
            part = crowd[at : at + AT_ONCE]
            tasks += [asyncio.get_running_loop().create_task(each.live(), name=each.who.name) for each in part]
            await asyncio.gather(*(each.answered.wait() for each in part))
        yield crowd
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=LEAVE_WITHIN_S)
        await asyncio.gather(*(each.go() for each in crowd[: len(tasks)]))
    broken = [task.exception() for task in tasks if not task.cancelled() and task.exception() is not None]
    assert not broken, f"{len(broken)} strangers broke: {broken[0]!r}"
