"""Looks at a LiveKit server for `duologue doctor`: as we reach it, and as a browser does. Judges nothing.

It makes a room, joins it as a browser would as far as to the first packet over UDP, and deletes it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import aiohttp
from livekit import api
from livekit.api.twirp_client import TwirpError
from livekit.protocol import rtc

from duologue.errors import Unavailable
from duologue.ids import PairId
from duologue.media import stun
from duologue.media.livekit_node import LiveKitNode, NodeAccess
from duologue.ports import Clock, Rng

ANSWER_WITHIN_S = 3.0
CANDIDATES_WITHIN_S = 2.0
UDP_TRIES, UDP_TRY_S = 4, 0.4
REFUSED = (401, 403)


class Way(NamedTuple):
    """An address for media that the server tells its clients."""

    protocol: str
    """`udp` or `tcp`."""
    host: str
    port: int
    is_open: bool
    """Whether it answered us."""


class Joined(NamedTuple):
    """What a client gets to know."""

    version: str
    turn: Sequence[str]
    """URLs of TURN."""
    ways: Sequence[Way]


class NodeFacts(NamedTuple):
    """How it is. A text is why something failed; empty where it did not."""

    name: str
    url: str
    public_url: str
    no_answer: str
    ahead_s: int | None = None
    """By how much its clock is ahead of ours; None where it does not say."""
    keys_refused: bool = False
    no_room: str = ""
    not_joined: str = ""
    joined: Joined | None = None


async def examine(access: NodeAccess, clock: Clock, rng: Rng) -> NodeFacts:
    """Look at one server."""
    facts = NodeFacts(access.name, access.url, access.public_url, "")
    node = LiveKitNode(access, clock)
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)) as http:
            try:
                facts = facts._replace(ahead_s=await _ahead_s(http, access.url, clock))
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                return facts._replace(no_answer=_told(error))
            return await _in_a_room(facts, node, http, rng)
    finally:
        await node.close()


async def end_a_room(access: NodeAccess, room: str, clock: Clock) -> bool:
    """Make a room and delete it, so that a webhook follows; whether both could be done."""
    node = LiveKitNode(access, clock)
    try:
        await node.open_room(PairId(room))
        await node.close_room(PairId(room))
    except Unavailable:
        return False
    finally:
        await node.close()
    return True


async def _ahead_s(http: aiohttp.ClientSession, url: str, clock: Clock) -> int | None:
    async with http.get(url.replace("ws", "http", 1)) as answer:
        date = answer.headers.get("Date")
        return None if date is None else int(parsedate_to_datetime(date).timestamp()) - clock.now_ms() // 1000


async def _in_a_room(facts: NodeFacts, node: LiveKitNode, http: aiohttp.ClientSession, rng: Rng) -> NodeFacts:
    room = PairId(f"doctor-{rng.token()}")
    try:
        await node.open_room(room)
    except Unavailable as error:
        cause = error.__cause__
        refused = isinstance(cause, TwirpError) and cause.status in REFUSED
        return facts._replace(keys_refused=refused, no_room=str(error))
    try:
        return facts._replace(joined=await _join(http, node.access, room, rng))
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        return facts._replace(not_joined=_told(error))
    finally:
        await node.close_room(room)


async def _join(http: aiohttp.ClientSession, access: NodeAccess, room: PairId, rng: Rng) -> Joined:
    """Go in by the way of clients. Raises errors of aiohttp, `OSError`, `TimeoutError`, `ValueError`."""
    grants = api.VideoGrants(room_join=True, room=room)
    token = api.AccessToken(access.api_key, access.api_secret).with_identity("doctor").with_grants(grants).to_jwt()
    url = re.sub(r"^http", "ws", access.public_url).rstrip("/") + "/rtc"
    params = {"access_token": token, "protocol": "15", "sdk": "python", "auto_subscribe": "0"}
    async with asyncio.timeout(2 * ANSWER_WITHIN_S), http.ws_connect(url, params=params) as ws:
        join = (await _next(ws)).join
        offer, candidates = await _offered(ws, rng.token())
        ways = await asyncio.gather(*(_tried(each, offer) for each in candidates))
    turn = [each for server in join.ice_servers for each in server.urls if each.startswith("turn")]
    return Joined(join.server_info.version or join.server_version, turn, ways)


async def _next(ws: aiohttp.ClientWebSocketResponse) -> rtc.SignalResponse:
    message = await ws.receive()
    if message.type is not aiohttp.WSMsgType.BINARY:
        raise ValueError("it ended the connection")
    return rtc.SignalResponse.FromString(message.data)


class _Candidate(NamedTuple):
    protocol: str
    host: str
    port: int


async def _offered(ws: aiohttp.ClientWebSocketResponse, name: str) -> tuple[stun.Credentials | None, list[_Candidate]]:
    """Take its offer and its addresses, as many as come in a while."""
    credentials, candidates = None, []
    try:
        async with asyncio.timeout(CANDIDATES_WITHIN_S):
            while True:
                message = await _next(ws)
                if message.HasField("offer"):
                    credentials = await _answer(ws, message.offer, name)
                elif message.HasField("trickle"):
                    candidates += _candidates(json.loads(message.trickle.candidateInit or "{}"))
                    if message.trickle.final:
                        break
    except TimeoutError:
        pass  # some servers never say that this was the last one
    return credentials, candidates


def _candidates(init: dict[str, str]) -> list[_Candidate]:
    """`candidate:FOUNDATION COMPONENT PROTOCOL PRIORITY HOST PORT typ ...`."""
    words = init.get("candidate", "").split()
    return [_Candidate(words[2].lower(), words[4], int(words[5]))] if len(words) > 7 else []


async def _answer(ws: aiohttp.ClientWebSocketResponse, offer: rtc.SessionDescription, name: str) -> stun.Credentials:
    """Answer its offer, so that its ICE agent listens; gives what it asks of us. No encrypted word will follow."""
    ufrag, password = (re.search(rf"a=ice-{field}:(\S+)", offer.sdp) for field in ("ufrag", "pwd"))
    if ufrag is None or password is None:
        raise ValueError("its offer has no ICE credentials")
    sdp = re.sub(r"a=ice-ufrag:\S+", f"a=ice-ufrag:{name[:8]}", offer.sdp)
    sdp = re.sub(r"a=ice-pwd:\S+", f"a=ice-pwd:{name:x<22}", sdp).replace("a=setup:actpass", "a=setup:active")
    answer = rtc.SessionDescription(type="answer", sdp=sdp, id=offer.id)
    await ws.send_bytes(rtc.SignalRequest(answer=answer).SerializeToString())
    return stun.Credentials(ufrag[1], password[1], name[:8])


async def _tried(candidate: _Candidate, credentials: stun.Credentials | None) -> Way:
    """Knock at it."""
    try:
        if candidate.protocol == "tcp":
            async with asyncio.timeout(UDP_TRIES * UDP_TRY_S):
                _, writer = await asyncio.open_connection(candidate.host, candidate.port)
            writer.close()
            return Way(*candidate, is_open=True)
        return Way(*candidate, is_open=await _answers_udp(candidate, credentials))
    except (OSError, TimeoutError):
        return Way(*candidate, is_open=False)


async def _answers_udp(candidate: _Candidate, credentials: stun.Credentials | None) -> bool:
    loop = asyncio.get_running_loop()
    address = (candidate.host, candidate.port)
    transport, heard = await loop.create_datagram_endpoint(_Heard, remote_addr=address)
    try:
        transaction = f"{id(heard):012x}".encode()[-12:]
        for _ in range(UDP_TRIES):
            transport.sendto(stun.request(transaction, credentials))
            await asyncio.wait([heard.packet], timeout=UDP_TRY_S)
            if heard.packet.done():
                return stun.answers(heard.packet.result(), transaction)
        return False
    finally:
        transport.close()


class _Heard(asyncio.DatagramProtocol):
    """The first packet that comes back."""

    def __init__(self) -> None:
        self.packet: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - the library's signature
        if not self.packet.done():
            self.packet.set_result(data)


def _told(error: Exception) -> str:
    """What may be shown of it: the URL of a join holds a token."""
    if isinstance(error, aiohttp.ClientResponseError):
        return f"HTTP status {error.status}"
    return str(error) or type(error).__name__
