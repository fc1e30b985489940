"""Small stand-ins that tests share."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable


class ManualClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic_ms(self) -> int:
        return self._now_ms

    async def sleep_ms(self, duration_ms: int) -> None:
        self._now_ms += duration_ms
        await asyncio.sleep(0)

    def advance(self, duration_ms: int) -> None:
        """Let time pass."""
        self._now_ms += duration_ms


class CountingRng:
    """Dice that always fall the same way: ids count up."""

    def __init__(self) -> None:
        self._count = 0

    def token(self) -> str:
        self._count += 1
        return f"t{self._count}"

    def below(self, bound: int) -> int:
        self._count += 1
        return self._count % bound


GIVEN_PORTS: set[int] = set()
"""All ports that tests were given for servers: addresses with these are nobody's."""


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port on loopback, TCP if nothing else is said, that nobody listens on just now."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        GIVEN_PORTS.add(port)
        return port


def free_udp_port() -> int:
    """A UDP port on loopback that nobody listens on just now."""
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def free_ports(number: int) -> int:
    """The first of so many ports in a row that nobody listens on just now."""
    while True:
        first = free_port()
        sockets = [socket.socket() for _ in range(number)]
        try:
            for offset, sock in enumerate(sockets):
                sock.bind(("127.0.0.1", first + offset))
        except (OSError, OverflowError):
            continue
        else:
            GIVEN_PORTS.update(range(first, first + number))
            return first
        finally:
            for sock in sockets:
                sock.close()


async def wait_until(condition: Callable[[], object], *, description: str, within_s: float = 10) -> None:
    """Wait for something to become true; fails with the description."""
    try:
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"waited {within_s} s in vain: {description}") from None
