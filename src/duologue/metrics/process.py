"""How well this process itself is: whether its loop turns in time, and for how long its collector stops it."""

from __future__ import annotations

import gc
from typing import Any

from duologue.metrics import definitions
from duologue.ports import Clock
from duologue.tasks import Tasks

BEAT_MS = 250
"""Often enough for a share of all moments, and next to nothing for a process that rests."""


def watch_loop(tasks: Tasks, clock: Clock) -> None:
    """Note how late each of four beats a second is: whatever keeps the loop busy keeps everybody waiting."""

    async def beat() -> None:
        started_ms = clock.monotonic_ms()
        await clock.sleep_ms(BEAT_MS)
        definitions.LOOP_LAG_SECONDS.observe(max(0, clock.monotonic_ms() - started_ms - BEAT_MS) / 1000)

    tasks.repeat(beat, name="loop-lag", clock=clock)


class _Pauses:
    """Between its two calls the collector has stopped everything."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started_ms = 0

    def __call__(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._started_ms = self._clock.monotonic_ms()
        else:
            pause_s = (self._clock.monotonic_ms() - self._started_ms) / 1000
            definitions.GC_PAUSE_SECONDS.observe(pause_s, str(info["generation"]))


def watch_collector(clock: Clock) -> None:
    """Note each pause from now on, until the process ends."""
    gc.callbacks.append(_Pauses(clock))
