"""Rates across connections, in one process."""

from __future__ import annotations

from collections import OrderedDict

from duologue.ports import Clock
from duologue.safety.ratelimit import Rate, admit

KEYS_AT_MOST = 100_000
"""Beyond that the key seen longest ago is forgotten: the limiter fails open rather than grow."""


class MemoryLimiter:
    """`ports.Limiter` in one process."""

    def __init__(self, clock: Clock, keys_at_most: int = KEYS_AT_MOST) -> None:
        self._clock = clock
        self._keys_at_most = keys_at_most
        self._full_at_ms: OrderedDict[str, int] = OrderedDict()

    async def admit(self, key: str, rate: Rate) -> int:
        full_at_ms, retry_after_ms = admit(rate, self._full_at_ms.pop(key, 0), self._clock.now_ms())
        self._full_at_ms[key] = full_at_ms
        if len(self._full_at_ms) > self._keys_at_most:
            self._full_at_ms.popitem(last=False)
        return retry_after_ms
