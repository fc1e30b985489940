"""Who should see somebody, and does not."""

from __future__ import annotations

import msgspec

from chaos.checks import violations
from chaos.felt import unwell
from chaos.story import Heard, Lost, Saw
from duologue.protocol import server as s
from duologue.protocol.codes import Mode
from tests.chaos.stories import ended, matched, ready, story, trouble

IN = (0, "ana", Heard(ready()))
PAIRED = s.PairState(matched("one"), None, None, s.Muted(audio=False, video=False), [])
MATCHED = (1_000, "ana", Heard(msgspec.structs.replace(matched("one"), mode=Mode.VIDEO)))


def test_a_picture_that_stops_is_felt_until_it_is_told() -> None:
    """Or until it comes back."""
    stopped = (IN, MATCHED, (2_000, "ana", Saw(True)), (10_000, "ana", Saw(False)))
    told = story(*stopped, (13_000, "ana", Heard(ended("one"))))
    back = story(*stopped, (12_000, "ana", Saw(True)))

    assert [(each.why, each.lasted_ms) for each in unwell(told)] == [("no picture", 3_000)]
    assert [(each.why, each.lasted_ms) for each in unwell(back)] == [("no picture", 2_000)]


def test_a_first_picture_that_is_late() -> None:
    """From the match on; one that comes in time is nothing."""
    late = story(IN, MATCHED, (13_000, "ana", Saw(True)))

    assert [(each.why, each.lasted_ms) for each in unwell(late)] == [("no picture", 12_000)]
    assert unwell(story(IN, MATCHED, (3_000, "ana", Saw(True)))) == []


def test_a_picture_that_stays_away_for_too_long() -> None:
    """A fault has its bound for pictures, too."""
    told = story(
        IN, MATCHED, (2_000, "ana", Saw(True)), (10_000, "ana", Saw(False)), troubles=(trouble(9_000, 12_000),)
    )

    assert "faults end in time" in {each.check for each in violations(told)}


def test_a_picture_that_stops_while_they_are_away() -> None:
    """Nobody could tell them whether that talk was over: it counts once they are back in it, and not when it was."""
    away = (IN, MATCHED, (2_000, "ana", Saw(True)), (5_000, "ana", Lost(1006, mine=True)), (7_000, "ana", Saw(False)))
    over = story(*away, (11_000, "ana", Heard(ready())), (13_000, "ana", Heard(matched("two"))))
    still = story(*away, (11_000, "ana", Heard(ready(PAIRED))), (13_000, "ana", Saw(True)))

    assert unwell(over) == []
    assert [(each.why, each.lasted_ms) for each in unwell(still)] == [("no picture", 2_000)]
