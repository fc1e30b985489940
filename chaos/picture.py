"""How long somebody in a pair with video saw nothing: until the first picture, or since it stopped. Pure."""

from __future__ import annotations

from chaos.story import Entry, Gone, Heard, Lost, Saw
from duologue.protocol import server as s
from duologue.protocol.codes import Mode

FIRST_WITHIN_MS = 10_000
"""From a match to the first picture, as a pair has to connect; a busy machine that makes up all pictures needs it."""


class Picture:
    """What one person sees of their partners. `over`: from when to when they saw nothing, though they should have."""

    def __init__(self) -> None:
        self._pair = ""
        self._matched_ms: int | None = None
        self._stopped_ms: int | None = None
        self._away = self._stopped_while_away = False
        self.over: list[tuple[int, int]] = []

    @property
    def is_gone(self) -> bool:
        """It was there, and stopped."""
        return self._stopped_ms is not None

    def note(self, entry: Entry) -> None:
        """The next thing that they saw."""
        match entry.what:
            case Heard(s.Matched(pair=pair, mode=Mode.VIDEO)) if pair != self._pair:
                self._pair, self._matched_ms = pair, entry.at_ms
            case Saw(picture=False) if self._away:
                self._stopped_while_away = True
            case Saw(picture=False):
                self._stopped_ms = entry.at_ms
            case Heard(s.Ready(state=state)):
                self._back(entry.at_ms, state)
            case Saw() | Heard(s.Ended()):
                self._stopped_while_away = False
                self.finish(entry.at_ms)
            case Lost() | Gone():
                self._away = True
                self.finish(entry.at_ms)

    def _back(self, at_ms: int, state: s.State) -> None:
        """What stopped while nobody could tell them that it was over counts from now on, if it is not."""
        in_pair = isinstance(state, s.PairState) and state.matched.pair == self._pair
        if self._stopped_while_away and in_pair:
            self._stopped_ms = at_ms
        self._away = self._stopped_while_away = False

    def finish(self, at_ms: int) -> None:
        """They see it, or are told that there is nothing to see any more."""
        if self._stopped_ms is not None:
            self.over.append((self._stopped_ms, at_ms))
        if self._matched_ms is not None and at_ms - self._matched_ms > FIRST_WITHIN_MS:
            self.over.append((self._matched_ms, at_ms))
        self._matched_ms = self._stopped_ms = None
