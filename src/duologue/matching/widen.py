"""When which wish loosens, and when a ticket has to be offered again for it. Hard wishes never loosen.

Widening is re-offering: the loosened wish disappears from the profile, so the ticket moves to a
looser class. Both sides' levels count, because both are found through their classes.
"""

from __future__ import annotations

from duologue.matching.rules import Facet, Rules
from duologue.matching.ticket import Ticket

RECENTLY_MET = "recently_met"


def widened(ticket: Ticket, rules: Rules, now_ms: int) -> tuple[str, ...]:
    """The wishes that this ticket has loosened by now, in the order in which they were."""
    waited_ms = now_ms - ticket.since_ms
    return tuple(name for after_ms, name in _steps(ticket, rules) if waited_ms >= after_ms)


def meets_again(ticket: Ticket, rules: Rules, now_ms: int) -> bool:
    """Whether people met lately will do for this person by now."""
    return now_ms - ticket.since_ms >= rules.recently_met_after_ms


def apart(one: Ticket, other: Ticket, rules: Rules, now_ms: int) -> bool:
    """Whether two are not to meet because they met lately: who remembers it must have waited long enough."""
    return _remembers(one, other, rules, now_ms) or _remembers(other, one, rules, now_ms)


def _remembers(one: Ticket, other: Ticket, rules: Rules, now_ms: int) -> bool:
    if one.failed_with.get(other.person, 0) > now_ms:
        return True
    return other.person in one.met and not meets_again(one, rules, now_ms)


def apart_until_ms(one: Ticket, other: Ticket, rules: Rules) -> int:
    """From when on `apart` keeps them apart no longer, if both go on waiting; 0 where it never did."""
    return max(_remembers_until_ms(one, other, rules), _remembers_until_ms(other, one, rules))


def _remembers_until_ms(one: Ticket, other: Ticket, rules: Rules) -> int:
    met_ms = one.since_ms + rules.recently_met_after_ms if other.person in one.met else 0
    return max(met_ms, one.failed_with.get(other.person, 0))


def loosens_ms(ticket: Ticket, facet: Facet) -> int | None:
    """When a wish of this ticket about that facet is dropped; None: never."""
    if facet.widens_after_ms is None or facet.name in ticket.strict:
        return None
    return ticket.since_ms + facet.widens_after_ms


def next_steps(ticket: Ticket, rules: Rules, now_ms: int) -> list[tuple[int, str]]:
    """What this ticket will loosen, and when, in order."""
    steps = [(ticket.since_ms + after_ms, name) for after_ms, name in _steps(ticket, rules)]
    return [step for step in steps if step[0] > now_ms]


def searches_at_ms(ticket: Ticket, rules: Rules) -> int:
    """From when on a ticket searches by itself; before, it can only be found."""
    return ticket.since_ms + rules.hold_ms


def next_offer_ms(ticket: Ticket, rules: Rules, now_ms: int) -> int | None:
    """When this ticket has to be offered again because something will have changed by itself."""
    if ticket.not_before_ms > now_ms:
        return ticket.not_before_ms
    since_ms = ticket.since_ms
    if not ticket.met and not ticket.wants and not rules.hold_ms:
        return None
    times = [since_ms + after_ms for after_ms, _ in _steps(ticket, rules)]
    times.append(since_ms + rules.hold_ms)
    times += ticket.failed_with.values()
    return min([time_ms for time_ms in times if time_ms > now_ms], default=None)


def _steps(ticket: Ticket, rules: Rules) -> list[tuple[int, str]]:
    """After how much waiting this ticket loosens what; at the same moment in the operator's order."""
    wants, strict = ticket.wants, ticket.strict
    steps = [(after_ms, name) for _, name, after_ms in rules.preferences if name in wants and name not in strict]
    if ticket.met:
        steps.append((rules.recently_met_after_ms, RECENTLY_MET))
    if len(steps) > 1:
        steps.sort(key=_moment)
    return steps


def _moment(step: tuple[int, str]) -> int:
    return step[0]
