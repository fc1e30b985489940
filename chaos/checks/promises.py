"""What people are promised with a match: a room that lets them in, and a time in which to be there. Pure."""

from __future__ import annotations

from chaos.checks.violation import Found
from chaos.felt import groups
from chaos.story import Heard, Said, Story
from duologue.pairs.pair import CONNECT_DEADLINE_MS
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import MediaEvent


def media_comes_up(story: Story) -> Found:
    """Of faults that say nothing to media, nobody who joins a room for real notices anything there."""
    keeping = [group for group in groups(story) if all(trouble.keeps_media for trouble in group.troubles)]
    for entry in story.entries:
        match entry.what:
            case Said(c.MediaReport(pair=pair, event=MediaEvent.FAILED)):
                if any(group.from_ms <= entry.at_ms <= min(group.until_ms, group.ends_ms) for group in keeping):
                    yield entry.at_ms, entry.who, f"could not be in the room of {pair}"


def times_are_true(story: Story) -> Found:
    """Nobody is given longer than there is: who tells it has a clock that is behind."""
    for entry in story.entries:
        match entry.what:
            case Heard(s.Matched(pair=pair, deadline_ms=deadline_ms)) if deadline_ms > CONNECT_DEADLINE_MS:
                yield entry.at_ms, entry.who, f"was given {deadline_ms} ms to come into {pair}"
