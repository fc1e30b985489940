"""What a check finds, and what most checks ask of a story. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from chaos.story import Entry, Heard, Story
from duologue.pairs.pair import CONNECT_DEADLINE_MS
from duologue.protocol import server as s


class Violation(NamedTuple):
    """Something that must never be."""

    check: str
    at_ms: int
    who: str
    text: str


Found = Iterator[tuple[int, str, str]]
"""When, who and what: a check need not know what it is called."""
Check = Callable[[Story], Found]


class Meeting(NamedTuple):
    """Who heard of a pair, and when first."""

    pair: str
    told: dict[str, int]
    made: dict[str, int]
    """When the store made it, by what each was told first of the time to connect."""


def meetings(story: Story) -> dict[str, Meeting]:
    """All pairs that anybody heard of."""
    found: dict[str, Meeting] = {}
    for entry in story.entries:
        pair = pair_told(entry)
        if pair is None:
            continue
        meeting = found.setdefault(pair, Meeting(pair, {}, {}))
        meeting.told.setdefault(entry.who, entry.at_ms)
        if isinstance(entry.what, Heard) and isinstance(entry.what.message, s.Matched):
            meeting.made.setdefault(entry.who, made_ms(entry.at_ms, entry.what.message.deadline_ms))
    return found


def made_ms(at_ms: int, left_ms: int) -> int:
    """When the store made a match of which somebody heard at `at_ms`, and had `left_ms` to connect by then."""
    return at_ms - (CONNECT_DEADLINE_MS - left_ms)


def pair_told(entry: Entry) -> str | None:
    """The pair that this says somebody is in."""
    match entry.what:
        case Heard(s.Matched(pair=pair)) | Heard(s.Ready(state=s.PairState(matched=s.Matched(pair=pair)))):
            return pair
    return None


def wait_told(entry: Entry) -> s.Waiting | None:
    """The wait that this tells of."""
    match entry.what:
        case Heard(s.Waiting() as waiting):
            return waiting
        case Heard(s.Ready(state=s.WaitingState(waiting))):
            return waiting
        case Heard(s.Ended(waiting=s.Waiting() as waiting)):
            return waiting
    return None


def forgotten(story: Story, away_ms: tuple[int, int]) -> bool:
    """Whether somebody was away when the store lost something: what no gateway knows is lost then."""
    begin_ms, end_ms = away_ms
    return any(
        begin_ms <= each.healed_ms + each.within_ms and each.began_ms <= end_ms
        for each in story.troubles
        if each.forgets
    )
