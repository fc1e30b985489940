"""Who searches: every search has an end of which they hear, and until then they keep their place. Pure."""

from __future__ import annotations

from chaos.checks.violation import Found, forgotten, made_ms, wait_told
from chaos.story import Entry, Gone, Heard, Lost, Said, Story, What
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
        self._newest = self._stopped = 0
        """Attempts: the newest one, and the newest of when they stopped."""

    @property
    def away(self) -> bool:
        """Nobody can tell them anything; whether they may be is for another check."""
        return self._lost_ms is not None

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
                self._lost_ms = self._lost_ms or entry.at_ms
        if isinstance(entry.what, Heard):
            self._told(entry)
            self._lost_ms = None if isinstance(entry.what.message, s.Ready) else self._lost_ms

    def _said(self, message: c.ClientMessage, at_ms: int) -> None:
        match message:
            case c.Find(id=id_, attempt=attempt) | c.Next(id=id_, attempt=attempt):
                self._newest = max(self._newest, attempt)
                if attempt == self._newest > self._stopped:  # or a server has nothing to do for who says it again
                    self._asked[id_], self.told_ms = attempt, at_ms
                    self._begin(attempt)
            case c.Cancel() | c.Leave() | c.Bye() | c.Block():
                self._stopped = self._newest
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
        if search.attempt is not None and not search.away and quiet_ms > TOLD_WITHIN_MS:
            yield story.left_ms, who, f"searches with attempt {search.attempt}, and heard nothing for {quiet_ms} ms"


class Wait:
    """Since when one person waits, by what they were told; stops and matches begin it anew."""

    def __init__(self) -> None:
        self.since: int | None = None
        self._stops: dict[str, int] = {}
        """The attempt of the moment, by commands that end a wait."""
        self._open: set[str] = set()
        """Those that have no answer yet: they may end a wait at any time."""
        self._stopped = 0
        self._attempt = self._asked = 0

    @property
    def may_have_ended(self) -> bool:
        """They themselves said so, and nobody has answered yet."""
        return bool(self._open)

    def note(self, entry: Entry) -> None:
        """The next thing that they saw or did."""
        waiting = wait_told(entry)
        if self._ends(entry.what):
            self.since = None
        if isinstance(entry.what, Said) and isinstance(entry.what.message, c.Find | c.Next):
            self._asked = max(self._asked, entry.what.message.attempt)
        if waiting is not None and waiting.attempt > self._stopped and waiting.attempt >= self._asked:
            self.since, self._attempt = waiting.since, waiting.attempt  # what is older was on its way for long

    def _ends(self, what: What) -> bool:
        match what:
            case Said(c.Cancel(id=id_) | c.Leave(id=id_) | c.Block(id=id_)):
                self._stops[id_] = self._attempt
                self._open.add(id_)
                return True
            case Heard(s.Reply(id=id_, ok=True)) if id_ in self._stops:
                self._stopped = max(self._stopped, self._stops[id_])
                self._open.discard(id_)
                return True
            case Heard(s.Matched() | s.Ended()):
                return True
            case Heard(s.Ready(state=state)):
                return not isinstance(state, s.WaitingState)
        return False


class Absence:
    """When somebody was away last: from what they heard before, for who is cut off finds out late, until they came in
    again.
    """

    def __init__(self) -> None:
        self.span_ms: tuple[int, int] | None = None
        self._heard_ms = 0
        self._away = False

    def note(self, entry: Entry) -> None:
        """The next thing that they saw or did."""
        if isinstance(entry.what, Lost):
            self._away = True
            self.span_ms = self._heard_ms, entry.at_ms
        elif isinstance(entry.what, Heard):
            if self._away:
                self.span_ms = self._heard_ms, entry.at_ms
            self._heard_ms, self._away = entry.at_ms, False

    def explains(self, story: Story, since_ms: int) -> bool:
        """Whether they may have met somebody then and wait anew, or the store may have lost the place that they had."""
        if self.span_ms is None:
            return False
        from_ms, until_ms = self.span_ms
        return from_ms - UNFAIR_MS <= since_ms <= until_ms or forgotten(story, self.span_ms)


def waits_are_kept(story: Story) -> Found:
    """`since` never moves forward within a wait, but for who was away: they may have met somebody meanwhile."""
    for who, entries in story.by_person().items():
        wait, absence = Wait(), Absence()
        for entry in entries:
            absence.note(entry)
            waiting = wait_told(entry)
            if waiting is not None and wait.since is not None and waiting.paused is not Pause.YOUR_MEDIA:
                moved_ms = waiting.since - wait.since
                excused = wait.may_have_ended or _is_end(entry) or absence.explains(story, waiting.since)
                if moved_ms > UNFAIR_MS and not excused:
                    yield entry.at_ms, who, f"the wait of attempt {waiting.attempt} lost {moved_ms} ms"
            wait.note(entry)


def _is_end(entry: Entry) -> bool:
    """A wait that follows from the end of a pair is another one."""
    return isinstance(entry.what, Heard) and isinstance(entry.what.message, s.Ended)


def people_are_told(story: Story) -> Found:
    """Whose pair a server ended hears what follows: that they wait on, with the place that they had."""
    for who, entries in story.by_person().items():
        if who in story.people and story.people[who].calls:
            continue  # nobody who hangs up wants a stranger next
        waited_ms = since_ms = 0
        for entry in entries:
            match entry.what:
                case Heard(s.Waiting(since=since)):
                    since_ms, waited_ms = since, entry.at_ms - since
                case Heard(s.Matched(deadline_ms=left_ms)):  # which may have been on its way for long, as all before it
                    waited_ms = min(waited_ms, made_ms(entry.at_ms, left_ms) - since_ms)
                case Heard(s.Ended(reason=EndReason.MEDIA_FAILED, by="server", waiting=None)):
                    yield entry.at_ms, who, "a server ended their pair, and they do not wait on"
                case Heard(s.Ended(reason=EndReason.MEDIA_FAILED, by="server", waiting=s.Waiting(since=since))):
                    if entry.at_ms - since < waited_ms - UNFAIR_MS:
                        yield entry.at_ms, who, f"had waited {waited_ms} ms, and waits on from {entry.at_ms - since} ms"
                case Heard(s.Ended(waiting=s.Waiting(since=since))):  # another wait
                    since_ms, waited_ms = since, entry.at_ms - since
                case Heard(s.Ended() | s.Ready()):
                    waited_ms = 0
