"""For how long somebody is unwell."""

from __future__ import annotations

from chaos.felt import unwell
from chaos.story import Heard, Lost
from tests.chaos.stories import ready, story


def test_who_goes_by_themselves_while_they_are_away_is_unwell_no_longer() -> None:
    """From then on they do not want to be in."""
    told = story(
        (0, "ana", Heard(ready())),
        (10_000, "ana", Lost(4005, mine=False)),
        (11_000, "ana", Lost(1006, mine=True)),
        (40_000, "ana", Heard(ready())),
    )

    assert [(each.why, each.lasted_ms) for each in unwell(told)] == [("away", 1_000)]
