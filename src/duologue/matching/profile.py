"""What a ticket is and accepts at a moment, as a hashable value: tickets with equal profiles form a class."""

from __future__ import annotations

from duologue.matching.rules import Rules
from duologue.matching.ticket import Ticket

Wish = frozenset[str] | None
"""Accepted values; None accepts any, also people who prefer not to say."""
Profile = tuple[tuple[str | None, Wish], ...]
"""Per facet, in the operator's order: own value (None: not said) and wish."""


def profile_of(ticket: Ticket, rules: Rules, now_ms: int) -> Profile:
    """The profile of a ticket: wishes that have loosened by now are gone from it.

    Facets that the operator does not know are ignored.
    """
    own, wants = ticket.facets.get, ticket.wants
    if not wants:
        return tuple([(own(name), None) for name in rules.names])
    waited_ms = now_ms - ticket.since_ms
    gone = [
        name
        for _, name, after_ms in rules.preferences
        if waited_ms >= after_ms and name in wants and name not in ticket.strict
    ]
    wish = wants.get
    if not gone:
        return tuple([(own(name), wish(name)) for name in rules.names])
    return tuple([(own(name), None if name in gone else wish(name)) for name in rules.names])


def accepts(profile: Profile, other: Profile) -> bool:
    """Whether one side's wishes take the other; a match needs both directions."""
    return all(wish is None or theirs in wish for (_, wish), (theirs, _) in zip(profile, other, strict=True))
