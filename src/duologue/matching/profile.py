"""What a ticket is and accepts at a moment, as a hashable value: tickets with equal profiles form a class."""

from __future__ import annotations

from duologue.matching.rules import Rules
from duologue.matching.ticket import Ticket

Wish = frozenset[str] | None
"""Accepted values; None accepts any, also people who prefer not to say."""
Profile = tuple[tuple[str | None, ...], tuple[Wish, ...]]
"""Own values (None: not said) and wishes, both by facet in the operator's order."""


def profile_of(ticket: Ticket, rules: Rules, now_ms: int) -> Profile:
    """The profile of a ticket: wishes that have loosened by now are gone from it.

    Facets that the operator does not know are ignored.
    """
    names, wants = rules.names, ticket.wants
    if not wants:
        return tuple(map(ticket.facets.get, names)), rules.no_wishes
    if rules.preferences:
        wants = _not_loosened(ticket, rules, now_ms)
    return tuple(map(ticket.facets.get, names)), tuple(map(wants.get, names))


def _not_loosened(ticket: Ticket, rules: Rules, now_ms: int) -> dict[str, frozenset[str]]:
    """The wishes that still hold."""
    wants, waited_ms = ticket.wants, now_ms - ticket.since_ms
    gone = [
        name
        for _, name, after_ms in rules.preferences
        if waited_ms >= after_ms and name in wants and name not in ticket.strict
    ]
    return {name: wish for name, wish in wants.items() if name not in gone} if gone else wants


def accepts(profile: Profile, other: Profile) -> bool:
    """Whether one side's wishes take the other; a match needs both directions."""
    return all(wish is None or theirs in wish for wish, theirs in zip(profile[1], other[0], strict=True))
