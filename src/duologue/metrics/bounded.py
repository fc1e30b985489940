"""Label values that others bring: as many as are good for whoever stores the figures, and one for all the rest."""

from __future__ import annotations

OTHER = "other"


class Bounded:
    """The first so many that come are told apart."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[str] = set()

    def of(self, value: str) -> str:
        """The label for this value."""
        if value in self._known:
            return value
        if len(self._known) >= self._most:
            return OTHER
        self._known.add(value)
        return value


COHORTS = Bounded(100)
NODES = Bounded(100)
