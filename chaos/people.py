"""Who uses the service, and what they do: search, talk, write, press Next, block, reload, vanish, and come back.

What they do is drawn from dice of their own; what they saw is in the story. Somebody with video joins the room for
real (`media.py`). They do nothing that a client of ours would not do.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random

from chaos.connection import Connection, Note
from chaos.media import Room
from chaos.story import Traits
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import ErrorCode, MediaEvent, Mode
from duologue.simulation.belief import Belief

Ways = dict[str, dict[Callable[[], None], int]]
LANGUAGES = ("en", "fr")
SPOKEN = "says something that no log may hold"
"""Stands in each line that they write."""
AGAIN_MS = 1_000
"""Where the server does not say when to ask again."""


def traits(number: int, seed: int, *, voice: bool) -> Traits:
    """Somebody, always the same for a seed."""
    dice = Random(f"{seed}-traits-{number}")
    wants = dice.choice(LANGUAGES) if dice.random() < 0.3 else None
    return Traits(f"p{number}", dice.choice(LANGUAGES), wants, Mode.VOICE if voice else Mode.TEXT)


class _Vanished(Exception):
    """They are gone, and will come again."""


class Person:
    """One of them. `live` goes on until `leave`."""

    def __init__(self, who: Traits, url: str, seed: int, note: Note) -> None:
        self.who = who
        self.belief = Belief()
        self._dice = Random(f"{seed}-{who.name}")
        self._connection = Connection(who.name, url, who.facets, note, self._dice)
        self._ids = (f"{who.name}-{n}" for n in itertools.count(1))
        self._lines = itertools.count(1)
        self._attempts = self._stopped = 0
        self._unanswered: dict[str, c.Command] = {}
        self._again: dict[str, tuple[float, c.Command]] = {}
        self._room: Room | None = None
        self._stays: set[asyncio.Task[None]] = set()
        """Rooms that they are about to leave."""
        self._leaving = asyncio.Event()
        self.calm = False
        """They neither reload nor vanish any more."""

    async def live(self) -> None:
        """Come, act, vanish and come again, and leave in the end."""
        try:
            while not self._leaving.is_set():
                with suppress(_Vanished):
                    await self._be_there()
            await self._connection.goodbye()
        finally:
            self._leave_room()
            if self._stays:
                await asyncio.wait(self._stays)

    def leave(self) -> None:
        """Go home, as soon as may be."""
        self._leaving.set()

    async def _be_there(self) -> None:
        self._entered(await self._connection.open())
        act_s = self._next_act_s()
        while not self._leaving.is_set():
            message = await self._connection.hear(max(0.01, min(act_s - time.monotonic(), 1.0)))
            if message is not None:
                self._take(message)
            if time.monotonic() >= act_s:
                act_s = self._next_act_s()
                await self._act()
            self._ask_again()

    def _entered(self, ready: s.Ready) -> None:
        self.belief = self.belief._replace(rev=0).after(ready)
        self._attempts = max(self._attempts, ready.attempt)
        if isinstance(ready.state, s.PairState):
            self._lines = itertools.count(ready.state.last_n + 1)
            self._bring_up(ready.state.matched)

    def _next_act_s(self) -> float:
        return time.monotonic() + self._dice.choice((0.3, 1, 2, 4, 8))

    def _take(self, message: s.ServerMessage) -> None:
        if isinstance(message, s.Waiting) and message.attempt <= self._stopped:
            return  # it crossed the wish to stop
        before, self.belief = self.belief, self.belief.after(message)
        match message:
            case s.Ready():
                self._entered(message)
            case s.Reply():
                self._answered(message)
            case s.Matched():
                if message.pair != before.pair:
                    self._lines = itertools.count(1)
                self._bring_up(message)
            case s.Ended():
                self._leave_room()

    def _answered(self, reply: s.Reply) -> None:
        command = self._unanswered.pop(reply.id, None)
        if reply.ok and command is not None and self.belief.is_ended_by(command):
            self._stopped = max(self._stopped, self.belief.attempt)
            self.belief = self.belief.cancelled()
        elif command is not None and reply.error is not None and reply.error.code is ErrorCode.UNAVAILABLE:
            wait_s = (reply.error.retry_after_ms or AGAIN_MS) / 1000
            self._again[command.id] = time.monotonic() + wait_s, command

    def _ask_again(self) -> None:
        """What was refused for now, with the same id: done once at most."""
        for id_, (due_s, command) in list(self._again.items()):
            if due_s <= time.monotonic():
                del self._again[id_]
                self._command(command)

    # -- media ------------------------------------------------------------------------------------

    def _bring_up(self, matched: s.Matched) -> None:
        if matched.mode is Mode.TEXT:
            self._connection.say(c.MediaReport(matched.pair, MediaEvent.CONNECTED))
        elif matched.media is not None and (self._room is None or self._room.pair != matched.pair):
            self._leave_room()
            pair = matched.pair
            self._room = Room(pair, matched.media, lambda event: self._report(pair, event))

    def _report(self, pair: str, event: MediaEvent) -> None:
        if self.belief.pair == pair:
            self._connection.say(c.MediaReport(pair, event, "network" if event is MediaEvent.FAILED else ""))

    def _leave_room(self) -> None:
        """Beside everything else: it may take long."""
        room, self._room = self._room, None
        if room is not None:
            stay = asyncio.get_running_loop().create_task(room.leave())
            self._stays.add(stay)
            stay.add_done_callback(self._stays.discard)

    # -- what they do of their own accord -----------------------------------------------------------

    async def _act(self) -> None:
        if self._wants_to_block:
            return
        drawn = self._dice.random()
        if not self.calm and drawn < 0.02:
            self._connection.cut()
        elif not self.calm and drawn < 0.03:
            await self._vanish(self._dice.uniform(0.5, 25))
        else:
            choices = self._ways()[self.belief.state]
            self._dice.choices(list(choices), list(choices.values()))[0]()

    def _ways(self) -> Ways:
        """What they do in which state, and how gladly."""
        blocks = self.who.mode is Mode.TEXT and not self.calm  # of the others there are too few
        return {
            "idle": {self._find: 20, self._nothing: 4},
            "waiting": {self._nothing: 20, self._cancel: 1},
            "paired": {self._chat: 10, self._nothing: 8, self._next: 7, self._leave: 1, self._block: int(blocks)},
            "ringing": {self._nothing: 1},
        }

    async def _vanish(self, for_s: float) -> None:
        """Into a tunnel, or to another device: whatever was asked is forgotten."""
        await self._connection.vanish()
        self._unanswered.clear()
        self._again.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                await self._leaving.wait()
        raise _Vanished

    @property
    def _wants_to_block(self) -> bool:
        """Nothing else before that is done: of a partner of long ago the server does not know any more."""
        asked = [*self._unanswered.values(), *(command for _, command in self._again.values())]
        return any(isinstance(command, c.Block) for command in asked)

    def _nothing(self) -> None:
        pass

    def _filters(self) -> c.Filters:
        wants = {"language": [self.who.wants]} if self.who.wants is not None else {}
        return c.Filters(self.who.mode, wants=wants, strict=list(wants))

    def _find(self) -> None:
        self._attempts += 1
        self._command(c.Find(next(self._ids), self._attempts, self._filters()))

    def _cancel(self) -> None:
        self._command(c.Cancel(next(self._ids), max(1, self.belief.attempt)))

    def _next(self) -> None:
        self._attempts += 1
        self._command(c.Next(next(self._ids), self.belief.pair or "", self._attempts))

    def _leave(self) -> None:
        self._command(c.Leave(next(self._ids), self.belief.pair or ""))

    def _block(self) -> None:
        self._command(c.Block(next(self._ids), self.belief.pair or ""))

    def _chat(self) -> None:
        if self.belief.pair is not None:
            n = next(self._lines)
            self._command(c.Chat(next(self._ids), self.belief.pair, f"{self.who.name} {SPOKEN} {n}", n))

    def _command(self, command: c.Command) -> None:
        self._unanswered[command.id] = command
        self._connection.say(command)
