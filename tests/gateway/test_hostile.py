"""What a hostile client tried, and what it gets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

from websockets.frames import Opcode

from duologue.protocol.codes import CloseCode
from tests.conftest import Town, open_town
from tests.gateway.test_connection import close_of, greeted, raw

NO_KEY = (
    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: duologue.v1\r\n\r\n"
)


async def bad_upgrade(town: Town) -> bytes:
    """An upgrade that no server may take; gives the first line of the answer."""
    address = urlsplit(town.websocket_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(NO_KEY.encode())
    line = await reader.readline()
    writer.close()
    return line


async def test_bad_upgrades_take_nobodys_place(tmp_path: Path) -> None:
    """A request that never becomes a socket is not counted as one."""
    async with open_town(tmp_path, max_connections=2) as town:
        answers = [await bad_upgrade(town) for _ in range(10)]
        async with greeted(town), greeted(town):
            pass

    assert {answer.split()[1] for answer in answers} == {b"400"}


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
