"""Who is with whom: two, both of whom know it, and neither of whom must not meet the other. Pure."""

from __future__ import annotations

from collections import defaultdict

from chaos.checks.violation import Found, Meeting, meetings
from chaos.story import Entry, Heard, Lost, Said, Story
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import MediaEvent


def pairs_agree(story: Story) -> Found:
    """A pair is of two. Nobody talks alone, and a line reaches the other one of this very pair."""
    found = meetings(story)
    nobody = Meeting("", {}, {})
    for meeting in found.values():
        if len(meeting.told) > 2:
            yield max(meeting.told.values()), ", ".join(meeting.told), f"are three in {meeting.pair}"
    for entry in story.entries:
        match entry.what:
            case Heard(s.Talking(pair=pair)):
                told = found.get(pair, nobody).told
                if len(told) < 2:
                    yield entry.at_ms, entry.who, f"talks in {pair}, of which nobody else heard"
            case Heard(s.ChatLine(pair=pair, text=text)):
                writer = text.split()[0]
                if writer == entry.who or not {writer, entry.who} <= set(found.get(pair, nobody).told):
                    yield entry.at_ms, entry.who, f"got a line of {writer} in {pair}"


def nobody_is_doubled(story: Story) -> Found:
    """Who is in a pair hears of its end before the next one."""
    for who, entries in story.by_person().items():
        yield from _one_after_the_other(who, entries)


def _one_after_the_other(who: str, entries: list[Entry]) -> Found:
    pair: str | None = None
    rev = 0
    for entry in entries:
        match entry.what:
            case Heard(s.Ready(rev=told, state=state)):
                pair, rev = (state.matched.pair if isinstance(state, s.PairState) else None), told
            case Heard(s.Matched(rev=told, pair=new)) if told >= rev:
                if pair not in (None, new):
                    yield entry.at_ms, who, f"is in {pair}, and was given {new}"
                pair, rev = new, told
            case Heard(s.Ended(rev=told)) if told >= rev:
                pair, rev = None, told
            case Lost():
                pair = None


def a_talk_is_of_two_who_are_there(story: Story) -> Found:
    """It begins when both have said that their media is up, and no sooner."""
    connected: defaultdict[str, set[str]] = defaultdict(set)
    for entry in story.entries:
        match entry.what:
            case Said(c.MediaReport(pair=pair, event=MediaEvent.CONNECTED)):
                connected[pair].add(entry.who)
            case Heard(s.Talking(pair=pair)) if len(connected[pair]) < 2:
                yield entry.at_ms, entry.who, f"talks in {pair}, and one was never there"


def nobody_meets_whom_they_must_not(story: Story) -> Found:
    """Whom somebody has blocked, and whom a strict wish or the mode excludes."""
    pairs = meetings(story)
    blocked = _blocked_since(story, pairs)
    for meeting in pairs.values():
        if len(meeting.told) != 2:
            continue
        one, other = sorted(meeting.told)
        at_ms = min([*meeting.told.values(), *meeting.made.values()])  # the news may have been on its way for long
        if blocked.get(frozenset([one, other]), at_ms) < at_ms:
            yield at_ms, one, f"met {other} in spite of a block"
        first, second = story.people[one], story.people[other]
        if not (first.accepts(second) and second.accepts(first)):
            yield at_ms, one, f"met {other}, and they do not fit"


def _blocked_since(story: Story, pairs: dict[str, Meeting]) -> dict[frozenset[str], int]:
    """From when on two are apart: the server has said `ok`."""
    found: dict[frozenset[str], int] = {}
    asked: dict[str, str] = {}
    for entry in story.entries:
        match entry.what:
            case Said(c.Block(id=id_, pair=pair)):
                asked[id_] = pair
            case Heard(s.Reply(id=id_, ok=True)) if asked.get(id_) in pairs:
                found.setdefault(frozenset(pairs[asked[id_]].told), entry.at_ms)
    return found
