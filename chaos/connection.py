"""A connection that comes back by itself: tokens, the handshake, silence, and what a close code asks for.

What crosses it is noted, in order. Must not know what a person wants.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from random import Random

import aiohttp
from picows import WSError, WSFrame, WSTransport

from chaos.story import Entry, Gone, Heard, Lost, Said, What
from duologue.client import ConnectionEnded, Invitation, Socket, join
from duologue.protocol.client import Auth, Bye, ClientMessage, Resume
from duologue.protocol.codes import CloseCode
from duologue.protocol.server import Drain, Hello, InvalidSession, Ready, ServerMessage

HANDSHAKE_S = 10.0
"""From the first try to `ready`; more is a server that is gone."""
SILENCE_S = 35.5
"""The server's heartbeat and its patience."""
BACKOFF_S, BACKOFF_CAP_S = 0.5, 8.0
UNREACHABLE = 1006
TOKEN_IS_OLD = (CloseCode.TOKEN_EXPIRED, CloseCode.INVALID_TOKEN)

Note = Callable[[Entry], None]


class _Wire(Socket):
    """A socket that knows when it last heard anything, pings too."""

    def __init__(self) -> None:
        super().__init__()
        self.heard_s = time.monotonic()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.heard_s = time.monotonic()
        super().on_ws_frame(transport, frame)


class Connection:
    """Of one person, from the first sign-in on."""

    def __init__(self, who: str, url: str, facets: dict[str, str], note: Note, dice: Random) -> None:
        self._who = who
        self._url = url
        self._facets = facets
        self._note = note
        self._dice = dice
        self._invitation: Invitation | None = None
        self._resume: tuple[str, int] | None = None
        self._wire: _Wire | None = None
        self._failures = 0
        self._told_s: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether something can be said."""
        return self._wire is not None

    async def open(self) -> Ready:
        """Come in, however long it takes."""
        while True:
            try:
                async with asyncio.timeout(HANDSHAKE_S):
                    ready = await self._come_in()
            except ConnectionEnded as end:
                self._over(end.code, mine=False)
                await self.pause(end.code)
            except (OSError, aiohttp.ClientError, WSError, TimeoutError):
                self._drop()
                await self.pause(UNREACHABLE)
            else:
                self._failures = 0
                return ready

    async def _come_in(self) -> Ready:
        if self._invitation is None:
            self._invitation = await join(self._url, self._facets)
        wire = await _Wire.open(self._invitation.websocket_url)
        assert isinstance(wire, _Wire), "`open` makes one of its own class"
        self._wire = wire
        await self._expect(wire, Hello)
        if self._resume is not None:
            wire.send(Resume(*self._resume))
            answer = await self._expect(wire, Ready | InvalidSession)
            if isinstance(answer, Ready):
                return self._entered(answer)
        wire.send(Auth(self._invitation.token))
        ready = await self._expect(wire, Ready)
        assert isinstance(ready, Ready), "it was expected"
        return self._entered(ready)

    async def _expect(self, wire: _Wire, kind: object) -> ServerMessage:
        while True:
            message = await wire.receive()
            if isinstance(message, kind):  # type: ignore[arg-type]  # a class or a union of classes
                return message
            self._hear(message)

    def _entered(self, ready: Ready) -> Ready:
        self._resume = ready.resume_token, ready.rev
        self._hear(ready)
        return ready

    async def hear(self, within_s: float) -> ServerMessage | None:
        """The next message; None: nothing came. Raises `ConnectionEnded`, which is noted then."""
        wire = self._wire
        if wire is None:
            raise ConnectionEnded(UNREACHABLE, "not open")
        try:
            async with asyncio.timeout(within_s):
                message = await wire.receive()
        except TimeoutError:
            if time.monotonic() - wire.heard_s > SILENCE_S:
                self.lose(mine=False)
                raise ConnectionEnded(UNREACHABLE, "silence") from None
            return None
        except ConnectionEnded as end:
            self._over(end.code, mine=False)
            raise
        self._hear(message)
        return message

    def say(self, message: ClientMessage) -> None:
        """Write it; on a connection that has ended, the next `hear` says so."""
        if self._wire is not None:
            self._log(Said(message))
            try:
                self._wire.send(message)
            except ConnectionEnded:
                return

    def lose(self, *, mine: bool) -> None:
        """Drop it without a word."""
        self._over(UNREACHABLE, mine=mine)

    async def goodbye(self) -> None:
        """The end of it."""
        if self._wire is not None:
            self.say(Bye())
            self._wire.close(goodbye=False)
            self._wire = None
        self._log(Gone())

    async def pause(self, code: int) -> None:
        """As long as the close code asks for, with jitter."""
        if code in TOKEN_IS_OLD:
            self._invitation, self._resume = None, None
        told_s, self._told_s = self._told_s, None
        self._failures += 1
        most_s = min(BACKOFF_CAP_S, BACKOFF_S * 2 ** (self._failures - 1))
        if code // 100 == 41:
            most_s = max(most_s, 2.0)
        await asyncio.sleep((told_s or 0) + self._dice.uniform(0.05, most_s))

    def _hear(self, message: ServerMessage) -> None:
        if isinstance(message, Drain):
            self._told_s = message.retry_after_ms / 1000
        self._log(Heard(message))

    def _over(self, code: int, *, mine: bool) -> None:
        self._drop()
        self._log(Lost(code, mine))

    def _drop(self) -> None:
        if self._wire is not None:
            self._wire.cut()
            self._wire = None

    def _log(self, what: What) -> None:
        self._note(Entry(round(time.time() * 1000), self._who, what))
