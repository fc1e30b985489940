"""`ports.Media` on a real LiveKit: rooms for two, and no way back into one that was deleted."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import jwt
import msgspec
import pytest
from livekit import rtc

from duologue.clock import StoppedClock, SystemClock
from duologue.errors import Unavailable
from duologue.ids import PairId, PersonId
from duologue.media.child import LiveKitAccess, LiveKitChild, LiveKitPorts
from duologue.media.livekit import LiveKit
from duologue.media.livekit_node import NodeAccess
from duologue.ports import Clock
from duologue.protocol.codes import Mode
from duologue.protocol.server import Credentials
from duologue.safety.ratelimit import UNLIMITED
from tests.builders import ANA, BEN, NODE, pair
from tests.fakes import free_port, wait_until

PAIR = pair(Mode.VIDEO)
OTHER = msgspec.structs.replace(PAIR, id=PairId("p2"))


@pytest.fixture
async def access(tmp_path: Path) -> AsyncIterator[LiveKitAccess]:
    """A real server on ports of its own."""
    child = LiveKitChild(state_dir=tmp_path, ports=LiveKitPorts(free_port(), free_port(socket.SOCK_DGRAM)))
    try:
        yield await child.start()
    finally:
        await child.stop()


@pytest.fixture
async def livekit(access: LiveKitAccess) -> AsyncIterator[LiveKit]:
    async with livekit_at(access.url, access.api_key, access.api_secret) as media:
        yield media


def livekit_at(url: str, key: str, secret: str, clock: Clock | None = None) -> LiveKit:
    """One node, of the name that `PAIR` has."""
    return LiveKit([NodeAccess(NODE, url, url, key, secret, UNLIMITED)], clock or SystemClock())


@asynccontextmanager
async def joined(media: LiveKit, person: PersonId, token: str | None = None) -> AsyncIterator[rtc.Room]:
    """Somebody in the room of `PAIR`. Raises `rtc.ConnectError` when the token opens nothing."""
    credentials = placed(media, person)
    room = rtc.Room()
    options = rtc.RoomOptions(auto_subscribe=False, single_peer_connection=True)
    try:
        async with asyncio.timeout(15):
            await room.connect(credentials.url, token or credentials.token, options)
        yield room
    finally:
        await room.disconnect()


def placed(media: LiveKit, person: PersonId) -> Credentials:
    """The way into `PAIR`."""
    credentials = media.place(PAIR, person)
    assert credentials is not None, "its node is ours"
    return credentials


async def opens_nothing(media: LiveKit, token: str) -> bool:
    try:
        async with joined(media, ANA, token):
            return False
    except rtc.ConnectError:
        return True


async def test_a_room_is_made_and_deleted(livekit: LiveKit) -> None:
    """Both twice: whoever repeats a step does no harm."""
    await livekit.open_room(PAIR.id, NODE)
    await livekit.open_room(PAIR.id, NODE)
    assert [room.pair for room in await livekit.rooms(NODE)] == [PAIR.id]
    assert await livekit.rooms(NODE, [OTHER.id]) == []

    await livekit.close_room(PAIR.id, NODE)
    await livekit.close_room(PAIR.id, NODE)
    assert await livekit.rooms(NODE) == []


async def test_requests_are_signed_by_the_clock_that_was_given(access: LiveKitAccess) -> None:
    """All processes go by one clock, and that of their machine may be wrong: with one of an hour ago nothing opens."""
    past = StoppedClock(SystemClock().now_ms() - 3_600_000)
    async with livekit_at(access.url, access.api_key, access.api_secret, past) as media:
        with pytest.raises(Unavailable):
            await media.open_room(PAIR.id, NODE)


async def test_both_sides_meet_in_their_room(livekit: LiveKit) -> None:
    """Under the names that the credentials promise each other."""
    await livekit.open_room(PAIR.id, NODE)
    async with joined(livekit, ANA) as for_ana, joined(livekit, BEN) as for_ben:
        await wait_until(lambda: for_ana.remote_participants, description="Ana sees Ben")

        assert list(for_ana.remote_participants) == placed(livekit, ANA).subscribe
        assert for_ben.local_participant.identity == placed(livekit, ANA).subscribe[0]


async def test_no_token_makes_a_room(livekit: LiveKit) -> None:
    """Joining early is refused: rooms are made by us alone."""
    assert await opens_nothing(livekit, placed(livekit, ANA).token)
    assert await livekit.rooms(NODE) == []


async def test_a_deleted_room_throws_out_whoever_is_in(livekit: LiveKit) -> None:
    """And no token opens it again, neither the old one nor a new one."""
    await livekit.open_room(PAIR.id, NODE)
    token = placed(livekit, ANA).token
    async with joined(livekit, ANA, token) as room:
        await livekit.close_room(PAIR.id, NODE)
        await wait_until(
            lambda: room.connection_state == rtc.ConnectionState.CONN_DISCONNECTED, description="Ana is out"
        )

    assert await opens_nothing(livekit, token)
    assert await opens_nothing(livekit, placed(livekit, ANA).token)
    assert await livekit.rooms(NODE) == []


async def test_a_third_one_is_refused(livekit: LiveKit) -> None:
    """A room is for two."""
    await livekit.open_room(PAIR.id, NODE)
    async with joined(livekit, ANA), joined(livekit, BEN):
        token = third_token(livekit)

        assert await opens_nothing(livekit, token)


def third_token(media: LiveKit) -> str:
    """A token as ours, for an identity that is neither side's."""
    claims = jwt.decode(placed(media, ANA).token, options={"verify_signature": False})
    return jwt.encode(claims | {"sub": f"{PAIR.id}-c"}, media._nodes[NODE].access.api_secret, algorithm="HS256")


