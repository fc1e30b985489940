"""How often something may happen, whoever asks."""

from __future__ import annotations

from typing import Protocol

from duologue.safety.ratelimit import Rate


class Limiter(Protocol):
    """Rates that hold across connections and processes."""

    async def admit(self, key: str, rate: Rate) -> int:
        """Count one event under this key; returns 0, or after how many milliseconds it may be tried again.

        A refused event costs nothing. Bounded: the keys seen longest ago may be forgotten.
        """
