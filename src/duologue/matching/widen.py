"""When which wish loosens. Hard constraints are not here, because they never do."""

from __future__ import annotations

import msgspec

from duologue.matching.ticket import Ticket

RECENTLY_MET = "recently_met"


class Widening(msgspec.Struct, frozen=True):
    """The operator's times, in milliseconds of waiting."""

    recently_met_after_ms: int = 5_000


def widened(ticket: Ticket, rules: Widening, now_ms: int) -> tuple[str, ...]:
    """The wishes that this ticket has loosened by now, in the order in which they were."""
    if ticket.met and now_ms - ticket.since_ms >= rules.recently_met_after_ms:
        return (RECENTLY_MET,)
    return ()


def next_offer_ms(ticket: Ticket, rules: Widening, now_ms: int) -> int | None:
    """When this ticket has to be offered again because something will have changed by itself."""
    if ticket.not_before_ms > now_ms:
        return ticket.not_before_ms
    loosens_ms = ticket.since_ms + rules.recently_met_after_ms
    return loosens_ms if ticket.met and loosens_ms > now_ms else None
