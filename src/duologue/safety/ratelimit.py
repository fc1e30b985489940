"""Rate limits as values: the generic cell rate algorithm (GCRA, ITU-T I.371) with one number of state.

The number is the *theoretical arrival time*: when the bucket would be full again. It needs no
timer and no history, so a limit costs eight bytes a person.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import NamedTuple

KEYS_AT_MOST = 100_000
"""Beyond that, `Recent` and `Buckets` forget the key seen longest ago."""


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


class Recent:
    """A number for each of many keys, in bounded memory: what is forgotten counts as 0."""

    def __init__(self, keys_at_most: int = KEYS_AT_MOST) -> None:
        self._keys_at_most = keys_at_most
        self._numbers: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._numbers)

    def get(self, key: str) -> int:
        """Its number. Looking does not make it seen."""
        return self._numbers.get(key, 0)

    def put(self, key: str, number: int) -> None:
        """Seen now, with this number."""
        self._numbers[key] = number
        self._numbers.move_to_end(key)
        if len(self._numbers) > self._keys_at_most:
            self._numbers.popitem(last=False)


class Buckets:
    """A bucket for each of many keys. Fails open: a forgotten one is full again, rather than memory grows."""

    def __init__(self, keys_at_most: int = KEYS_AT_MOST) -> None:
        self._full_at_ms = Recent(keys_at_most)

    def admit(self, key: str, rate: Rate, now_ms: int) -> int:
        """One more event of this key: after how many ms it would pass; 0: now, and it is counted."""
        full_at_ms, retry_after_ms = admit(rate, self._full_at_ms.get(key), now_ms)
        self._full_at_ms.put(key, full_at_ms)
        return retry_after_ms


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
