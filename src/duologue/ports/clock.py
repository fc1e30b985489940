"""Time and chance: whoever owns them can play a run again."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Time, so that tests and the simulation own it."""

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch."""

    def monotonic_ms(self) -> int:
        """Milliseconds since some moment; never goes back."""

    async def sleep_ms(self, duration_ms: int) -> None:
        """Let others run for at least this long."""


class Rng(Protocol):
    """Chance, so that a run can be replayed."""

    def token(self) -> str:
        """An unguessable id of 22 URL-safe characters."""

    def below(self, bound: int) -> int:
        """A whole number from 0 to `bound` - 1."""
