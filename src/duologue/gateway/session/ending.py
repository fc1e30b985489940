"""Closing a session, and departing from the ledger once its socket is gone. There is no way back."""

from __future__ import annotations

from duologue.gateway import events as ev
from duologue.gateway.session.client import Client, Commands, State
from duologue.ids import PersonId
from duologue.protocol import server as s

GOODBYE = 1000
PAGE_LEFT = (1001, 3001)
"""By the browser, and by a page that the browser keeps: a script may not send 1001."""


def close(client: Client, code: int, reason: str, retry_after_ms: int | None = None) -> Commands:
    """Close the socket; with a time, the client is told first when to come back, for a close has no room for it."""
    finish(client)
    hint = [ev.Send(s.Drain(retry_after_ms))] if retry_after_ms is not None else []
    return [*hint, ev.Close(code, reason)]


def goodbye(client: Client) -> Commands:
    """The client said `bye`: the seat is free at once."""
    client.left_politely = True
    return close(client, GOODBYE, "bye")


def finish(client: Client) -> None:
    """Nothing is due and nothing is said any more."""
    client.state = State.OVER
    client.timers.clear()
    client.heart.stop()
    client.early = client.ticket = client.pair = client.call = None


def over(client: Client, event: ev.Event, now_ms: int) -> Commands:  # noqa: ARG001 - one shape for all states
    """Who came in departs once: when the socket is gone, but not while they may still be coming in."""
    match event:
        case ev.Entered(me) | ev.StoodBy(me):
            client.in_flight, client.me = False, PersonId(me.person)
            return _depart(client)
        case ev.Closed(code):
            client.close_code = code
            return [] if client.in_flight else _depart(client)
        case ev.EntryRefused() | ev.ResumeRefused() | ev.NotTaken():
            client.in_flight = False
            return _depart(client)
    return []


def _depart(client: Client) -> Commands:
    if client.me is None or client.departed:
        return []
    client.departed = True
    return [ev.Depart(_hold_ms(client))]


def _hold_ms(client: Client) -> int:
    if client.left_politely:
        return 0
    timing = client.timing
    return timing.seat_after_leaving_page_ms if client.close_code in PAGE_LEFT else timing.seat_ms
