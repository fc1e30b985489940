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
    """One stay in a room, begun at once and after the one before. `tell` hears what becomes of it, once or twice."""

    def __init__(
        self, pair: str, credentials: Credentials, tell: Callable[[MediaEvent], None], after: Room | None = None
    ) -> None:
        self.pair = pair
        self._credentials = credentials
        self._tell = tell
        self._left = False
        self._room = rtc.Room()
        self._task = asyncio.get_running_loop().create_task(self._join(after))

    async def _join(self, after: Room | None) -> None:
        if after is not None:
            await after.leave()
        self._room.on("disconnected", self._lost)
        try:
            async with asyncio.timeout(JOIN_WITHIN_S):
                await self._room.connect(self._credentials.url, self._credentials.token, rtc.RoomOptions())
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
        """Fine if one was never in, or was thrown out."""
        self._left = True
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        with contextlib.suppress(Exception):
            async with asyncio.timeout(LEAVE_WITHIN_S):
                await self._room.disconnect()
