"""From where on something is wrong. Pure. Whoever changes one looks at the alerts, too: they ask for longer times."""

from __future__ import annotations

from typing import NamedTuple

from duologue.top.view import Level


class Bound(NamedTuple):
    """More than this is a warning, or a problem."""

    warning: float
    problem: float

    def level(self, figure: float | None) -> Level:
        """How it is; what nobody told is no reason to worry."""
        if figure is None or figure <= self.warning:
            return Level.OK
        return Level.WARNING if figure <= self.problem else Level.PROBLEM


NEVER = float("inf")

QUEUE_LAG_S = Bound(2, 10)
"""Its owner reads it twice a second; a lease that moves takes 3 s."""
HELD = Bound(0, NEVER)
STORE_SILENT_S = Bound(3, 10)
"""It is asked every second."""
NEWS_AGE_S = Bound(6, 15)
"""At most 5 s are in order."""
LOOP_LAG_S = Bound(0.1, 1)
SOCKETS = Bound(0.9, 0.99)
"""Of those that a gateway takes."""
MATCH_S = Bound(1, 5)
ESTABLISH_S = Bound(5, 10)
FAILED_SHARE = Bound(0.05, 0.25)
"""Sides that gave up on their media, of those that were paired."""


def worst(*levels: Level) -> Level:
    """The worst of them."""
    return min(levels, key=lambda level: level.rank)
