"""What a client really sees on a real socket: frames, refusals, close codes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets import ClientConnection, ConnectionClosed, InvalidStatus, Origin, Subprotocol, connect
from websockets.frames import Opcode

from duologue.client import CommandRefused, ConnectionEnded, RandomChatSession, join
from duologue.protocol import codec
from duologue.protocol.client import Auth, Bye, ClientMessage, Filters
from duologue.protocol.codes import CloseCode, ErrorCode, Mode
from duologue.protocol.server import VERSION, Hello, Matched, Ready, Standby, Waiting, WaitingState
from tests.conftest import Town

PROTOCOL = Subprotocol(VERSION)


@asynccontextmanager
async def raw(town: Town, **options: Any) -> AsyncIterator[ClientConnection]:
    """A client of another make, which sends what it likes."""
    options = {"subprotocols": [PROTOCOL], "ping_interval": None, "compression": None, "proxy": None} | options
    async with connect(town.websocket_url, **options) as socket:
        yield socket


@asynccontextmanager
async def greeted(town: Town) -> AsyncIterator[ClientConnection]:
    """The same, after hello."""
    async with raw(town) as socket:
        assert isinstance(codec.decode_server(await socket.recv()), Hello)
        yield socket


def text(message: ClientMessage) -> str:
    return codec.encode(message).decode()


async def close_of(socket: ClientConnection) -> tuple[int, str]:
    """The code and reason with which the server closed; whatever it says before is skipped. 1006: no close frame."""
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.recv()
    return socket.close_code or 0, socket.close_reason or ""


# -- frames that are no messages ------------------------------------------------------------


@pytest.mark.parametrize(
    "frame",
    ["", "{", "null", "[]", '{"type":"nonsense"}', '{"type":"auth"}', "[" * 5_000, '{"type":"hello"}'],
    ids=["empty", "cut", "null", "list", "unknown type", "field missing", "nested deep", "a server's message"],
)
async def test_garbage_closes_with_a_protocol_error(town: Town, frame: str) -> None:
    """The reason says what was wrong."""
    async with greeted(town) as socket:
        await socket.send(frame)
        code, reason = await close_of(socket)

    assert code == CloseCode.PROTOCOL_ERROR
    assert reason


async def test_bytes_that_are_no_text_close_with_a_protocol_error(town: Town) -> None:
    """Nobody dies of them."""
    async with greeted(town) as socket:
        await socket.send(b"\xff\xfe{}")

        assert (await close_of(socket))[0] == CloseCode.PROTOCOL_ERROR


async def test_a_binary_frame_with_a_message_is_a_message(town: Town) -> None:
    """What counts is the content."""
    token = (await join(town.page_url)).token
    async with greeted(town) as socket:
        await socket.send(codec.encode(Auth(token)))

        assert isinstance(codec.decode_server(await socket.recv()), Ready)


async def test_fragmented_messages_are_refused(town: Town) -> None:
    """Browsers do not send any; collecting them would be a buffer to fill."""
    async with greeted(town) as socket:
        await socket.send(['{"type":', '"pong"}'])

        assert (await close_of(socket))[0] == CloseCode.PROTOCOL_ERROR


async def test_a_websocket_ping_is_refused(town: Town) -> None:
    """Browsers cannot send any; liveness is the protocol's own ping and pong."""
    async with greeted(town) as socket:
        await socket.ping()

        assert (await close_of(socket))[0] == CloseCode.PROTOCOL_ERROR


@pytest.mark.parametrize("size", [codec.MAX_FRAME_BYTES + 1, 60_000])
async def test_a_message_that_is_too_big_closes_as_such(town: Town, size: int) -> None:
    """The client knows that coming back with the same message makes no sense."""
    async with greeted(town) as socket:
        await socket.send("x" * size)

        assert (await close_of(socket))[0] == CloseCode.MESSAGE_TOO_BIG


async def test_a_huge_frame_is_not_even_read(town: Town) -> None:
    """Its header is enough: the standard code, before the memory is spent."""
    async with greeted(town) as socket:
        with contextlib.suppress(ConnectionClosed):
            await socket.send("x" * 10_000_000)

        assert (await close_of(socket))[0] in {1009, 1006}  # 1006: the client was still writing


async def test_a_message_of_the_largest_size_is_taken(town: Town) -> None:
    """The limit of hello is the limit."""
    token = (await join(town.page_url)).token
    frame = codec.encode(Auth(token)).decode()
    async with greeted(town) as socket:
        await socket.send(frame + " " * (codec.MAX_FRAME_BYTES - len(frame)))

        assert isinstance(codec.decode_server(await socket.recv()), Ready)


# -- coming in ------------------------------------------------------------------------------


