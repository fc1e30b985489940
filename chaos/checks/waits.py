"""Who searches: every search has an end of which they hear, and until then they keep their place. Pure."""

from __future__ import annotations

from chaos.checks.violation import Found, forgotten, wait_told
from chaos.story import Entry, Gone, Heard, Lost, Said, Story
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import EndReason, Pause

TOLD_WITHIN_MS = 8_000
"""Who waits hears of it every 5 s."""
SEAT_MS = 15_000
"""Who is away for longer may have lost their place."""
UNFAIR_MS = 1_000
"""Clocks, and messages that cross each other."""


class Search:
    """What one person wants and was told, entry by entry."""

    def __init__(self) -> None:
        self.attempt: int | None = None
        """That they are after."""
        self.granted = False
        """The server has said so."""
        self.told_ms = 0
        self._lost_ms: int | None = None
        self._asked: dict[str, int] = {}

    def idle_in_vain(self, entry: Entry) -> tuple[int, int] | None:
        """When they came in again, found themselves idle and had not stopped: since when they were away."""
        match entry.what:
            case Heard(s.Ready(state=s.IdleState())) if self.granted:
                return self._lost_ms or entry.at_ms, entry.at_ms
        return None

    def note(self, entry: Entry) -> None:
        """The next thing that they saw or did."""
        match entry.what:
            case Said(message):
                self._said(message, entry.at_ms)
            case Heard(s.Reply(id=id_, ok=ok)) if self._asked.get(id_) == self.attempt:
                self._begin(self.attempt if ok else None, granted=ok)
            case Heard(s.Matched()) | Gone():
                self._begin(None)
            case Heard(s.Ready()) if wait_told(entry) is None:
                self._begin(None if self.granted else self.attempt)
            case Heard(s.Ended(waiting=None)):
                self._begin(None if self.granted else self.attempt)
            case Lost():
                self._lost_ms = entry.at_ms
        if isinstance(entry.what, Heard):
            self._told(entry)

    def _said(self, message: c.ClientMessage, at_ms: int) -> None:
        match message:
            case c.Find(id=id_, attempt=attempt) | c.Next(id=id_, attempt=attempt):
                self._asked[id_], self.told_ms = attempt, at_ms
                self._begin(attempt)
            case c.Cancel() | c.Leave() | c.Bye() | c.Block():
                self._begin(None)

    def _told(self, entry: Entry) -> None:
        if wait_told(entry) is not None or (isinstance(entry.what, Heard) and isinstance(entry.what.message, s.Ready)):
            self.told_ms = entry.at_ms

    def _begin(self, attempt: int | None, *, granted: bool = False) -> None:
        self.attempt, self.granted = attempt, granted and attempt is not None


def every_find_ends(story: Story) -> Found:
    """Matched, left, refused, or told: nobody who searches is forgotten in silence."""
    for who, entries in story.by_person().items():
        search = Search()
        for entry in entries:
            if entry.at_ms > story.left_ms:
                break
            away_ms = search.idle_in_vain(entry)
            if away_ms is not None and away_ms[1] - away_ms[0] < SEAT_MS and not forgotten(story, away_ms):
                yield entry.at_ms, who, f"searched, was away for {away_ms[1] - away_ms[0]} ms, and is idle"
            search.note(entry)
        quiet_ms = story.left_ms - search.told_ms
        if search.attempt is not None and quiet_ms > TOLD_WITHIN_MS:
            yield story.left_ms, who, f"searches with attempt {search.attempt}, and heard nothing for {quiet_ms} ms"


def waits_are_kept(story: Story) -> Found:
    """`since` never moves forward within a wait, but for who was away where places were lost."""
    for who, entries in story.by_person().items():
        since: tuple[int, int] | None = None
        lost_ms: int | None = None
        for entry in entries:
            waiting = wait_told(entry)
            lost_ms = entry.at_ms if isinstance(entry.what, Lost) else lost_ms
            if _begins_anew(entry):
                since = None
            if waiting is None:
                continue
            excused = waiting.paused is Pause.YOUR_MEDIA or (
                lost_ms is not None and forgotten(story, (lost_ms, entry.at_ms))
            )
            if since is not None and not excused and waiting.since > since[1] + UNFAIR_MS:
                yield entry.at_ms, who, f"the wait of attempt {waiting.attempt} lost {waiting.since - since[1]} ms"
            since = waiting.attempt, waiting.since


def _begins_anew(entry: Entry) -> bool:
    """After it, a wait may be another one."""
    match entry.what:
        case Heard(s.Matched() | s.Ended()) | Said(c.Cancel() | c.Leave() | c.Block()):
            return True
        case Heard(s.Ready(state=state)):
            return not isinstance(state, s.WaitingState)
    return False


def people_are_told(story: Story) -> Found:
    """Whose pair a server ended hears what follows: that they wait on, with the place that they had."""
    for who, entries in story.by_person().items():
        waited_ms = 0
        for entry in entries:
            match entry.what:
                case Heard(s.Waiting(since=since)):
                    waited_ms = entry.at_ms - since
                case Heard(s.Ended(reason=EndReason.MEDIA_FAILED, by="server", waiting=None)):
                    yield entry.at_ms, who, "a server ended their pair, and they do not wait on"
                case Heard(s.Ended(reason=EndReason.MEDIA_FAILED, by="server", waiting=s.Waiting(since=since))):
                    if entry.at_ms - since < waited_ms - UNFAIR_MS:
                        yield entry.at_ms, who, f"had waited {waited_ms} ms, and waits on from {entry.at_ms - since} ms"
                case Heard(s.Ended() | s.Ready()):
                    waited_ms = 0
