"""Why somebody is not matched: which rule stands between them and the others, and until when.

Computed on demand, for one person. It says what the pool does, in words for operators, and decides nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import msgspec

from duologue.ids import PersonId
from duologue.matching.rules import Rules
from duologue.matching.ticket import Ticket
from duologue.matching.widen import RECENTLY_MET, apart_until_ms, loosens_ms, next_steps, searches_at_ms, widened

MOST = 10_000
"""Others looked at: an explanation must not stop the matching."""
BACKING_OFF = "backing_off"
AVOIDED = "avoided"
MINE, THEIRS = "mine", "theirs"
NEVER_MS = 1 << 62


class Obstacle(NamedTuple):
    """A rule that keeps two apart."""

    rule: str
    until_ms: int | None
    """As long as both go on waiting; None: for ever."""


class Step(msgspec.Struct, frozen=True):
    """Something that changes for a person just because they go on waiting."""

    at_ms: int
    what: str
    """The wish that loosens, `recently_met`, or `backing_off`, which ends."""
    fits: int
    """How many of the others fit from then on, if they go on waiting too."""


class Explanation(msgspec.Struct, frozen=True):
    """What stands between a waiting person and the others, by the first rule that rejects each of them."""

    person: PersonId
    looked_at: int
    fits: int
    """0, unless the person's hold, or that of those who fit, is not over."""
    rejected: dict[str, int]
    """By `facet X: mine`, `facet X: theirs`, `avoided`, `recently_met` or `backing_off`."""
    widened: tuple[str, ...]
    """What this person has loosened."""
    others_widened: dict[str, int]
    """How many of the others have loosened what."""
    holds_until_ms: int | None = None
    """Until then this person only lets themselves be found."""
    passes_ms: dict[str, int] = {}
    """When a rule lets the first of those pass whom it rejects now. It never does where it is not named."""
    first_fit_ms: int | None = None
    """When the first of those who do not fit now will, if both go on waiting; None: none of them ever."""
    steps: tuple[Step, ...] = ()
    """What changes next, in order."""


def explain(ticket: Ticket, others: Iterable[Ticket], rules: Rules, now_ms: int) -> Explanation:
    """Why this ticket is not matched with any of these others."""
    tally = Tally(ticket, rules, now_ms)
    for other in islice((each for each in others if each.person != ticket.person), MOST):
        tally.add(other)
    return tally.explanation()


def obstacles(ticket: Ticket, other: Ticket, rules: Rules) -> Iterator[Obstacle]:
    """All that ever kept these two apart since they wait, in the order in which rules are looked at."""
    yield Obstacle(BACKING_OFF, max(ticket.not_before_ms, other.not_before_ms))
    for facet in rules.facets:
        if not _takes(ticket, other, facet.name):
            yield Obstacle(f"facet {facet.name}: {MINE}", loosens_ms(ticket, facet))
        if not _takes(other, ticket, facet.name):
            yield Obstacle(f"facet {facet.name}: {THEIRS}", loosens_ms(other, facet))
    if ticket.avoids(other):
        yield Obstacle(AVOIDED, None)
    yield Obstacle(RECENTLY_MET, apart_until_ms(ticket, other, rules))


def _takes(one: Ticket, other: Ticket, facet: str) -> bool:
    wish = one.wants.get(facet)
    return wish is None or other.facets.get(facet) in wish


class Tally:
    """Counts others one by one, so that whoever has many can let the process breathe in between."""

    def __init__(self, ticket: Ticket, rules: Rules, now_ms: int) -> None:
        self._ticket = ticket
        self._rules = rules
        self._now_ms = now_ms
        self._looked_at = 0
        self._rejected: Counter[str] = Counter()
        self._loosened: Counter[str] = Counter()
        self._passes_ms: dict[str, int] = {}
        self._fits_from_ms: list[int] = []

    def add(self, other: Ticket) -> None:
        """One more. Not the person themselves, and nobody twice: that is for the caller to see to."""
        now_ms, until_ms, first = self._now_ms, 0, None
        for obstacle in obstacles(self._ticket, other, self._rules):
            ends_ms = NEVER_MS if obstacle.until_ms is None else obstacle.until_ms
            until_ms = max(until_ms, ends_ms)
            if first is None and ends_ms > now_ms:
                first = obstacle
        self._looked_at += 1
        self._loosened.update(widened(other, self._rules, now_ms))
        if until_ms < NEVER_MS:
            self._fits_from_ms.append(until_ms)
        if first is not None:
            self._reject(first)

    def _reject(self, by: Obstacle) -> None:
        self._rejected[by.rule] += 1
        if by.until_ms is not None:
            self._passes_ms[by.rule] = min(by.until_ms, self._passes_ms.get(by.rule, by.until_ms))

    def explanation(self) -> Explanation:
        """What all of them together come to."""
        ticket, rules, now_ms = self._ticket, self._rules, self._now_ms
        from_ms = sorted(self._fits_from_ms)
        fits = bisect_right(from_ms, now_ms)
        until_ms = searches_at_ms(ticket, rules)
        return Explanation(
            ticket.person,
            self._looked_at,
            fits,
            dict(self._rejected),
            widened(ticket, rules, now_ms),
            dict(self._loosened),
            until_ms if until_ms > now_ms else None,
            self._passes_ms,
            from_ms[fits] if fits < len(from_ms) else None,
            tuple(Step(at_ms, what, bisect_right(from_ms, at_ms)) for at_ms, what in self._coming()),
        )

    def _coming(self) -> list[tuple[int, str]]:
        steps = next_steps(self._ticket, self._rules, self._now_ms)
        if self._ticket.not_before_ms > self._now_ms:
            steps.append((self._ticket.not_before_ms, BACKING_OFF))
        return sorted(steps)
