"""How long to try, and how long to wait between two attempts. Pure."""

from __future__ import annotations

from duologue.hooks_out.message import Told
from duologue.ports import Rng

GIVE_UP_AFTER_MS = 10 * 60_000
"""For news that stays news. That it rings is none any more when it is over."""
FIRST_PAUSE_MS = 500
LONGEST_PAUSE_MS = 30_000
LONGEST_WHILE_RINGING_MS = 4_000
"""A minute is short, and somebody waits."""


def give_up_at_ms(told: Told) -> int:
    """From then on nobody is to hear of it."""
    return told.call.expires_ms if told.rings else told.at_ms + GIVE_UP_AFTER_MS


def pause_ms(told: Told, failures: int, rng: Rng) -> int:
    """Until the next attempt, after one that failed and so many before it: anything up to a bound that doubles.

    So those that failed together do not come together again.
    """
    longest_ms = LONGEST_WHILE_RINGING_MS if told.rings else LONGEST_PAUSE_MS
    bound_ms = min(longest_ms, FIRST_PAUSE_MS << min(failures, 16))
    return rng.below(bound_ms + 1)
