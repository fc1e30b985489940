"""The room of one pair, joined for real by LiveKit's own library. The only file here that knows it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from livekit import rtc

from duologue.protocol.codes import MediaEvent
from duologue.protocol.server import Credentials

JOIN_WITHIN_S = 8.0
LEAVE_WITHIN_S = 3.0
logging.getLogger("livekit").setLevel(logging.CRITICAL)  # it warns of each connection that a fault breaks


class Room:
    """One stay in a room, begun at once. `tell` hears what becomes of it, once or twice.

    A join is never cancelled: the library ends the whole process when it is left alone in the middle of one.
    """

    def __init__(self, pair: str, credentials: Credentials, tell: Callable[[MediaEvent], None]) -> None:
        self.pair = pair
        self._credentials = credentials
        self._tell = tell
        self._left = False
        self._room = rtc.Room()
        self._task = asyncio.get_running_loop().create_task(self._join())

    async def _join(self) -> None:
        self._room.on("disconnected", self._lost)
        try:
            options = rtc.RoomOptions(connect_timeout=JOIN_WITHIN_S)
            await self._room.connect(self._credentials.url, self._credentials.token, options)
        except (rtc.ConnectError, TimeoutError, OSError):
            self._report(MediaEvent.FAILED)
        else:
            self._report(MediaEvent.CONNECTED)

    def _lost(self, *_: object) -> None:
        self._report(MediaEvent.FAILED)

    def _report(self, event: MediaEvent) -> None:
        if not self._left:
            self._tell(event)

    async def leave(self) -> None:
        """Fine if one was never in, or was thrown out. Waits for a join that is on its way."""
        self._left = True
        await asyncio.wait([self._task], timeout=JOIN_WITHIN_S + LEAVE_WITHIN_S)
        with contextlib.suppress(Exception):
            async with asyncio.timeout(LEAVE_WITHIN_S):
                await self._room.disconnect()
