"""Rates that hold over all processes."""

from __future__ import annotations

from duologue.safety.ratelimit import Rate
from duologue.store.redis.keys import Keys
from duologue.store.redis.line import Line
from duologue.store.redis.scripts import ADMIT


class RedisLimiter:
    """`ports.Limiter` on Redis. Buckets that are full again expire by themselves, so it is bounded by who asks."""

    def __init__(self, line: Line, keys: Keys) -> None:
        self._line = line
        self._keys = keys

    async def admit(self, key: str, rate: Rate) -> int:
        wait_ms, _ = await self._line.ask(ADMIT.call([self._keys.rate(key)], rate.interval_ms, rate.burst))
        return int(wait_ms)
