"""What a hostile client tried, and what it gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from structlog.testing import capture_logs
from websockets.frames import Opcode

from duologue.protocol.codes import CloseCode
from tests.conftest import Town, open_town
from tests.gateway.test_connection import close_of, greeted, raw

NO_KEY = (
    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: duologue.v1\r\n\r\n"
)


@asynccontextmanager
async def plain(town: Town) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A TCP connection to where the WebSockets are."""
    address = urlsplit(town.websocket_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    yield reader, writer
    writer.close()


async def bad_upgrade(town: Town) -> bytes:
    """An upgrade that no server may take; gives the first line of the answer."""
    async with plain(town) as (reader, writer):
        writer.write(NO_KEY.encode())
        return await reader.readline()


async def test_bad_upgrades_take_nobodys_place(tmp_path: Path) -> None:
    """A request that never becomes a socket is not counted as one."""
    async with open_town(tmp_path, max_connections=2) as town:
        answers = [await bad_upgrade(town) for _ in range(10)]
        async with greeted(town), greeted(town):
            pass

    assert {answer.split()[1] for answer in answers} == {b"400"}


@pytest.mark.parametrize("says", [b"", b"G", NO_KEY[:-2].encode()], ids=["nothing", "a letter", "half a head"])
async def test_a_socket_without_an_upgrade_is_closed(tmp_path: Path, says: bytes) -> None:
    """However many there are: they take nobody's place, and the log says nothing of them."""
    with capture_logs() as logs:
        async with open_town(tmp_path, max_connections=2, upgrade_ms=300) as town, AsyncExitStack() as open_sockets:
            silent = [await open_sockets.enter_async_context(plain(town)) for _ in range(50)]
            for _, writer in silent:
                writer.write(says)
            async with greeted(town), greeted(town):
                async with asyncio.timeout(10):
                    told = [await reader.read() for reader, _ in silent]

    assert told == [b""] * 50
    assert {entry["log_level"] for entry in logs} <= {"info"}


async def test_a_full_gateway_says_so(tmp_path: Path) -> None:
    """In a close code, because a browser cannot read an HTTP refusal."""
    async with open_town(tmp_path, max_connections=1) as town, greeted(town), raw(town) as second:
        assert await close_of(second) == (CloseCode.OVERLOADED, "overloaded")


async def test_a_pong_frame_is_no_way_around_the_limits(town: Town) -> None:
    """We send no WebSocket pings, so nobody has to answer them."""
    async with greeted(town) as socket:
        pong = bytes([0x80 | Opcode.PONG, 0x80, 0, 0, 0, 0])
        socket.transport.write(pong)

        assert (await close_of(socket))[0] == CloseCode.PROTOCOL_ERROR


async def test_resume_tokens_cannot_be_guessed_at_leisure(town: Town) -> None:
    """One refused resume a socket; the next one closes it."""
    async with greeted(town) as socket:
        for _ in range(2):
            await socket.send('{"type":"resume","resume_token":"x"}')

        assert (await close_of(socket))[0] == CloseCode.PROTOCOL_ERROR
