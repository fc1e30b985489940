"""Direct calls, in the words of the client: it rings, it was taken, it came to nothing."""

from __future__ import annotations

from duologue.calls.call import Call
from duologue.gateway import events as ev
from duologue.gateway import views
from duologue.gateway.session.client import Client, Commands
from duologue.ledger import CallEnded, CallRings
from duologue.pairs.pair import Pair
from duologue.protocol import server as s


def told(client: Client, news: CallRings | CallEnded, now_ms: int) -> Commands:
    """The ledger has news of a call of this client's."""
    return _rings(client, news.call, now_ms) if isinstance(news, CallRings) else _ended(client, news, now_ms)


def _rings(client: Client, call: Call, now_ms: int) -> Commands:
    """They call, or are called. While it rings they do not wait."""
    client.call = call
    client.hold_wait(client.ticket)
    return _ringing(client, client.rev, call, now_ms)


def _ringing(client: Client, rev: int, call: Call, now_ms: int) -> Commands:
    """News may come late: what is over by then does not ring any more."""
    if call.caller.person == client.person:
        return [ev.Send(s.CallState(rev, call.id, "ringing", expires=call.expires_ms))]
    return [] if now_ms >= call.expires_ms else [ev.Send(views.incoming(rev, call))]


def taken(client: Client, pair: Pair) -> Commands:
    """It became this pair, which the client knows from now on."""
    assert pair.call is not None, "only a call is taken"
    client.call, client.announced = None, True
    client.stop_waiting()
    return [ev.Send(s.CallState(client.rev, pair.call, "accepted", pair=pair.id))]


def _ended(client: Client, news: CallEnded, now_ms: int) -> Commands:
    """It came to nothing; who had waited waits on."""
    client.call = None
    client.stop_waiting()
    waiting = client.wait_with(news.ticket, now_ms) if news.ticket is not None else None
    return [ev.Send(s.CallState(client.rev, news.call, "ended", news.reason, waiting=waiting))]


def overheard(client: Client, rev: int, news: CallRings | CallEnded, now_ms: int) -> Commands:
    """The same for a session that stands by: it rings too, and does nothing else."""
    match news:
        case CallRings(call):
            return _ringing(client, rev, call, now_ms)
        case CallEnded(call_id, reason):
            return [ev.Send(s.CallState(rev, call_id, "ended", reason))]
