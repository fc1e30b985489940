"""127.0.0.2 as a far machine: ports of 127.0.0.1, seen through a network with delay and loss. Linux, user space.

    python -m benchmarks.media.far --tcp 7880 --udp 7882 --rtt-ms 100 --loss 0.02

Whoever connects to a port of 127.0.0.2 talks to the same port of 127.0.0.1. Tell LiveKit `node_ip: 127.0.0.2`, so that
it offers that address, and `use_ice_lite: true`: a full ICE agent also tries the client's addresses, past this program.
It needs no rights and touches nothing but these ports. Must not know what it carries.

TCP: connecting takes a round trip. A lost piece comes late, and all that follows it waits, as after a time-out of
Linux's TCP (a round trip and 200 ms); bandwidth and slow start are not imitated.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from duologue import die_with_parent

ROOT = Path(__file__).parents[2]
NEAR, FAR = "127.0.0.1", "127.0.0.2"
PIECE_BYTES = 16 * 1024
RETRANSMIT_S = 0.2
"""The least time-out of Linux's TCP, beyond the round trip."""
PEERS = 1_000
"""UDP clients that are remembered for a port; the oldest is forgotten first."""
IN_FLIGHT = 1_000
READY = "ready"

Address = tuple[str, int]


@dataclass
class Link:
    """What befalls each packet on its way, in either direction."""

    rtt_ms: float = 0
    loss: float = 0
    seed: int = 1
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    @property
    def one_way_s(self) -> float:
        """How long a packet takes."""
        return self.rtt_ms / 2000

    def loses(self) -> bool:
        """Whether the next packet is lost."""
        return self._random.random() < self.loss

    def late_s(self) -> float:
        """How long the next piece of a TCP stream takes, with the retransmissions that it needs."""
        return self.one_way_s + (self.rtt_ms / 1000 + RETRANSMIT_S if self.loses() else 0)


class Datagrams:
    """One UDP port. Each client gets a socket of its own towards the server, as behind a NAT."""

    def __init__(self, link: Link, port: int) -> None:
        self._link = link
        self._loop = asyncio.get_running_loop()
        self._upstream: dict[Address, socket.socket] = {}
        self._server = (NEAR, port)
        self._listener = _udp_socket()
        self._listener.bind((FAR, port))
        self._loop.add_reader(self._listener, self._from_client)

    def close(self) -> None:
        """Forget everybody."""
        for sock in [self._listener, *self._upstream.values()]:
            self._forget(sock)

    def _from_client(self) -> None:
        with contextlib.suppress(OSError):
            data, client = self._listener.recvfrom(65_536)
            upstream = self._upstream.get(client) or self._meet(client)
            self._later(upstream, data)

    def _from_server(self, client: Address, upstream: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._later(self._listener, upstream.recv(65_536), client)

    def _later(self, sock: socket.socket, data: bytes, to: Address | None = None) -> None:
        if not self._link.loses():
            self._loop.call_later(self._link.one_way_s, _send, sock, data, to)

    def _meet(self, client: Address) -> socket.socket:
        if len(self._upstream) >= PEERS:
            self._forget(self._upstream.pop(next(iter(self._upstream))))
        upstream = _udp_socket()
        upstream.connect(self._server)
        self._upstream[client] = upstream
        self._loop.add_reader(upstream, self._from_server, client, upstream)
        return upstream

    def _forget(self, sock: socket.socket) -> None:
        self._loop.remove_reader(sock)
        sock.close()


def _udp_socket() -> socket.socket:
    sock = socket.socket(type=socket.SOCK_DGRAM)
    sock.setblocking(False)
    return sock


def _send(sock: socket.socket, data: bytes, to: Address | None) -> None:
    """A full buffer, a closed port and a socket that was forgotten meanwhile lose the packet, as networks do."""
    with contextlib.suppress(OSError):
        if to is None:
            sock.send(data)
        else:
            sock.sendto(data, to)


async def serve_tcp(link: Link, port: int) -> asyncio.Server:
    """One TCP port, from now on."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError):
            await asyncio.sleep(link.rtt_ms / 1000)
            up_reader, up_writer = await asyncio.open_connection(NEAR, port)
            with contextlib.closing(up_writer):
                async with asyncio.TaskGroup() as both:
                    both.create_task(carry(link, reader, up_writer))
                    both.create_task(carry(link, up_reader, writer))

    return await asyncio.start_server(connected, FAR, port)


async def carry(link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction of a TCP stream, until its end. What is on its way arrives, also when the sender has reset."""
    loop = asyncio.get_running_loop()
    on_its_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(IN_FLIGHT)

    async def send_off() -> None:
        data = b"?"
        while data:
            data = await _read(reader)
            await on_its_way.put((loop.time() + link.late_s(), data))

    async def arrive() -> None:
        while True:
            due_s, data = await on_its_way.get()
            await asyncio.sleep(due_s - loop.time())  # a piece that is due already overtakes nobody
            if not data:
                writer.write_eof()
                return
            writer.write(data)
            await writer.drain()

    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(send_off())
            both.create_task(arrive())
    except* OSError:
        pass  # nobody is there to take it; the other direction hears of that by itself


async def _read(reader: asyncio.StreamReader) -> bytes:
    """The next piece; nothing at the end. A reader that heard of a reset says so before it gives what came earlier."""
    try:
        return await reader.read(PIECE_BYTES)
    except OSError:
        buffer: bytearray = reader._buffer  # type: ignore[attr-defined] # noqa: SLF001 - there is no other way to it
        rest = bytes(buffer)
        buffer.clear()
        return rest


class Ports(NamedTuple):
    """What is carried."""

    tcp: Sequence[int] = ()
    udp: Sequence[int] = ()


@contextlib.contextmanager
def far_machine(ports: Ports, *, rtt_ms: float, loss: float, seed: int = 1) -> Iterator[str]:
    """This program in a process of its own, while the block runs; gives the address of the far machine."""
    numbers = [f"--{kind}={port}" for kind, each in ports._asdict().items() for port in each]
    options = [f"--rtt-ms={rtt_ms}", f"--loss={loss}", f"--seed={seed}"]
    tied = [sys.executable, "-I", "-S", die_with_parent.__file__, str(os.getpid())]
    command = [*tied, sys.executable, "-m", "benchmarks.media.far", *numbers, *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            if process.stdout.readline().strip() != READY:
                raise OSError(f"no far machine: is a port of {FAR} taken?")
            yield FAR
        finally:
            process.kill()


async def serve(ports: Ports, link: Link) -> None:
    """Carry until cancelled. Raises OSError when a port is taken."""
    with contextlib.ExitStack() as stack:
        for port in ports.udp:
            stack.callback(Datagrams(link, port).close)
        for port in ports.tcp:
            stack.callback((await serve_tcp(link, port)).close)
        print(READY, flush=True)
        await asyncio.Event().wait()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.media.far", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tcp", type=int, action="append", default=[], help="a TCP port; may be repeated")
    parser.add_argument("--udp", type=int, action="append", default=[], help="a UDP port; may be repeated")
    parser.add_argument("--rtt-ms", type=float, default=100, help="there and back")
    parser.add_argument("--loss", type=float, default=0, help="share of the packets of each direction: 0.02 is 2 %%")
    parser.add_argument("--seed", type=int, default=1, help="of the losses")
    return parser.parse_args()


if __name__ == "__main__":
    options = _parse()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(Ports(options.tcp, options.udp), Link(options.rtt_ms, options.loss, options.seed)))
