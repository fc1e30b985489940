"""Rates across connections, in one process."""

from __future__ import annotations

from duologue.ports import Clock
from duologue.safety.ratelimit import Buckets, Rate


class MemoryLimiter:
    """`ports.Limiter` in one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets = Buckets()

    async def admit(self, key: str, rate: Rate) -> int:
        return self._buckets.admit(key, rate, self._clock.now_ms())
