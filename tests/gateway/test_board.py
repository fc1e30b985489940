"""The figures that people who wait are told."""

from __future__ import annotations

from duologue.gateway.board import Board
from duologue.matching.estimate import QueueStatus
from duologue.protocol.codes import Pause

SEEN = QueueStatus(7, 42_000)


def test_the_newest_figures_count() -> None:
    """A cohort of which nobody reports is quiet."""
    board = Board({"old": SEEN})
    board.show({"new": SEEN})

    assert (board.of("new"), board.of("old")) == (SEEN, QueueStatus())


def test_while_nothing_can_be_read_nobody_is_matched() -> None:
    """In no cohort, until there are figures again."""
    board = Board({"known": SEEN})
    board.lose()
    lost = board.of("known"), board.of("unknown")
    board.show({})

    assert lost == (QueueStatus(paused=Pause.MATCHING_DOWN),) * 2
    assert board.of("known") == QueueStatus()
