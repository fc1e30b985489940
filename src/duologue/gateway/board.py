"""What a gateway knows of the cohorts, for all its sessions. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from duologue.matching.estimate import QueueStatus
from duologue.protocol.codes import Pause

QUIET = QueueStatus()
LOST = QueueStatus(paused=Pause.MATCHING_DOWN)


class Board:
    """The figures of now. Older ones would be no better than none, so what cannot be read is not known."""

    def __init__(self, figures: Mapping[str, QueueStatus] | None = None) -> None:
        self._figures = figures or {}
        self._else = QUIET

    def show(self, figures: Mapping[str, QueueStatus]) -> None:
        """These were read just now."""
        self._figures, self._else = figures, QUIET

    def lose(self) -> None:
        """Nothing could be read; then nobody is matched, either."""
        self._figures, self._else = {}, LOST

    @property
    def pauses(self) -> bool:
        """Whether anybody is not matched who could be."""
        return self._else.paused is not None or any(each.paused is not None for each in self._figures.values())

    def of(self, cohort: str) -> QueueStatus:
        """The figures of a cohort, by its key."""
        return self._figures.get(cohort, self._else)
