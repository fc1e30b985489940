"""Who calls and who is called: both hear the same end of it, and nothing rings after it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from chaos.checks.violation import Found, forgotten
from chaos.story import Entry, Gone, Heard, Lost, Story
from duologue.protocol import server as s

CROSSING_MS = 1_000
"""What was said in the last moment of a call is still on its way."""
TOLD_WITHIN_MS = 10_000


class Ring(NamedTuple):
    """Somebody hears that a call rings."""

    call: str
    expires_ms: int


def _rings(entry: Entry) -> Ring | None:
    match entry.what:
        case Heard(s.Incoming(call=call, expires=expires)):
            return Ring(call, expires)
        case Heard(s.CallState(call=call, state="ringing", expires=int(expires))):
            return Ring(call, expires)
        case Heard(s.Ready(state=s.RingingState(call=call, expires=expires))):
            return Ring(call, expires)
    return None


def no_call_rings_late(story: Story) -> Found:
    """Neither after its time, nor once they have heard that it is over."""
    for who, entries in story.by_person().items():
        over: dict[str, int] = {}
        for entry in entries:
            match entry.what:
                case Heard(s.CallState(call=call, state="accepted" | "ended")):
                    over.setdefault(call, entry.at_ms)
            ring = _rings(entry)
            if ring is None:
                continue
            if entry.at_ms > ring.expires_ms + CROSSING_MS + story.late_ms:
                yield entry.at_ms, who, f"{ring.call} rings {entry.at_ms - ring.expires_ms} ms after its time"
            elif ring.call in over and not forgotten(story, (over[ring.call], entry.at_ms)):
                yield entry.at_ms, who, f"{ring.call} rings, and they had heard that it is over"


def every_call_ends_told(story: Story) -> Found:
    """Whoever heard it ring hears what became of it, or comes in again and finds that it rings no more."""
    for who, entries in story.by_person().items():
        ringing: Ring | None = None
        for entry in entries:
            if entry.at_ms > story.left_ms:
                break
            ringing = _rings(entry) or (None if _is_over(entry) else ringing)
        if ringing is not None and story.left_ms - ringing.expires_ms > TOLD_WITHIN_MS + story.late_ms:
            yield story.left_ms, who, f"{ringing.call} rang, and they never heard what became of it"


def _is_over(entry: Entry) -> bool:
    match entry.what:
        case Heard(s.CallState() | s.Matched() | s.Ready() | s.Standby()) | Lost() | Gone():
            return True
    return False


def calls_agree(story: Story) -> Found:
    """A call becomes one pair at most, and all who hear of it hear the same."""
    pairs: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for entry, call, pair in _accepted(story):
        pairs[call][entry.who] = pair
        if len(set(pairs[call].values())) > 1:
            yield entry.at_ms, entry.who, f"{call} became {pair}, and for others {sorted(set(pairs[call].values()))}"


def _accepted(story: Story) -> Iterator[tuple[Entry, str, str]]:
    for entry in story.entries:
        match entry.what:
            case Heard(s.CallState(call=call, state="accepted", pair=str(pair))):
                yield entry, call, pair
