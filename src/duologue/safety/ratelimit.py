"""Rate limits as values: the generic cell rate algorithm (GCRA, ITU-T I.371) with one number of state.

The number is the *theoretical arrival time*: when the bucket would be full again. It needs no
timer and no history, so a limit costs eight bytes a person.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Rate(NamedTuple):
    """`burst` at once, then one per `interval_ms`."""

    interval_ms: int
    burst: int


UNLIMITED = Rate(interval_ms=0, burst=1)
"""Admits everything: a bucket that is full again at once."""


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


UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}
WRITTEN = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})?(ms|s|m|h) burst ([1-9]\d{0,8})")


def parse_rate(text: str) -> Rate:
    """A rate as operators write it: `N/TIME burst B`, or `off`. Raises `ValueError` that shows how."""
    if text.strip() == "off":
        return UNLIMITED
    written = WRITTEN.fullmatch(text.strip())
    if written is None:
        raise ValueError('write a rate such as "1/2s burst 5", or "off"')
    count, time, unit, burst = written.groups()
    interval_ms = int(time or 1) * UNITS_MS[unit] // int(count)
    if not interval_ms:
        raise ValueError('more than one in a millisecond: write "off" for no limit')
    return Rate(interval_ms, int(burst))
