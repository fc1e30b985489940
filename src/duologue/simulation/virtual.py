"""Time that jumps, and dice that fall by a seed."""

from __future__ import annotations

import asyncio
import random
from typing import Any

EPOCH_MS = 1_700_000_000_000
"""When every simulated day begins."""


class Stuck(RuntimeError):
    """Nothing is scheduled, and nothing ever will be."""


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop without sockets: when nobody has anything to do, it is at once as late as it has to be.

    It stands on two private names of asyncio (`_selector`, `_process_events`), which every loop of
    the standard library is built on.
    """

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0
        self._selector = self
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._now_s

    def select(self, timeout: float | None) -> list[Any]:
        """Where other loops wait."""
        if timeout is None:
            raise Stuck("everybody waits for somebody else")
        self._now_s += timeout
        return []

    def _process_events(self, events: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody sleeps, so nobody has to be woken."""


class VirtualClock:
    """`ports.Clock` on such a loop."""

    def now_ms(self) -> int:
        return EPOCH_MS + self.monotonic_ms()

    def monotonic_ms(self) -> int:
        # Rounded: 0.1 + 0.2 must not be 299 ms.
        return round(asyncio.get_running_loop().time() * 1000)

    async def sleep_ms(self, duration_ms: int) -> None:
        await asyncio.sleep(duration_ms / 1000)


class SeededRng:
    """`ports.Rng` that tells in its ids where they come from: `g1-17` is the 17th of gateway 1."""

    def __init__(self, seed: int, name: str) -> None:
        self._name = name
        self._minted = 0
        self.dice = random.Random(f"{seed}/{name}")  # noqa: S311 - to be repeated, not to be unguessable

    def token(self) -> str:
        self._minted += 1
        return f"{self._name}-{self._minted}"

    def below(self, bound: int) -> int:
        return self.dice.randrange(bound)
