"""The bad network: what goes in comes out, later or not at all."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.media.far import FAR, NEAR, Link, Ports, far_machine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no 127.0.0.2")


def answer(listener: socket.socket, *, times: int) -> threading.Thread:
    """Give back what comes, in a thread, so many times."""

    def serve() -> None:
        for _ in range(times):
            data, client = listener.recvfrom(100)
            listener.sendto(data, client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


@contextmanager
def udp_echo(times: int) -> Iterator[int]:
    with socket.socket(type=socket.SOCK_DGRAM) as listener:
        listener.bind((NEAR, 0))
        thread = answer(listener, times=times)
        yield listener.getsockname()[1]
        thread.join()


def client() -> socket.socket:
    sock = socket.socket(type=socket.SOCK_DGRAM)
    sock.settimeout(20)
    return sock


def test_datagrams_come_and_go_in_order_after_the_round_trip() -> None:
    """Each client hears its own answers, not before the round trip is over."""
    with (
        udp_echo(times=3) as port,
        far_machine(Ports(udp=[port]), rtt_ms=60, loss=0) as far,
        client() as ana,
        client() as ben,
    ):
        start = time.monotonic()
        ana.sendto(b"1", (far, port))
        ana.sendto(b"2", (far, port))
        ben.sendto(b"3", (far, port))

        assert [ana.recv(9), ana.recv(9), ben.recv(9)] == [b"1", b"2", b"3"]
        assert time.monotonic() - start >= 0.06


async def test_streams_take_a_round_trip_to_connect_and_another_to_talk() -> None:
    """What is written arrives whole, though every piece of it is lost once, and the end arrives too."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read())
        writer.close()

    server = await asyncio.start_server(echo, NEAR, 0)
    port = server.sockets[0].getsockname()[1]
    with far_machine(Ports(tcp=[port]), rtt_ms=40, loss=1):
        loop = asyncio.get_running_loop()
        start = loop.time()
        reader, writer = await asyncio.open_connection(FAR, port)
        writer.write(b"x" * 100_000)
        writer.write_eof()

        assert await reader.read() == b"x" * 100_000
        assert loop.time() - start >= 0.04 + 2 * (0.02 + 0.04 + 0.2)
        writer.close()
    server.close()


async def test_what_was_sent_before_a_reset_arrives() -> None:
    """As on a real way: a server that says goodbye and closes at once was heard, whatever the client still sends."""

    async def say_goodbye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)  # else a reset could come before the far machine has noticed that it is connected
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.write(b"bye")
        writer.close()

    server = await asyncio.start_server(say_goodbye, NEAR, 0)
    port = server.sockets[0].getsockname()[1]
    with far_machine(Ports(tcp=[port]), rtt_ms=200, loss=0):
        reader, writer = await asyncio.open_connection(FAR, port)
        writer.write(b"?")

        assert await reader.read() == b"bye"
        writer.close()
    server.close()


def test_losses_are_those_of_the_seed() -> None:
    """As many as were asked for, and the same ones each time."""
    fates = [[link.loses() for _ in range(10_000)] for link in (Link(loss=0.02, seed=7), Link(loss=0.02, seed=7))]

    assert fates[0] == fates[1]
    assert 0.01 < sum(fates[0]) / 10_000 < 0.03


def test_a_taken_port_is_told() -> None:
    """Instead of measuring without the network."""
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind((FAR, 0))
        port = other.getsockname()[1]
        with pytest.raises(OSError, match="taken"), far_machine(Ports(udp=[port]), rtt_ms=1, loss=0):
            pass
