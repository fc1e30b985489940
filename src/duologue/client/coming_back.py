"""When to come back, and when to hand in a newer token. Pure.

The TypeScript client decides alike (`session/backoff.ts`, `closecodes.ts`, `renewal.ts`, `news.ts`): both are held to
`protocol-fixtures/rules/coming-back.json`.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from duologue.protocol.server import Matched, ServerMessage, Waiting

BASE_MS, CAP_MS = 500, 20_000
DEFAULT_DELAY_MS = 5_000
"""For 41xx when no delay was told."""
FINAL_STANDARD = {1002, 1003, 1007, 1008, 1009, 1010}
"""Codes of RFC 6455 that mean a defect or a refusal: coming back would repeat it."""
TOO_LATE_MS = 2_000
"""With less left than this the server closes, and coming back brings a new token."""
AT_MOST_MS = 86_400_000
STABLE_S = 5.0
"""A connection that lasted shorter than this was no success: the back-off goes on growing."""
SEAT_WORTH_MS = 1_000
"""With less left than this of the seat, a try would hardly be in time."""


class ClosePolicy(NamedTuple):
    """What follows from a close code."""

    kind: Literal["now", "after", "token", "never"]
    """Come back with jitter; after the delay at the earliest; with a new token; not at all."""
    delay_ms: int | None = None


def close_policy(code: int, told_ms: int | None = None) -> ClosePolicy:
    """A close code is policy: its number, never its prose. `told_ms`: the delay that was told before it."""
    if code in FINAL_STANDARD:
        return ClosePolicy("never")
    match code // 100:
        case 41:
            return ClosePolicy("after", DEFAULT_DELAY_MS if told_ms is None else told_ms)
        case 42:
            return ClosePolicy("token")
        case 43:
            return ClosePolicy("never")
        case _:  # 40xx; 1000, 1001, 1005, 1006, 1011 to 1015; codes of a newer server
            return ClosePolicy("now") if told_ms is None else ClosePolicy("after", told_ms)


def come_back_ms(told_ms: int | None, failures: int, random: float, seat_left_ms: float | None = None) -> int:
    """How long to stay away; `random` is in [0, 1).

    Full jitter, `rand(0, min(cap, base * 2^failures))`, the first time too, so that a crowd that lost one server
    does not return as one. While the seat is held (`seat_left_ms`), the next try comes before it is given up.
    What the server told is the least: one in trouble may tell all the same short delay.
    """
    ceiling_ms: float = min(CAP_MS, BASE_MS * 2 ** min(failures, 16))
    if seat_left_ms is not None and seat_left_ms >= SEAT_WORTH_MS:
        ceiling_ms = min(ceiling_ms, seat_left_ms)
    return _rounded(max(told_ms or 0, random * ceiling_ms))


class Retries:
    """What coming back again and again has come to. Knows no clock (its `now` is in seconds) and throws no dice."""

    def __init__(self) -> None:
        self.failures = 0
        """Tries in a row that came to nothing."""
        self._seat_until: float | None = None

    def lost(self, lasted_s: float, seat_ms: int | None, now: float) -> None:
        """A connection that was in for so long is lost or left.

        The seat is held for `seat_ms` from about now: the server may have noticed sooner, or hold it for longer.
        None: there is none, or nobody told.
        """
        if lasted_s >= STABLE_S:
            self.failures = 0
        self._seat_until = None if seat_ms is None else now + seat_ms / 1000

    def next_ms(self, told_ms: int | None, now: float, random: float) -> int:
        """One more came to nothing: after how long to make the next; `told_ms`: what the server said of it."""
        seat_left_ms = None if self._seat_until is None else 1000 * (self._seat_until - now)
        wait_ms = come_back_ms(told_ms, self.failures, random, seat_left_ms)
        self.failures += 1
        return wait_ms


def renew_in_ms(left_ms: int, random: float) -> int | None:
    """When to renew a token that has so long to live; None: never.

    Somewhere in the last third, so that those who came together do not renew together.
    Asked again after a failure, it names a time in what is left.
    """
    return None if left_ms < TOO_LATE_MS else _rounded(min(AT_MOST_MS, left_ms * (0.7 + 0.2 * random)))


def is_old(message: ServerMessage, rev: int) -> bool:
    """Whether it tells of less than is known; an unchanged state may be told again with fresh numbers, or its room."""
    told: int = getattr(message, "rev", rev + 1)
    return told < rev or (told == rev and not isinstance(message, Waiting | Matched))


def _rounded(ms: float) -> int:
    return math.floor(ms + 0.5)  # as JavaScript does
