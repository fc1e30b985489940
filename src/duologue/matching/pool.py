"""The waiting people of one cohort, and the search for a partner.

Tickets with the same profile form a *class*. For every facet value one big integer has a bit for
each class that owns the value and one for each class that accepts it; an arrival's candidates are
the AND of a few such integers, so the cost depends on the number of facets and not on how many
people wait or how different they are. Empty classes give their bit back.

Guarantees (held by `tests/property/test_pool.py` against a brute-force oracle):

- symmetric: both accept each other, nobody avoids anybody, nobody meets themselves;
- complete on arrival: if anybody waiting is compatible, the arrival is matched;
- of the candidates looked at (`ENOUGH`), the best score wins: shared interests, then the longest wait;
- a matched ticket leaves the pool at once: nobody is offered twice.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import TypeVar

from duologue.ids import PersonId
from duologue.matching.profile import Profile, profile_of
from duologue.matching.ticket import Match, Ticket
from duologue.matching.widen import Widening, next_offer_ms, widened

INTEREST_MS = 20_000
"""A shared interest weighs as much as this much waiting."""
ENOUGH = 32
"""Candidates looked at before the best of them is taken. Caps the work for a score, never a match."""
PER_CLASS = 4

_Key = TypeVar("_Key")


class Pool:
    """The waiting people of one cohort."""

    def __init__(self, facets: tuple[str, ...], widening: Widening) -> None:
        self._facets = facets
        self._widening = widening
        self._tickets: dict[PersonId, tuple[Ticket, int]] = {}
        self._delayed: dict[PersonId, Ticket] = {}
        self._due: list[tuple[int, PersonId, int]] = []
        self._classes = _Classes(len(facets))

    def __len__(self) -> int:
        return len(self._tickets) + len(self._delayed)

    def offer(self, ticket: Ticket, now_ms: int) -> Match | None:
        """Match this ticket with somebody who waits, or let it wait.

        A ticket of the same person that is already here is replaced.
        """
        self.withdraw(ticket.person)
        again_ms = next_offer_ms(ticket, self._widening, now_ms)
        if again_ms is not None:
            heapq.heappush(self._due, (again_ms, ticket.person, ticket.rev))
        if ticket.not_before_ms > now_ms:
            self._delayed[ticket.person] = ticket
            return None
        profile = profile_of(ticket, self._facets)
        partner = self._best(ticket, profile, now_ms)
        if partner is None:
            self._tickets[ticket.person] = (ticket, self._classes.add(profile, ticket))
            return None
        self.withdraw(partner.person)
        return Match(ticket, partner)

    def withdraw(self, person: PersonId) -> None:
        """Forget somebody; unknown people are fine."""
        self._delayed.pop(person, None)
        entry = self._tickets.pop(person, None)
        if entry is not None:
            self._classes.remove(entry[1], entry[0])

    def reoffer(self, now_ms: int) -> Iterator[Match]:
        """Offer again everybody for whom something loosened by now."""
        while self._due and self._due[0][0] <= now_ms:
            _, person, rev = heapq.heappop(self._due)
            ticket = self._find(person)
            if ticket is not None and ticket.rev == rev:
                match = self.offer(ticket, now_ms)
                if match is not None:
                    yield match

    def next_due_ms(self) -> int | None:
        """When `reoffer` has work next."""
        return self._due[0][0] if self._due else None

    def _find(self, person: PersonId) -> Ticket | None:
        entry = self._tickets.get(person)
        return entry[0] if entry else self._delayed.get(person)

    def _best(self, ticket: Ticket, profile: Profile, now_ms: int) -> Ticket | None:
        best: Ticket | None = None
        best_score = seen = 0
        for members in self._classes.candidates(profile):
            for seen_here, other in enumerate(self._compatible(ticket, members, now_ms), 1):
                seen += 1
                score = len(ticket.interests & other.interests) * INTEREST_MS + now_ms - other.since_ms
                if best is None or score > best_score:
                    best, best_score = other, score
                if seen_here >= PER_CLASS:
                    break
            if seen >= ENOUGH:
                break
        return best

    def _compatible(self, ticket: Ticket, members: dict[PersonId, Ticket], now_ms: int) -> Iterator[Ticket]:
        for person, other in members.items():
            if person in ticket.avoid or ticket.person in other.avoid:
                continue
            if self._shuns(ticket, person, now_ms) or self._shuns(other, ticket.person, now_ms):
                continue
            yield other

    def _shuns(self, ticket: Ticket, person: PersonId, now_ms: int) -> bool:
        return person in ticket.met and not widened(ticket, self._widening, now_ms)


class _Classes:
    """Facet bitsets over the classes that have somebody in them."""

    def __init__(self, facets: int) -> None:
        self._bit_of: dict[Profile, int] = {}
        self._profiles: list[Profile | None] = []
        self._members: list[dict[PersonId, Ticket]] = []
        self._free: list[int] = []
        self._live = 0
        self._owns: list[dict[str | None, int]] = [{} for _ in range(facets)]
        self._accepts: list[dict[str, int]] = [{} for _ in range(facets)]
        self._accepts_any = [0] * facets

    def add(self, profile: Profile, ticket: Ticket) -> int:
        """Put a ticket into its class; returns the class's number, for `remove`."""
        number = self._bit_of.get(profile)
        if number is None:
            number = self._open(profile)
        self._members[number][ticket.person] = ticket
        return number

    def remove(self, number: int, ticket: Ticket) -> None:
        """Take a ticket out; an empty class gives its bit back."""
        members = self._members[number]
        del members[ticket.person]
        if not members:
            self._close(number)

    def candidates(self, profile: Profile) -> Iterator[dict[PersonId, Ticket]]:
        """The members of every class that accepts this profile and is accepted by it."""
        left = self._matching(profile)
        while left:
            lowest = left & -left
            left ^= lowest
            yield self._members[lowest.bit_length() - 1]

    def _matching(self, profile: Profile) -> int:
        bits = self._live
        for facet, (own, wish) in enumerate(profile):
            if not bits:
                break
            bits &= self._accepts_any[facet] | (self._accepts[facet].get(own, 0) if own is not None else 0)
            if wish is not None:
                owners = 0
                for value in wish:
                    owners |= self._owns[facet].get(value, 0)
                bits &= owners
        return bits

    def _open(self, profile: Profile) -> int:
        number = self._free.pop() if self._free else len(self._members)
        if number == len(self._members):
            self._members.append({})
            self._profiles.append(None)
        self._bit_of[profile] = number
        self._profiles[number] = profile
        bit = 1 << number
        self._live |= bit
        for facet, (own, wish) in enumerate(profile):
            self._owns[facet][own] = self._owns[facet].get(own, 0) | bit
            if wish is None:
                self._accepts_any[facet] |= bit
            for value in wish or ():
                self._accepts[facet][value] = self._accepts[facet].get(value, 0) | bit
        return number

    def _close(self, number: int) -> None:
        profile = self._profiles[number]
        assert profile is not None, "only an open class can be closed"
        bit = 1 << number
        self._live ^= bit
        for facet, (own, wish) in enumerate(profile):
            _clear(self._owns[facet], own, bit)
            self._accepts_any[facet] &= ~bit
            for value in wish or ():
                _clear(self._accepts[facet], value, bit)
        del self._bit_of[profile]
        self._profiles[number] = None
        self._free.append(number)


def _clear(bits: dict[_Key, int], key: _Key, bit: int) -> None:
    """Clear a bit; a value nobody has any more is forgotten, so strangers' words do not pile up."""
    left = bits[key] & ~bit
    if left:
        bits[key] = left
    else:
        del bits[key]
