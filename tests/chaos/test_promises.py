"""Rooms that let nobody in, and times that are wrong: planted violations."""

from __future__ import annotations

import msgspec
import pytest

from chaos.checks import violations
from chaos.story import Heard, Said, Story
from duologue.protocol import client as c
from duologue.protocol.codes import MediaEvent
from tests.chaos.stories import matched, story, trouble

FAILED = Said(c.MediaReport("one", MediaEvent.FAILED, "network"))


def by(name: str, told: Story) -> list[str]:
    """What this check finds."""
    return [each.text for each in violations(told) if each.check == name]


@pytest.mark.parametrize(("keeps_media", "at_ms", "found"), [(True, 12_000, 1), (True, 50_000, 0), (False, 12_000, 0)])
def test_a_room_that_lets_nobody_in(keeps_media: bool, at_ms: int, found: int) -> None:
    """While nothing is there that has to do with media."""
    fault = trouble(10_000, 20_000)._replace(keeps_media=keeps_media)

    assert len(by("media comes up", story((at_ms, "ana", FAILED), troubles=(fault,)))) == found


@pytest.mark.parametrize(("deadline_ms", "found"), [(10_000, 0), (190_000, 1)])
def test_a_deadline_of_another_clock(deadline_ms: int, found: int) -> None:
    """Somebody is told to have minutes, and the pair ends in seconds."""
    told = msgspec.structs.replace(matched("one"), deadline_ms=deadline_ms)

    assert len(by("times are true", story((1_000, "ana", Heard(told))))) == found
