"""Live: this session speaks for its person."""

from __future__ import annotations

from duologue.gateway import events as ev
from duologue.gateway.session import due, news, requests, standby
from duologue.gateway.session.always import always
from duologue.gateway.session.client import Client, Commands
from duologue.ledger import Outcome


def live(client: Client, event: ev.Event, now_ms: int) -> Commands:
    """What happens to the active session of a person."""
    match event:
        case ev.Received(message):
            return requests.received(client, message, now_ms)
        case ev.PeerSaid(message):
            return news.relayed(client, message, now_ms)
        case ev.Delivered(delivery):
            return news.told(client, delivery, now_ms)
        case ev.Placed(pair, credentials):
            return news.placed(client, pair, credentials, now_ms)
        case ev.Answered(outcome=Outcome.STALE):
            return [*standby.stand_by(client), *always(client, event, now_ms)]
        case ev.Ticked():
            return due.ticked(client, now_ms)
    return always(client, event, now_ms)
