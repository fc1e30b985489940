"""What a ticket is and accepts, as a hashable value: tickets with equal profiles form a class."""

from __future__ import annotations

from duologue.matching.ticket import Ticket

Wish = frozenset[str] | None
"""Accepted values; None accepts any, also people who prefer not to say."""
Profile = tuple[tuple[str | None, Wish], ...]
"""Per facet, in the operator's order: own value (None: not said) and wish."""


def profile_of(ticket: Ticket, facets: tuple[str, ...]) -> Profile:
    """The profile of a ticket; facets that the operator does not know are ignored."""
    return tuple((ticket.facets.get(facet), ticket.wants.get(facet)) for facet in facets)


def accepts(profile: Profile, other: Profile) -> bool:
    """Whether one side's wishes take the other; a match needs both directions."""
    return all(wish is None or theirs in wish for (_, wish), (theirs, _) in zip(profile, other, strict=True))