async def test_a_token_opens_its_own_room_only(livekit: LiveKit) -> None:
    """Who is in one pair sees nothing of another."""
    await livekit.open_room(OTHER.id, NODE)

    assert await opens_nothing(livekit, placed(livekit, ANA).token)


async def test_an_expired_token_opens_nothing(access: LiveKitAccess, livekit: LiveKit) -> None:
    """It is for the handshake only."""

    class Yesterday(SystemClock):
        def now_ms(self) -> int:
            return super().now_ms() - 86_400_000

    await livekit.open_room(PAIR.id, NODE)
    stale = livekit_at(access.url, access.api_key, access.api_secret, Yesterday())
    async with stale:
        assert await opens_nothing(livekit, placed(stale, ANA).token)


async def test_a_wrong_key_is_unavailable(access: LiveKitAccess) -> None:
    """An operator's mistake is told as such, not raised as something unknown."""
    async with livekit_at(access.url, access.api_key, "x" * 40) as media:
        with pytest.raises(Unavailable):
            await media.open_room(PAIR.id, NODE)
        with pytest.raises(Unavailable):
            await media.rooms(NODE)


async def test_a_server_that_is_down_is_unavailable_soon() -> None:
    """Nobody waits for a dead server longer than three seconds."""
    url = f"ws://127.0.0.1:{free_port()}"
    started_s = monotonic()
    async with livekit_at(url, "key", "x" * 40) as media:
        for call in (media.open_room(PAIR.id, NODE), media.close_room(PAIR.id, NODE), media.rooms(NODE)):
            with pytest.raises(Unavailable):
                await call

    assert monotonic() - started_s < 3


async def test_a_server_that_never_answers_is_unavailable_soon() -> None:
    """A machine that is up and hangs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:  # connections wait in its backlog for ever
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}"
        started_s = monotonic()
        async with livekit_at(url, "key", "x" * 40) as media:
            with pytest.raises(Unavailable):
                await media.open_room(PAIR.id, NODE)

        assert monotonic() - started_s < 4
