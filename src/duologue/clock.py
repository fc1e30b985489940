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


class SharedClock:
    """`ports.Clock` on which processes of several machines agree: the day is that of whoever all of them ask, and how
    long things take is this machine's. Until somebody was asked it is this machine's day.
    """

    def __init__(self, machine: SystemClock | StoppedClock) -> None:
        self._machine = machine
        self._began_ms = machine.now_ms() - machine.monotonic_ms()
        """The day, at the moment from which the monotonic clock counts."""

    @property
    def machine_is_ahead_ms(self) -> int:
        """By so much the clock of this machine is wrong, as far as others are right."""
        return self._machine.now_ms() - self.now_ms()

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch. Goes back where it was wrong."""
        return self._machine.monotonic_ms() + self._began_ms

    def monotonic_ms(self) -> int:
        """Milliseconds since some moment; never goes back."""
        return self._machine.monotonic_ms()

    async def sleep_ms(self, duration_ms: int) -> None:
        """Let others run for at least this long."""
        await self._machine.sleep_ms(duration_ms)

    def told(self, now_ms: int, asked_ms: int) -> None:
        """Somebody was asked for the time at `asked_ms` of the monotonic clock, and it was `now_ms`, then or since.

        An answer that was long on its way says little, so it changes nothing that it does not contradict.
        """
        earliest_ms, latest_ms = now_ms - self._machine.monotonic_ms(), now_ms + 1 - asked_ms
        self._began_ms = min(max(self._began_ms, earliest_ms), latest_ms)


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
