"""Whom a fault must not touch: who is in when there is too much of something. Who is sent away is told so. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.checks.violation import Found
from chaos.felt import by_group, groups, unwell
from chaos.story import Entry, Gone, Heard, Lost, Story
from duologue.protocol import server as s

COME_AGAIN = range(4100, 4200)
"""Close codes that mean: after a while."""
AT_MOST_MS = 60_000
SLOW_MS = 4_000
"""An answer may take so long while a crowd comes in: this machine is the crowd, too."""


def those_inside_are_spared(story: Story) -> Found:
    """Of some faults nobody feels anything who was in when they began, and did not go by themselves meanwhile."""
    people = story.by_person()
    may_hurt = [group for group in groups(story) if not group.spares]
    for group, felt in by_group(story, unwell(story)):
        if group.spares:
            for each in felt:
                if any(other.touches(each) for other in may_hurt):
                    continue  # it goes on in a round that spares nobody, and may be of that
                inside = _stayed(people.get(each.who, []), group.from_ms, each.from_ms)
                stalled_ms = story.stalled_ms(each.from_ms, each.until_ms)
                grace_ms = stalled_ms + (SLOW_MS if each.why == "unanswered" else 0)
                if inside and each.lasted_ms > grace_ms:
                    yield each.from_ms, each.who, f"{each.why} for {each.lasted_ms} ms, of {group.name}"


def _stayed(entries: Sequence[Entry], from_ms: int, until_ms: int) -> bool:
    """Whether somebody was in before, and just so long."""
    is_in = False
    for entry in entries:
        if entry.at_ms >= until_ms:
            break
        match entry.what:
            case Heard(s.Ready()):
                is_in = is_in or entry.at_ms < from_ms
            case Lost() | Gone():
                is_in = False
    return is_in


def who_is_refused_is_told(story: Story) -> Found:
    """A close code that sends somebody away for a while comes with the time after which to come again."""
    for entry in story.entries:
        match entry.what:
            case Lost(code=code, mine=False, told_ms=told_ms) if code in COME_AGAIN:
                if told_ms is None or told_ms > AT_MOST_MS:
                    yield entry.at_ms, entry.who, f"was closed with {code}, and told to come again after {told_ms} ms"
