"""One LiveKit server: its API, and how to reach it. Knows nothing of pairs but the names of rooms."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import jwt
from livekit import api
from livekit.api.room_service import RoomService
from livekit.api.twirp_client import TwirpError, TwirpErrorCode

from duologue.errors import Unavailable
from duologue.ids import NodeName, PairId
from duologue.metrics import definitions as metrics
from duologue.ports import Clock, Room
from duologue.safety.ratelimit import Rate

EMPTY_TIMEOUT_S = 20
"""A room that nobody joins closes by itself: longer than the connect deadline of a pair."""
DEPARTURE_TIMEOUT_S = 20
"""The same after the last one left: longer than a held seat, so that a reload finds its room."""
CALL_TIMEOUT_S = 3
API_TOKEN_TTL_S = 600
"""Made anew for each call; so long, that a LiveKit whose clock is minutes ahead takes it, too."""


@dataclass(frozen=True)
class NodeAccess:
    """How to reach one. The secret never shows in a repr."""

    name: NodeName
    url: str
    public_url: str
    """What clients connect to."""
    api_key: str
    api_secret: str = field(repr=False)
    slots: Rate
    """How many pairs it can start in a time."""


class LiveKitNode:
    """One server. Every fault of it or of the way to it is `Unavailable`. Close it at the end."""

    def __init__(self, access: NodeAccess, clock: Clock) -> None:
        self.access = access
        self._clock = clock
        self._http_url = access.url.replace("ws", "http", 1)
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        self._plain: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        await self._session.close()
        if self._plain is not None:
            await self._plain.close()

    async def probe(self) -> bool:
        """Whether it says that it is well. It may take for ever."""
        if self._plain is None:
            self._plain = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        try:
            async with self._plain.get(self._http_url) as answer:
                return answer.status == 200
        except (aiohttp.ServerTimeoutError, aiohttp.ClientConnectorDNSError):
            return False  # says nothing of the server itself
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable("LiveKit", type(error).__name__) from error

    async def open_room(self, pair: PairId) -> None:
        """Make the room for two. Idempotent: LiveKit returns the one that is there."""
        request = api.CreateRoomRequest(
            name=pair,
            max_participants=2,
            empty_timeout=EMPTY_TIMEOUT_S,
            departure_timeout=DEPARTURE_TIMEOUT_S,
        )
        await self._call("open_room", self._rooms.create_room(request))

    async def close_room(self, pair: PairId) -> None:
        """Delete the room; one that is gone already is fine."""
        try:
            await self._call("close_room", self._rooms.delete_room(api.DeleteRoomRequest(room=pair)))
        except _NotFound:
            return

    async def rooms(self, only: Sequence[PairId] | None) -> list[Room]:
        """The rooms that exist now."""
        response = await self._call("rooms", self._rooms.list_rooms(api.ListRoomsRequest(names=only)))
        return [Room(PairId(room.name), room.creation_time * 1000) for room in response.rooms]

    @property
    def _rooms(self) -> RoomService:
        """With a token by our clock: the library would make one by that of this machine, which may be ahead, and that
        begins right then; LiveKit refuses what begins later than now.
        """
        claims = {
            "iss": self.access.api_key,
            "exp": self._clock.now_ms() // 1000 + API_TOKEN_TTL_S,
            "video": {"roomCreate": True, "roomList": True},
        }
        token = jwt.encode(claims, self.access.api_secret, algorithm="HS256")
        return api.LiveKitAPI.with_token(token, self._http_url, session=self._session).room

    async def _call(self, name: str, request: Any) -> Any:
        try:
            with metrics.MEDIA_CALL_SECONDS.time(name):
                return await self._answer(request)
        except _NotFound:
            raise
        except Unavailable:
            metrics.MEDIA_CALL_ERRORS.inc(name)
            raise

    async def _answer(self, request: Any) -> Any:
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):  # the library's own timeout does not hold
                return await request
        except TwirpError as error:
            if error.code == TwirpErrorCode.NOT_FOUND:
                raise _NotFound("LiveKit", "no such room") from error
            raise Unavailable("LiveKit", f"{error.code}: {error.message}") from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Unavailable("LiveKit", type(error).__name__) from error


class _NotFound(Unavailable):
    """LiveKit does not know the room."""
