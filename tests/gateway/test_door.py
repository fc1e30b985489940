"""Who stands at the door, and who is sent away until when."""

from __future__ import annotations

from duologue.gateway.door import LATEST_MS, PATIENCE_MS, SOONEST_MS, Door, Knock
from duologue.ids import SessionId
from duologue.safety.ratelimit import Rate
from tests.builders import NOW

PREFIX, OTHER = "192.0.2.1", "192.0.2.2"
OFTEN = Rate(1, 1_000_000)


def session(number: int) -> SessionId:
    return SessionId(f"s{number}")


def test_who_stands_too_long_makes_room() -> None:
    """Otherwise one household member could lock out all others with silent sockets."""
    door = Door(OFTEN, 2)
    for number in range(2):
        assert door.knock(session(number), PREFIX, NOW + number) == Knock()
    assert door.knock(session(2), PREFIX, NOW + 10).retry_after_ms >= SOONEST_MS, "they may be on their way in"
    late = door.knock(session(3), PREFIX, NOW + PATIENCE_MS)
    door.clear(session(0))

    assert late == Knock(makes_room=session(0))
    assert door.knock(session(4), OTHER, NOW + PATIENCE_MS) == Knock()


def test_a_crowd_is_sent_away_one_after_another() -> None:
    """If all were told the same moment, all would be back at that moment."""
    door = Door(Rate(20, 10), 1_000)
    told = [door.knock(session(number), PREFIX, NOW).retry_after_ms for number in range(510)]

    assert told[:10] == [0] * 10
    assert told[10] == SOONEST_MS
    assert told[11:] == [SOONEST_MS + 20 * n for n in range(1, 500)]


def test_nobody_is_sent_away_for_very_long() -> None:
    """However great the crowd."""
    door = Door(Rate(1_000, 1), 1_000)

    assert max(door.knock(session(n), PREFIX, NOW).retry_after_ms for n in range(500)) == LATEST_MS


def test_who_came_in_or_went_leaves_nothing() -> None:
    """Also when it is said twice."""
    door = Door(OFTEN, 2)
    door.knock(session(1), PREFIX, NOW)
    door.clear(session(1))
    door.clear(session(1))

    assert (door._standing, door._prefix_of) == ({}, {})
