"""What to tell people about their wait: the median of those matched lately, or that nobody knows."""

from __future__ import annotations

from collections import deque
from statistics import median

import msgspec


class QueueStatus(msgspec.Struct, frozen=True):
    """What one cohort looks like from outside."""

    waiting_count: int = 0
    estimate_ms: int | None = None


class Estimate:
    """The waits of the last matches of a cohort; older than `window_ms` do not count."""

    def __init__(self, window_ms: int = 600_000, size: int = 101) -> None:
        self._window_ms = window_ms
        self._waits: deque[tuple[int, int]] = deque(maxlen=size)

    def record(self, wait_ms: int, now_ms: int) -> None:
        """Note that somebody was matched after `wait_ms`."""
        self._waits.append((now_ms, wait_ms))

    def median_ms(self, now_ms: int) -> int | None:
        """The median wait, or None where nobody was matched lately."""
        while self._waits and self._waits[0][0] < now_ms - self._window_ms:
            self._waits.popleft()
        return round(median(wait for _, wait in self._waits)) if self._waits else None
