"""Why somebody is not matched: which rule rejects how many of the others. Computed on demand, one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice

import msgspec

from duologue.ids import PersonId
from duologue.matching.profile import Profile, profile_of
from duologue.matching.rules import Rules
from duologue.matching.ticket import Ticket
from duologue.matching.widen import apart, searches_at_ms, widened

MOST = 10_000
"""Others looked at: an explanation must not stop the matching."""
FITS = "fits"


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


def explain(ticket: Ticket, others: Iterable[Ticket], rules: Rules, now_ms: int) -> Explanation:
    """Why this ticket is not matched with any of these others."""
    profile = profile_of(ticket, rules, now_ms)
    verdicts: Counter[str] = Counter()
    loosened: Counter[str] = Counter()
    for other in islice((each for each in others if each.person != ticket.person), MOST):
        verdicts[_verdict(ticket, profile, other, rules, now_ms)] += 1
        loosened.update(widened(other, rules, now_ms))
    fits = verdicts.pop(FITS, 0)
    until_ms = searches_at_ms(ticket, rules)
    return Explanation(
        ticket.person,
        fits + verdicts.total(),
        fits,
        dict(verdicts),
        widened(ticket, rules, now_ms),
        dict(loosened),
        until_ms if until_ms > now_ms else None,
    )


def _verdict(ticket: Ticket, profile: Profile, other: Ticket, rules: Rules, now_ms: int) -> str:
    if max(ticket.not_before_ms, other.not_before_ms) > now_ms:
        return "backing_off"
    theirs = profile_of(other, rules, now_ms)
    for name, own, wish, their_own, their_wish in zip(rules.names, *profile, *theirs, strict=True):
        if wish is not None and their_own not in wish:
            return f"facet {name}: mine"
        if their_wish is not None and own not in their_wish:
            return f"facet {name}: theirs"
    if other.person in ticket.avoid or ticket.person in other.avoid:
        return "avoided"
    return "recently_met" if apart(ticket, other, rules, now_ms) else FITS