@pytest.mark.parametrize("subprotocols", [None, [Subprotocol("duologue.v9")]], ids=["none", "another"])
async def test_a_wrong_version_can_be_read_as_such(town: Town, subprotocols: list[Subprotocol] | None) -> None:
    """A browser sees no HTTP status of a refused upgrade, but a close code."""
    async with raw(town, subprotocols=subprotocols) as socket:
        assert (await close_of(socket))[0] == CloseCode.UNSUPPORTED_VERSION


async def test_one_of_several_versions_is_chosen(town: Town) -> None:
    """A newer client offers what it can fall back to."""
    async with raw(town, subprotocols=[Subprotocol("duologue.v9"), PROTOCOL]) as socket:
        assert socket.subprotocol == VERSION
        assert isinstance(codec.decode_server(await socket.recv()), Hello)


async def test_a_page_of_another_origin_may_not_connect(town: Town) -> None:
    """Otherwise any page could use a visitor's address and camera prompt for itself."""
    with pytest.raises(InvalidStatus) as refused:
        async with raw(town, origin=Origin("https://evil.example")):
            pass

    assert refused.value.response.status_code == 403


async def test_our_own_page_may_connect(town: Town) -> None:
    """By the name under which it was opened."""
    async with raw(town, origin=Origin(town.page_url)) as socket:
        assert isinstance(codec.decode_server(await socket.recv()), Hello)


async def test_a_forged_token_closes_for_good(town: Town) -> None:
    """4300: do not come back with it."""
    async with greeted(town) as socket:
        await socket.send(text(Auth("not.a.token")))

        assert (await close_of(socket))[0] == CloseCode.INVALID_TOKEN


async def test_the_newest_session_is_the_active_one(town: Town) -> None:
    """The older tab is told, cannot search, and takes over when the person goes back to it."""
    invitation = await join(town.page_url)
    first, second = RandomChatSession(invitation), RandomChatSession(invitation)
    await first.connect()
    await second.connect()
    await first.expect(Standby)
    with pytest.raises(CommandRefused) as refused:
        await first.find(Filters(mode=Mode.TEXT))
    await second.find(Filters(mode=Mode.TEXT))
    assert first.socket is not None
    first.socket.send(Auth(invitation.token))
    taken_over = await first.expect(Ready)
    await second.expect(Standby)

    assert refused.value.error.code is ErrorCode.NOT_ACTIVE
    assert isinstance(taken_over.state, WaitingState)
    first.close()
    second.close()


async def test_a_person_has_five_sessions_at_most(town: Town) -> None:
    """The one that stood by longest is sent away for good."""
    invitation = await join(town.page_url)
    sessions = [RandomChatSession(invitation) for _ in range(6)]
    for session in sessions:
        await session.connect()
    with pytest.raises(ConnectionEnded) as ended:
        await sessions[0].expect(Matched)
    for session in sessions[1:5]:
        await session.expect(Standby)
    await sessions[5].find(Filters(mode=Mode.TEXT))

    assert ended.value.code == CloseCode.REPLACED
    for session in sessions[1:]:
        session.close()


# -- going ----------------------------------------------------------------------------------


async def test_a_goodbye_is_answered_with_a_normal_close(town: Town) -> None:
    """1000: as it should be."""
    async with greeted(town) as socket:
        await socket.send(text(Bye()))

        assert (await close_of(socket))[0] == 1000


@pytest.mark.parametrize("code", [1000, 1001, 4000])
async def test_a_close_of_the_client_is_echoed(town: Town, code: int) -> None:
    """A clean end for both."""
    async with greeted(town) as socket:
        await socket.close(code)

    assert socket.close_code == code


async def test_a_close_without_a_code_is_a_clean_end(town: Town) -> None:
    """`new WebSocket(...).close()` sends none, and 1005 must never be on the wire."""
    async with greeted(town) as socket:
        masked_and_empty = bytes([0x80 | Opcode.CLOSE, 0x80, 0, 0, 0, 0])
        socket.transport.write(masked_and_empty)
        async with asyncio.timeout(5):
            await socket.wait_closed()

    assert socket.close_code == 1000
    assert socket.protocol.parser_exc is None


# -- many -----------------------------------------------------------------------------------


async def test_two_hundred_people_at_once_all_find_somebody(town: Town) -> None:
    """Everybody has one partner, who has them, and nobody waits."""
    people = [await town.person() for _ in range(200)]
    await asyncio.gather(*(person.find(Filters(mode=Mode.TEXT)) for person in people))
    matches = await asyncio.gather(*(person.expect(Matched) for person in people))
    pairs = [matched.pair for matched in matches]

    assert len(set(pairs)) == 100
    assert all(pairs.count(pair) == 2 for pair in pairs)


async def test_an_odd_one_waits(town: Town) -> None:
    """Three people make one pair, and one who is told the truth."""
    people = [await town.person() for _ in range(3)]
    for person in people:
        await person.find(Filters(mode=Mode.TEXT))
    await asyncio.gather(*(person.expect(Matched) for person in people[:2]))

    assert (await people[2].expect(Waiting)).waiting_count == 1
