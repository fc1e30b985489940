"""Somebody's connection: that of the Python client, which comes back by itself. What crosses it is noted, in order.

Must not know what a person wants.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from random import Random

import aiohttp

from chaos.story import Came, Entry, Gone, Heard, Lost, Said, What
from duologue.client.invitation import Invitation, join
from duologue.client.reconnecting import Away, ReconnectingSocket
from duologue.client.socket import ConnectionEnded
from duologue.protocol.client import Bye, ClientMessage
from duologue.protocol.server import Ready, ServerMessage

ABNORMAL = 1006
JOIN_AGAIN_S = 1.0
FOR_GOOD = 4300, 4400
"""The close codes after which a client of ours stays away."""

Note = Callable[[Entry], None]


class Connection:
    """Of one person, from the first sign-in on."""

    def __init__(
        self, who: str, url: str, facets: dict[str, str], note: Note, dice: Random, invitation: Invitation | None = None
    ) -> None:
        """`invitation`: where they have one, else they ask at `url`."""
        self._who = who
        self._url = url
        self._facets = facets
        self._note = note
        self._dice = dice
        self._invitation = invitation
        self._socket: ReconnectingSocket | None = None
        self._came = self._cut_myself = False
        self.on_lost: Callable[[], None] = lambda: None
        """Called whenever the connection is gone, or could not be had."""

    async def invited(self) -> Invitation:
        """Where to, and as whom: asked for once, however long it takes."""
        if not self._came:
            self._came = True
            self._log(Came())
        while self._invitation is None:
            try:
                self._invitation = await join(self._url, self._facets)
            except (OSError, aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(JOIN_AGAIN_S * self._dice.random())
        return self._invitation

    async def open(self) -> Ready:
        """Come in, however long it takes. Raises `ConnectionEnded` where the server wants nobody like us."""
        invitation = await self.invited()
        self._socket = ReconnectingSocket(invitation, on_away=self._away, random=self._dice.random)
        ready = await self._socket.enter()
        self._log(Heard(ready))
        return ready

    async def hear(self, within_s: float) -> ServerMessage | None:
        """The next message; None: nothing came. Raises `ConnectionEnded` when all is over."""
        assert self._socket is not None, "open it first"
        try:
            async with asyncio.timeout(within_s):
                message = await self._socket.receive()
        except TimeoutError:
            return None
        except ConnectionEnded as end:
            self._log(Lost(end.code, mine=False))
            raise
        self._log(Heard(message))
        return message

    def say(self, message: ClientMessage) -> None:
        """A command is on its way until it is answered, also over a reconnect; a signal is said now or never.

        Who has vanished says nothing.
        """
        if self._socket is not None:
            self._log(Said(message))
            self._socket.send(message)

    def cut(self) -> None:
        """The network is gone for a moment."""
        assert self._socket is not None, "open it first"
        self._cut_myself = True
        self._socket.cut()

    async def vanish(self) -> None:
        """Without a word, and nobody comes back by themselves: `open` does."""
        socket, self._socket = self._socket, None
        if socket is not None:
            self._log(Lost(ABNORMAL, mine=True))
            socket.cut()
            socket.close(goodbye=False)
            await socket.closed()

    async def goodbye(self) -> None:
        """The end of it. Comes in once more where that is needed to say so."""
        if self._socket is None or not self._socket.online:
            await self.vanish()
            await self.open()
        assert self._socket is not None, "it was opened"
        self.say(Bye())
        self._socket.close(goodbye=False)
        await self._socket.closed()
        self._log(Gone())

    async def leave(self) -> None:
        """The same for who comes in no more to say so."""
        if self._socket is not None and self._socket.online:
            await self.goodbye()
        else:
            await self.vanish()
            self._log(Gone())

    def _away(self, away: Away) -> None:
        code = away.ended.code if isinstance(away.ended, ConnectionEnded) else ABNORMAL
        mine, self._cut_myself = self._cut_myself, False
        self._log(Lost(code, mine, away.told_ms))
        self.on_lost()

    def _log(self, what: What) -> None:
        self._note(Entry(round(time.time() * 1000), self._who, what))
