"""People who know each other: they never search, they call, by personal links; some have a second device that rings.

What they do is drawn from dice of their own, like that of all others; what crosses their wires is in the story.
"""

from __future__ import annotations

import asyncio
import time
from random import Random

from picows import WSError

from chaos.connection import Note
from chaos.people import Person, Ways
from chaos.story import Entry, Gone, Heard, Lost, Said, Traits
from duologue.client.invitation import Invitation
from duologue.client.socket import ConnectionEnded, Socket
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import Mode

COME_WITHIN_S = 10.0
DECLINES = 0.15
"""So often who is called at a second device wants to be left alone."""

Book = dict[str, str]
"""The links of all of them, by their names."""


class Device:
    """It was there first, and stands by as soon as its owner comes in elsewhere. Once lost, it stays at home."""

    def __init__(self, who: str, note: Note, dice: Random) -> None:
        self._who = who
        self._note = note
        self._dice = dice
        self._socket: Socket | None = None
        self._listening: asyncio.Task[None] | None = None

    async def come(self, invitation: Invitation) -> None:
        """In the name of its owner; fine if there is no way in."""
        try:
            async with asyncio.timeout(COME_WITHIN_S):
                self._socket = await Socket.open(invitation.websocket_url)
                await self._socket.hello()
                self._log(Heard(await self._socket.authenticate(invitation.token)))
        except (OSError, WSError, ConnectionEnded, AssertionError, TimeoutError):
            self._socket = None
            return
        self._listening = asyncio.get_running_loop().create_task(self._listen(self._socket))

    async def leave(self) -> None:
        """With a goodbye, where it is still there."""
        if self._socket is not None and self._listening is not None:
            if not self._listening.done():
                self._socket.close(goodbye=True)
                await asyncio.wait([self._listening])
            self._log(Gone())

    async def _listen(self, socket: Socket) -> None:
        try:
            while True:
                message = await socket.receive()
                self._log(Heard(message))
                if isinstance(message, s.Incoming) and self._dice.random() < DECLINES:
                    decline = c.Decline(f"decline-{message.call}"[:40], message.call)
                    self._log(Said(decline))
                    socket.send(decline)
        except ConnectionEnded as ended:
            self._log(Lost(ended.code, mine=True))

    def _log(self, what: Heard | Said | Lost | Gone) -> None:
        self._note(Entry(round(time.time() * 1000), self._who, what))


class Friend(Person):
    """One of them. `live` goes on until `leave`."""

    def __init__(self, number: int, url: str, seed: int, note: Note, book: Book) -> None:
        who = Traits(f"f{number}", "en", None, Mode.TEXT, calls=True)
        super().__init__(who, url, seed, note)
        self._book = book
        self._device = Device(f"{who.name}b", note, self._dice) if number % 2 else None
        self._came = False

    async def live(self) -> None:
        """As anybody does; the other device goes, too."""
        try:
            await super().live()
        finally:
            if self._device is not None:
                await self._device.leave()

    async def _be_there(self) -> None:
        if self._device is not None and not self._came:
            self._came = True
            await self._device.come(await self._connection.invited())
        await super()._be_there()

    def _entered(self, ready: s.Ready) -> None:
        super()._entered(ready)
        if self.who.name not in self._book:
            self._command(c.CallLink(next(self._ids)))

    def _take(self, message: s.ServerMessage) -> None:
        if isinstance(message, s.PersonalLink):
            self._book[self.who.name] = message.link
        super()._take(message)

    def _ways(self) -> Ways:
        rings: Ways = {"ringing": {self._accept: 6, self._decline: 1, self._nothing: 3}}
        if self.belief.outgoing:
            rings = {"ringing": {self._nothing: 8, self._cancel_call: 1}}
        return {
            **rings,
            "idle": {self._nothing: 10, self._call: 0 if self.calm else 10},
            "waiting": {self._cancel: 1},
            "paired": {self._chat: 10, self._nothing: 4, self._leave: 5},
        }

    def _call(self) -> None:
        others = sorted(name for name in self._book if name != self.who.name)
        if others:
            self._command(c.Call(next(self._ids), self._book[self._dice.choice(others)], Mode.TEXT))

    def _accept(self) -> None:
        self._command(c.Accept(next(self._ids), self.belief.call or ""))

    def _decline(self) -> None:
        self._command(c.Decline(next(self._ids), self.belief.call or ""))

    def _cancel_call(self) -> None:
        self._command(c.CancelCall(next(self._ids), self.belief.call or ""))
