"""Calls that ring late, end in silence, or become two pairs: planted violations."""

from __future__ import annotations

from chaos.checks import violations
from chaos.story import Heard, Story, What
from duologue.protocol import server as s
from duologue.protocol.codes import CallEnd, Mode
from tests.chaos.stories import ready, story

ENDED = Heard(s.CallState(5, "c1", "ended", CallEnd.MISSED))
MINE = Heard(s.CallState(4, "c1", "ringing", expires=20_000))


def incoming(expires: int = 20_000) -> What:
    return Heard(s.Incoming(4, "c1", "Otter", Mode.TEXT, expires))


def by(name: str, told: Story) -> list[str]:
    """What this check finds."""
    return [each.text for each in violations(told) if each.check == name]


def test_a_call_that_is_well() -> None:
    """It rings on both sides and becomes a pair, or nothing."""
    told = story(
        (10_000, "ana", MINE),
        (10_000, "ben", incoming()),
        (12_000, "ana", Heard(s.CallState(5, "c1", "accepted", pair="one"))),
        (12_000, "ben", Heard(s.CallState(5, "c1", "accepted", pair="one"))),
    )

    assert [each for each in violations(told) if "call" in each.check] == []


def test_a_call_that_rings_after_its_time() -> None:
    """Somebody would answer nobody."""
    assert len(by("no call rings late", story((25_000, "ben", incoming()), (25_001, "ben", ENDED)))) == 1


def test_a_call_that_rings_again() -> None:
    """They had heard that it is over; a snapshot may not bring it back, either."""
    again = Heard(ready(s.RingingState("c1", False, "Otter", Mode.TEXT, 20_000)))

    for rings in (incoming(), again):
        told = story(
            (10_000, "ben", incoming()), (12_000, "ben", ENDED), (13_000, "ben", rings), (13_001, "ben", ENDED)
        )
        assert by("no call rings late", told) == ["c1 rings, and they had heard that it is over"]


def test_a_call_that_ends_in_silence() -> None:
    """Its time is over, and they still hear it ring."""
    assert by("every call ends told", story((10_000, "ana", MINE))) == [
        "c1 rang, and they never heard what became of it"
    ]
    assert by("every call ends told", story((10_000, "ana", MINE), (20_000, "ana", Heard(ready())))) == []


def test_a_call_that_becomes_two_pairs() -> None:
    """Each side talks with nobody."""
    told = story(
        (12_000, "ana", Heard(s.CallState(5, "c1", "accepted", pair="one"))),
        (12_000, "ben", Heard(s.CallState(5, "c1", "accepted", pair="two"))),
    )

    assert by("calls agree", told) == ["c1 became two, and for others ['one', 'two']"]
