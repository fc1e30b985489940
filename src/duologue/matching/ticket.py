"""Somebody who waits for a partner, and everything the matcher may know about them."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from duologue.ids import PersonId
from duologue.protocol.codes import Mode


class Cohort(NamedTuple):
    """People who can meet at all. Never crossed, never widened; the unit that one matcher owns."""

    tenant: str
    mode: Mode
    age_band: str
    trust_pool: str

    @property
    def key(self) -> str:
        """The text form, for key names and metric labels."""
        return f"{self.tenant}:{self.mode}:{self.age_band}:{self.trust_pool}"


class Ticket(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place in the queue.

    `rev` fences it: a commit names the revision that it saw, and any change of the ticket makes
    a new one, so a match that was found for an older ticket is stale instead of wrong.
    """

    person: PersonId
    attempt: int
    rev: int
    cohort: Cohort
    since_ms: int
    """Start of the wait. Survivors of a pair that never talked keep it: it is their seniority."""
    facets: dict[str, str] = {}
    """Own values; a facet that is missing is "prefer not to say" and satisfies no filter."""
    wants: dict[str, frozenset[str]] = {}
    """Accepted values by facet; a facet that is missing accepts any. Loosened as the operator's `Rules` say."""
    strict: frozenset[str] = frozenset()
    """Preferences that this person never wants loosened."""
    interests: frozenset[str] = frozenset()
    avoid: frozenset[PersonId] = frozenset()
    """Blocks in both directions. Hard."""
    met: frozenset[PersonId] = frozenset()
    """Recently met: a preference, loosened by `widen`."""
    failed_with: dict[PersonId, int] = {}
    """Whose media did not get through to this one's, and until when they stay apart; they are among `met` too."""
    hidden: bool = False
    """The page is in the background: matched only where nobody visible fits."""
    auto_next: bool = True
    failures: int = 0
    """How many pairs in a row failed through this person's media."""
    not_before_ms: int = 0
    """Not offered before this instant: the back-off after a failure."""
    offered_ms: int = 0
    """When the matchers were told of it."""

    def avoids(self, other: Ticket) -> bool:
        """Whether either of the two has blocked the other."""
        return other.person in self.avoid or self.person in other.avoid


class Match(NamedTuple):
    """Two tickets that fit, as the pool saw them. Only the store's commit makes a pair of it."""

    arrival: Ticket
    waiting: Ticket
    possible_ms: int
    """Since when the two fit and both waited."""


BACK_OFFS_MS = (10_000, 30_000, 60_000)
"""After the first, second and third failure in a row; after more, a person is told what to check instead."""
FAILED_APART_MS = 30_000
"""Two whose media failed each other do not meet again for so long: nobody waits for the same failure twice in a row."""


def afresh(ticket: Ticket, now_ms: int) -> Ticket:
    """The same wishes, as a new wait."""
    return msgspec.structs.replace(ticket, since_ms=now_ms)


def backed_off(ticket: Ticket, now_ms: int) -> Ticket:
    """The same wishes after a failure on this person's side: from the start, and later."""
    delay_ms = BACK_OFFS_MS[min(ticket.failures, len(BACK_OFFS_MS) - 1)]
    return msgspec.structs.replace(
        ticket, since_ms=now_ms, failures=ticket.failures + 1, not_before_ms=now_ms + delay_ms
    )


def taken_up(ticket: Ticket, matched_ms: int, now_ms: int) -> Ticket:
    """The same wishes, and the wait that had led to a match which came to nothing."""
    return msgspec.structs.replace(ticket, since_ms=now_ms - max(0, matched_ms - ticket.since_ms))


def forgiven(ticket: Ticket) -> Ticket:
    """After a talk, earlier failures do not count."""
    return msgspec.structs.replace(ticket, failures=0, not_before_ms=0)


def succeeding(ticket: Ticket, last: Ticket | None) -> Ticket:
    """A new search does not wash off the failures of the last: its back-off holds."""
    if last is None or last.failures == 0:
        return ticket
    return msgspec.structs.replace(ticket, failures=last.failures, not_before_ms=last.not_before_ms)


def gives_up(ticket: Ticket) -> bool:
    """Whether trying again by itself has become pointless."""
    return ticket.failures > len(BACK_OFFS_MS)
