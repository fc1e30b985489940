"""Rate limits as values: the generic cell rate algorithm (GCRA, ITU-T I.371) with one number of state.

The number is the *theoretical arrival time*: when the bucket would be full again. It needs no
timer and no history, so a limit costs eight bytes a person.
"""

from __future__ import annotations

from typing import NamedTuple


class Rate(NamedTuple):
    """`burst` at once, then one per `interval_ms`."""

    interval_ms: int
    burst: int


class Verdict(NamedTuple):
    """The state to keep, and how long to wait; 0 means that it may pass."""

    full_at_ms: int
    retry_after_ms: int


def admit(rate: Rate, full_at_ms: int, now_ms: int) -> Verdict:
    """One more event. A refused one costs nothing."""
    full_at_ms = max(full_at_ms, now_ms)
    wait_ms = full_at_ms + rate.interval_ms - now_ms - rate.burst * rate.interval_ms
    if wait_ms > 0:
        return Verdict(full_at_ms, wait_ms)
    return Verdict(full_at_ms + rate.interval_ms, 0)
