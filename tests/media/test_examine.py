"""A look at a real LiveKit: as we reach it, and as a browser does, down to the first packet over UDP."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from duologue.clock import SystemClock, SystemRng
from duologue.media import stun
from duologue.media.child import LiveKitAccess, LiveKitChild
from duologue.media.examine import NodeFacts, examine
from duologue.media.livekit_config import LiveKitPorts
from duologue.media.livekit_node import LiveKitNode, NodeAccess
from duologue.safety.ratelimit import UNLIMITED
from tests.builders import NODE
from tests.fakes import free_port

UDP_PORT = free_port(socket.SOCK_DGRAM)


@pytest.fixture
async def access(tmp_path: Path) -> AsyncIterator[LiveKitAccess]:
    """A real server on ports of its own."""
    child = LiveKitChild(state_dir=tmp_path, ports=LiveKitPorts(free_port(), UDP_PORT))
    try:
        yield await child.start()
    finally:
        await child.stop()


def node_of(access: LiveKitAccess, *, secret: str | None = None, public_url: str | None = None) -> NodeAccess:
    return NodeAccess(
        NODE, access.url, public_url or access.url, access.api_key, secret or access.api_secret, UNLIMITED
    )


async def look(node: NodeAccess) -> NodeFacts:
    return await examine(node, SystemClock(), SystemRng())


async def test_a_real_server_answers_over_udp(access: LiveKitAccess) -> None:
    """By an ICE check with its own credentials; and no room is left."""
    node = node_of(access)
    facts = await look(node)
    livekit = LiveKitNode(node, SystemClock())
    rooms = await livekit.rooms(None)
    await livekit.close()

    assert facts.joined is not None
    assert facts.joined.version
    assert [(way.protocol, way.host, way.port, way.is_open) for way in facts.joined.ways] == [
        ("udp", "127.0.0.1", UDP_PORT, True)
    ]
    assert (facts.no_answer, facts.no_room, facts.not_joined, rooms) == ("", "", "", [])


async def test_a_key_that_is_refused_is_told_apart(access: LiveKitAccess) -> None:
    """From a server that does not work."""
    assert (await look(node_of(access, secret="x" * 40))).keys_refused


async def test_clients_may_have_no_way_in(access: LiveKitAccess) -> None:
    """Where we have one."""
    facts = await look(node_of(access, public_url=f"ws://127.0.0.1:{free_port()}"))

    assert (facts.joined, bool(facts.not_joined)) == (None, True)


async def test_no_token_is_told(access: LiveKitAccess) -> None:
    """Neither where the way in is wrong, nor where the URL is in the error."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        facts = await look(node_of(access, public_url=f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"))

    assert facts.not_joined == "HTTP status 404"


async def test_nobody_there_is_told() -> None:
    """In time."""
    url = f"ws://127.0.0.1:{free_port()}"
    facts = await look(NodeAccess(NODE, url, url, "key", "s" * 32, UNLIMITED))

    assert facts.no_answer


def test_a_request_is_signed_and_summed_as_the_standard_has_it() -> None:
    """RFC 8489, 14.5 and 14.7: each of the two is over all that is before it, with a length that counts itself in."""
    packet = stun.request(b"0123456789ab", stun.Credentials("them", "password", "us"))
    signed, signature = bytearray(packet[:-32]), packet[-28:-8]
    struct.pack_into("!H", signed, 2, len(packet) - 20 - 8)

    assert len(packet) - 20 == struct.unpack_from("!H", packet, 2)[0]
    assert signature == hmac.digest(b"password", bytes(signed), hashlib.sha1)
    assert struct.unpack("!I", packet[-4:])[0] == zlib.crc32(packet[:-8]) ^ 0x5354554E
    assert b"them:us" in packet


@pytest.mark.parametrize(
    ("packet", "answers"),
    [
        (struct.pack("!HHI12s", 0x0101, 0, 0x2112A442, b"0123456789ab"), True),
        (struct.pack("!HHI12s", 0x0111, 0, 0x2112A442, b"0123456789ab"), True),
        (struct.pack("!HHI12s", 0x0001, 0, 0x2112A442, b"0123456789ab"), False),
        (struct.pack("!HHI12s", 0x0101, 0, 0x2112A442, b"another     "), False),
        (b"noise", False),
    ],
)
def test_an_answer_is_known_by_its_transaction(packet: bytes, answers: bool) -> None:
    """Success or refusal: both came back."""
    assert stun.answers(packet, b"0123456789ab") is answers
