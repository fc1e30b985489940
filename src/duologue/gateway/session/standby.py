"""Standing by: another session of the same person is the active one. This one stays connected, and may take over."""

from __future__ import annotations

from duologue.gateway import events as ev
from duologue.gateway.session import calling, due, ending, replies
from duologue.gateway.session.always import always
from duologue.gateway.session.client import Client, Commands, State
from duologue.gateway.session.entry import come_forward, enter
from duologue.ids import CallId
from duologue.ledger import CallEnded, CallRings, Delivery, Dropped
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode


def stand_by(client: Client) -> Commands:
    """Give way: what the person does is no longer this session's business."""
    client.state, client.resume_refused = State.STANDBY, False
    client.forget_pair()
    client.stop_waiting()
    client.call = None
    return [ev.Send(s.Standby(client.rev))]


def standby(client: Client, event: ev.Event, now_ms: int) -> Commands:
    """What happens to a session that stands by."""
    match event:
        case ev.Received(message):
            return _received(client, message, now_ms)
        case ev.Delivered(Delivery(news=Dropped())):
            return dropped(client)
        case ev.Delivered(Delivery(rev=rev, news=CallRings() | CallEnded() as news)):
            return calling.overheard(client, rev, news, now_ms)
        case ev.Ticked():
            return due.ticked(client, now_ms)
    return always(client, event, now_ms)


def _received(client: Client, message: c.ClientMessage, now_ms: int) -> Commands:
    client.heart.heard(now_ms)
    if client.meters.any(now_ms):
        return ending.close(client, CloseCode.RATE_LIMITED, "too many messages")
    match message:
        case c.Auth() | c.Resume():
            return _take_over(client, message, now_ms)
        case c.StandBy():
            return ending.close(client, CloseCode.PROTOCOL_ERROR, "you stand by already")
        case c.Bye():
            return ending.goodbye(client)
        case c.Accept(id_, call):
            come_forward(client, now_ms)
            return [ev.TakeCall(id_, CallId(call))]
        case c.Decline():
            return [ev.Perform(message)]
        case c.Refresh(id_, token):
            return [ev.Renew(id_, token)]
        case c.Pong() | c.Typing() | c.MediaReport():
            return []
    return [replies.not_active(message.id)]


def _take_over(client: Client, message: c.Auth | c.Resume, now_ms: int) -> Commands:
    come_forward(client, now_ms)
    client.timers.pop("expiry", None)
    return enter(client, message)


def dropped(client: Client) -> Commands:
    """Too many sessions of this person stand by, and this one did for longest."""
    return ending.close(client, CloseCode.REPLACED, "this person has too many sessions")
