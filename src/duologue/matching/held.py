"""Matches that cannot begin yet, as a rule for want of a join slot: kept in order until they can.

Both people go on waiting in the ledger and are in no pool. Pure: time is given. Must not know nodes or stores.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice

from duologue.ids import PersonId
from duologue.matching.ticket import Match, Ticket
from duologue.protocol.codes import Pause

SHORT_AFTER_MS = 1_000
"""Slots that are short for a moment are no news."""


class Held:
    """First come, first served. Each person is in at most one of the matches."""

    def __init__(self) -> None:
        self._matches: OrderedDict[PersonId, Match] = OrderedDict()
        self._key_of: dict[PersonId, PersonId] = {}
        self._at_once: int | None = None
        """How many may be tried next; None: all. A few at a time while slots are short, or each try costs the lot."""
        self._not_before_ms = 0
        self._short_since_ms: int | None = None
        self._why = Pause.MEDIA_BUSY

    def __len__(self) -> int:
        return len(self._matches)

    def add(self, match: Match) -> None:
        """Behind all others."""
        key = match.arrival.person
        self._matches[key] = match
        self._key_of[key] = self._key_of[match.waiting.person] = key

    def ticket_of(self, person: PersonId) -> Ticket | None:
        """The ticket with which somebody is held."""
        key = self._key_of.get(person)
        if key is None:
            return None
        match = self._matches[key]
        return match.arrival if person == key else match.waiting

    def part(self, person: PersonId) -> Ticket | None:
        """This person is not to be matched as they were; returns the other one of their match, who is free again."""
        key = self._key_of.get(person)
        if key is None:
            return None
        match = self._matches[key]
        self.settle(match)
        return match.waiting if person == key else match.arrival

    def settle(self, match: Match) -> None:
        """This match became a pair, or never will."""
        del self._matches[match.arrival.person]
        del self._key_of[match.arrival.person], self._key_of[match.waiting.person]
        if not self._matches:
            self._at_once = self._short_since_ms = None
            self._not_before_ms = 0

    def next(self, now_ms: int) -> list[Match]:
        """What to try now, in order. They stay until `settle`."""
        if now_ms < self._not_before_ms:
            return []
        return list(islice(self._matches.values(), self._at_once))

    def all_went(self) -> None:
        """Each that was tried found a slot: try more."""
        if self._at_once is not None:
            self._at_once *= 2

    def short(self, retry_after_ms: int, why: Pause, now_ms: int) -> None:
        """Slots ran out."""
        self._at_once, self._why = 1, why
        self._not_before_ms = now_ms + retry_after_ms
        if self._short_since_ms is None:
            self._short_since_ms = now_ms

    def due_ms(self) -> int | None:
        """When `next` has something to try."""
        return self._not_before_ms if self._matches else None

    def pause(self, now_ms: int) -> Pause | None:
        """Why matching stands still, if it does for longer than a moment."""
        since_ms = self._short_since_ms
        if since_ms is None or (self._why is Pause.MEDIA_BUSY and now_ms - since_ms < SHORT_AFTER_MS):
            return None
        return self._why
