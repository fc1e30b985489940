"""How often the processes of a post died, and when the next one is to come. Pure."""

from __future__ import annotations

from duologue.ports import Rng
from duologue.supervisor.events import Terms


class Restarts:
    """Of one post."""

    __slots__ = ("_failures", "_rng", "_terms", "fruitless", "proven")

    def __init__(self, rng: Rng, terms: Terms) -> None:
        self._rng = rng
        self._terms = terms
        self._failures = 0
        """Deaths in a row of those who were not ready for long."""
        self.fruitless = 0
        """Deaths in a row before being ready."""
        self.proven = False
        """Somebody here was ready once, so that configuration and code are not hopeless."""

    @property
    def in_vain(self) -> bool:
        """Whether so many died before being ready that the next one may be expected to."""
        return self.fruitless >= self._terms.tries

    def served(self) -> None:
        """One of them is ready."""
        self.proven, self.fruitless = True, 0

    def died(self, served_ms: int | None) -> int:
        """One of them did, who was ready for this long (None: never): the pause before the next one."""
        steady = served_ms is not None and served_ms >= self._terms.steady_ms
        self._failures = 1 if steady else self._failures + 1
        self.fruitless += served_ms is None
        return self._pause_ms()

    def _pause_ms(self) -> int:
        """Twice as long each time, and half of it by chance: children that died together do not come together."""
        whole_ms = min(self._terms.pause_at_most_ms, self._terms.pause_ms << min(self._failures - 1, 20))
        return whole_ms // 2 + self._rng.below(whole_ms // 2 + 1)
