"""The real clock and the real dice: the only file that may touch `time` and `secrets`."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    """The time as people tell it."""
    return datetime.now(UTC)


class SystemClock:
    """`ports.Clock` of the machine."""

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        """Milliseconds since some moment; never goes back."""
        return time.monotonic_ns() // 1_000_000

    async def sleep_ms(self, duration_ms: int) -> None:
        """Let others run for at least this long."""
        await asyncio.sleep(duration_ms / 1000)


class StoppedClock:
    """A moment, as `ports.Clock` knows it: for what is decided at once."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """The moment."""
        return self._now_ms

    def monotonic_ms(self) -> int:
        """The moment."""
        return self._now_ms

    async def sleep_ms(self, duration_ms: int) -> None:
        """Nobody sleeps in a moment."""
        raise NotImplementedError(f"to sleep for {duration_ms} ms")


class SystemRng:
    """`ports.Rng` of the machine."""

    def token(self) -> str:
        """An unguessable id of 22 URL-safe characters."""
        return secrets.token_urlsafe(16)

    def below(self, bound: int) -> int:
        """A whole number from 0 to `bound` - 1."""
        return secrets.randbelow(bound)
