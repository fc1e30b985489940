"""Small stand-ins that tests share."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress


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


PORTS = 10_000, 32_000
"""Below those that the kernel gives to outgoing connections: it could give one away before a server listens there."""


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port on loopback, TCP if nothing else is said, that nobody listens on just now."""
    return free_ports(1, kind)


def free_udp_port() -> int:
    """A UDP port on loopback that nobody listens on just now."""
    return free_port(socket.SOCK_DGRAM)


def free_ports(number: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """The first of so many ports in a row that nobody listens on just now."""
    while True:
        ports = range(first := secrets.choice(range(*PORTS)), first + number)
        with ExitStack() as stack, suppress(OSError):
            for port in ports:
                stack.enter_context(socket.socket(socket.AF_INET, kind)).bind(("127.0.0.1", port))
            GIVEN_PORTS.update(ports)
            return first


async def wait_until(condition: Callable[[], object], *, description: str, within_s: float = 10) -> None:
    """Wait for something to become true; fails with the description."""
    try:
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"waited {within_s} s in vain: {description}") from None
