"""The waiting people of one cohort, and the search for a partner.

Tickets with the same profile form a class, which is a line of people, oldest first. Which classes
fit an arrival is known without looking at the people (`classes.py`, `overflow.py`); of those,
at least `ENOUGH` people are looked at, beginning with another class each time, and the best is taken.

Guarantees (held by `tests/property/test_pool.py` against a brute-force oracle):

- symmetric: both accept each other at the levels that both have reached, nobody avoids anybody;
- complete on arrival: if anybody waiting is compatible, the arrival is matched;
  with `hold_ms` that is so at the end of its hold;
- somebody met lately is taken only where nobody else fits, one whose page is hidden only where nobody visible does;
- within a class the oldest is taken, unless one of the next `PER_CLASS` scores better;
- a matched ticket leaves the pool at once: nobody is offered twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from duologue.ids import PersonId
from duologue.matching.classes import Classes
from duologue.matching.due import Due
from duologue.matching.explain import Explanation, explain
from duologue.matching.line import Entry, Group, Line
from duologue.matching.profile import Profile, profile_of
from duologue.matching.rules import Bounds, Rules
from duologue.matching.score import HIDDEN_LAST_MS, RECENTLY_MET_LAST_MS, Rarity, kinship_ms
from duologue.matching.ticket import Match, Ticket
from duologue.matching.widen import apart, next_offer_ms, searches_at_ms

ENOUGH = 16
"""People looked at before the best of them is taken. Caps the work for a score, never a match."""
PER_CLASS = 4


class Pool:
    """The waiting people of one cohort."""

    def __init__(self, rules: Rules, bounds: Bounds = Bounds()) -> None:  # noqa: B008 - frozen
        self._rules = rules
        self._something_loosens = bool(rules.preferences or rules.hold_ms)
        self._preferences = tuple(n for n, _, _ in rules.preferences)
        self._entries: dict[PersonId, Entry] = {}
        self._delayed: dict[PersonId, Ticket] = {}
        self._due = Due()
        self._classes = Classes(rules, bounds)
        self._rarity = Rarity(bounds.interests)
        self._turn = 0

    def __len__(self) -> int:
        return len(self._entries) + len(self._delayed)

    def offer(self, ticket: Ticket, now_ms: int) -> Match | None:
        """Match this ticket with somebody who waits, or let it wait.

        A ticket of the same person that is already here is replaced.
        """
        if ticket.person in self._entries or ticket.person in self._delayed:
            self.withdraw(ticket.person)
        if ticket.not_before_ms > now_ms:
            self._delayed[ticket.person] = ticket
            self._due.set(ticket.person, ticket.not_before_ms)
            return None
        profile = profile_of(ticket, self._rules, now_ms)
        if not self._rules.hold_ms or searches_at_ms(ticket, self._rules) <= now_ms:
            partner = self._best(ticket, profile, now_ms)
            if partner is not None:
                self._take_out(partner)
                return Match(ticket, partner.ticket, now_ms)
        self._put_in(ticket, profile, now_ms)
        return None

    def withdraw(self, person: PersonId) -> None:
        """Forget somebody; unknown people are fine."""
        entry = self._entries.get(person)
        if entry is not None:
            self._take_out(entry)
        elif self._delayed.pop(person, None) is not None:
            self._due.forget(person)

    def reoffer(self, now_ms: int) -> Iterator[Match]:
        """Offer again everybody for whom something loosened by now.

        All of them move to their new classes before the first of them searches, so that each sees the others
        as they are now.
        """
        due = self._all_due(now_ms)
        if len(due) > 1:
            for ticket in due:
                self.withdraw(ticket.person)
                self._put_in(ticket, profile_of(ticket, self._rules, now_ms), now_ms)
        for ticket in due:
            if self.ticket_of(ticket.person) is ticket:
                match = self.offer(ticket, now_ms)
                if match is not None:
                    yield match

    def next_due_ms(self) -> int | None:
        """When `reoffer` has work next."""
        return self._due.next_ms()

    def explain(self, person: PersonId, now_ms: int) -> Explanation | None:
        """Why somebody is not matched; None for somebody who does not wait here."""
        ticket = self.ticket_of(person)
        return explain(ticket, self.tickets(), self._rules, now_ms) if ticket is not None else None

    def ticket_of(self, person: PersonId) -> Ticket | None:
        """Somebody's ticket, if they wait here."""
        entry = self._entries.get(person)
        return entry.ticket if entry is not None else self._delayed.get(person)

    def tickets(self) -> Iterator[Ticket]:
        """Everybody who waits here, in no particular order."""
        for entry in self._entries.values():
            yield entry.ticket
        yield from self._delayed.values()

    @property
    def group_sizes(self) -> dict[Group, int]:
        """How many wait, by their own values and wishes of the hard facets; who backs off is not counted."""
        return self._classes.group_sizes()

    @property
    def live_classes(self) -> int:
        """How many different kinds of people wait."""
        return len(self._classes)

    @property
    def overflowing_classes(self) -> int:
        """Classes for which the bitsets have no room: slower to find. A bound of `Bounds` was reached."""
        return len(self._classes.overflow)

    def _all_due(self, now_ms: int) -> list[Ticket]:
        due = []
        while (person := self._due.pop(now_ms)) is not None:
            ticket = self.ticket_of(person)
            assert ticket is not None, "who leaves is forgotten in `_due` too"
            due.append(ticket)
        return due

    def _put_in(self, ticket: Ticket, profile: Profile, now_ms: int) -> None:
        self._entries[ticket.person] = self._classes.add(ticket, profile)
        if ticket.interests:
            self._rarity.add(ticket.interests)
        if self._something_loosens or ticket.met:
            again_ms = next_offer_ms(ticket, self._rules, now_ms)
            if again_ms is not None:
                self._due.set(ticket.person, again_ms)

    def _take_out(self, entry: Entry) -> None:
        ticket = entry.ticket
        del self._entries[ticket.person]
        self._classes.remove(entry)
        if entry.interests:
            self._rarity.remove(entry.interests)
        if self._something_loosens or ticket.met:
            self._due.forget(ticket.person)

    def _best(self, ticket: Ticket, profile: Profile, now_ms: int) -> Entry | None:
        """The best of those who fit.

        The score comes first because it is cheap; who avoids whom is asked only of those who would
        be the best so far. Who is not asked was outdone by somebody who fits, so nobody is missed.
        """
        self._turn += 1
        interests = ticket.interests
        best: Entry | None = None
        best_score = seen = 0
        for line in self._classes.fitting(profile, self._turn):
            line_score = self._line_score(line, profile) if self._preferences or line.hidden else 0
            if line.hidden and best is not None and best_score > -HIDDEN_LAST_MS // 2:
                break
            entries, left_here = line.entries, PER_CLASS
            for n in range(line.head, len(entries)):
                entry = entries[n]
                if entry.gone:
                    continue
                score = line_score - entry.since_ms
                if interests and not interests.isdisjoint(entry.interests):
                    score += self._rarity.worth_ms(interests & entry.interests, len(self._entries))
                if best is None or score > best_score:
                    other = entry.ticket
                    if other.person in ticket.avoid or ticket.person in other.avoid:
                        continue
                    if other.person in ticket.met or ticket.person in other.met:
                        score -= RECENTLY_MET_LAST_MS
                        if apart(ticket, other, self._rules, now_ms) or (best is not None and score <= best_score):
                            continue
                        best, best_score = entry, score
                        continue
                    best, best_score = entry, score
                left_here -= 1
                if not left_here:
                    break
            seen += PER_CLASS - left_here
            if seen >= ENOUGH:
                break
        return best

    def _line_score(self, line: Line, profile: Profile) -> int:
        """The part of the score that is the same for all of a line."""
        kinship = kinship_ms(profile, line.profile, self._preferences)
        return kinship - HIDDEN_LAST_MS if line.hidden else kinship
