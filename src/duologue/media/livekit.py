"""LiveKit as `ports.Media`: a fresh room for every pair, made and deleted by us.

Rooms are never created by a join (`room.auto_create: false`), so deleting the room is a kill
switch: afterwards neither our tokens nor those that LiveKit refreshed open anything.
"""

from __future__ import annotations

import asyncio
from typing import Any, Self

import aiohttp
import jwt
from livekit import api
from livekit.api.twirp_client import TwirpError, TwirpErrorCode

from duologue.errors import Unavailable
from duologue.ids import PairId, PersonId
from duologue.pairs.pair import Pair
from duologue.ports import Clock
from duologue.protocol.codes import Mode
from duologue.protocol.server import Credentials

TOKEN_TTL_S = 90
"""A token is for the handshake only; LiveKit refreshes it for those who are in."""
EMPTY_TIMEOUT_S = 20
"""A room that nobody joins closes by itself: longer than the connect deadline of a pair."""
DEPARTURE_TIMEOUT_S = 20
"""The same after the last one left: longer than a held seat, so that a reload finds its room."""
SOURCES = {Mode.VIDEO: ["camera", "microphone"], Mode.VOICE: ["microphone"]}
CALL_TIMEOUT_S = 3


class LiveKit:
    """One LiveKit server."""

    def __init__(self, url: str, public_url: str, key: str, secret: str, clock: Clock) -> None:
        self._public_url = public_url
        self._key = key
        self._secret = secret
        self._clock = clock
        self._api = api.LiveKitAPI(url.replace("ws", "http", 1), key, secret)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._api.aclose()

    async def open_room(self, pair: PairId) -> None:
        """Make the room for two. Idempotent: LiveKit returns the one that is there."""
        request = api.CreateRoomRequest(
            name=pair,
            max_participants=2,
            empty_timeout=EMPTY_TIMEOUT_S,
            departure_timeout=DEPARTURE_TIMEOUT_S,
        )
        await self._call(self._api.room.create_room(request))

    async def close_room(self, pair: PairId) -> None:
        """Delete the room; one that is gone already is fine."""
        try:
            await self._call(self._api.room.delete_room(api.DeleteRoomRequest(room=pair)))
        except _NotFound:
            return

    async def rooms(self) -> list[PairId]:
        """The rooms that exist now."""
        response = await self._call(self._api.room.list_rooms(api.ListRoomsRequest()))
        return [PairId(room.name) for room in response.rooms]

    def place(self, pair: Pair, person: PersonId) -> Credentials:
        """A token for this room, this identity, and nothing else."""
        now_s = self._clock.now_ms() // 1000
        claims: dict[str, Any] = {
            "iss": self._key,
            "sub": pair.identity(person),
            "nbf": now_s - 10,
            "exp": now_s + TOKEN_TTL_S,
            "video": {
                "roomJoin": True,
                "room": pair.id,
                "canPublish": True,
                "canPublishSources": SOURCES[pair.mode],
                "canPublishData": False,
                "canSubscribe": True,
                "canUpdateOwnMetadata": False,
            },
        }
        token = jwt.encode(claims, self._secret, algorithm="HS256")
        peer = pair.identity(pair.peer(person).person)
        return Credentials("livekit", self._public_url, token, [peer])

    async def _call(self, request: Any) -> Any:
        """Every fault of LiveKit or of the way to it is `Unavailable`."""
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
