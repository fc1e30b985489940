"""The session machine: whoever waits hears of it."""

from __future__ import annotations

from duologue.ledger import (
    Dequeued,
    Queued,
)
from duologue.matching.estimate import QueueStatus
from duologue.matching.widen import RECENTLY_MET
from duologue.protocol import server as s
from tests.builders import ANA, BEN, cohort, ticket
from tests.gateway.sessions import TICKET, live, told
from tests.playbook import Sends, Wait


def test_who_waits_hears_of_it_again_and_again() -> None:
    """At once, after a second and a half, then every five seconds."""
    assert (
        live()
        >> told(2, Queued(TICKET)) << Sends(s.Waiting, rev=2)
        >> Wait(1_499)
        >> Wait(1) << Sends(s.Waiting)
        >> Wait(10_000) << Sends(s.Waiting) << Sends(s.Waiting)
    )  # fmt: skip


def test_the_figures_come_from_the_board() -> None:
    """What the matcher published last."""
    board = {cohort().key: QueueStatus(7, 42_000)}

    assert live(board=board) >> told(2, Queued(TICKET)) << Sends(s.Waiting, waiting_count=7, estimate_ms=42_000)


def test_people_count_themselves() -> None:
    """Also before a matcher did."""
    board = {cohort().key: QueueStatus(0)}

    assert live(board=board) >> told(2, Queued(TICKET)) << Sends(s.Waiting, waiting_count=1, estimate_ms=None)


def test_who_waits_hears_what_was_widened() -> None:
    """Once it was, and not before."""
    met = ticket(ANA, met=frozenset([BEN]))

    assert (
        live()
        >> told(2, Queued(met)) << Sends(s.Waiting, widened=[])
        >> Wait(6_500) << Sends(s.Waiting, widened=[]) << Sends(s.Waiting, widened=[RECENTLY_MET])
    )  # fmt: skip


def test_who_stopped_hears_no_more() -> None:
    """The reply to cancel says it all."""
    assert live() >> told(2, Queued(TICKET)) << Sends(s.Waiting) >> told(3, Dequeued()) >> Wait(20_000)


def test_old_news_is_dropped() -> None:
    """The snapshot knew that already."""
    assert live() >> told(0, Queued(TICKET))
