"""Coming in: from hello over the token to `ready`, which says all there is to know.

News may be quicker than the snapshot it follows. It is kept (`Client.early`) and told after `ready`.
"""

from __future__ import annotations

from typing import assert_never

from duologue.gateway import events as ev
from duologue.gateway import views
from duologue.gateway.session import ending
from duologue.gateway.session.always import always
from duologue.gateway.session.client import Client, Commands, State
from duologue.ids import PersonId
from duologue.ledger import Delivery, Idle, Paired, Ringing, Waiting
from duologue.pairs.pair import Pair
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codec import MAX_FRAME_BYTES
from duologue.protocol.codes import CloseCode, Mode


def opened(client: Client, event: ev.Event, now_ms: int) -> Commands:
    """The socket is up; nobody said who they are."""
    match event:
        case ev.Opened():
            t = client.timing
            client.timers["auth"] = now_ms + t.auth_ms
            return [ev.Send(s.Hello(s.VERSION, t.heartbeat_ms, t.pong_wait_ms, MAX_FRAME_BYTES, now_ms))]
        case ev.Received(c.Auth() as token):
            return enter(client, token)
        case ev.Received(c.StandBy(token)):
            client.state, client.in_flight = State.ENTERING, True
            return [ev.StandBy(token)]
        case ev.Received(c.Resume() as token) if not client.resume_refused:
            return enter(client, token)
        case ev.Received(c.Bye()):
            return ending.close(client, ending.GOODBYE, "bye")
        case ev.Received():
            return ending.close(client, CloseCode.PROTOCOL_ERROR, "the first message is auth, resume or stand_by")
        case ev.Ticked():
            return ending.close(client, CloseCode.AUTH_TIMEOUT, "send auth or resume after hello")
    return always(client, event, now_ms)


def enter(client: Client, message: c.Auth | c.Resume) -> Commands:
    """Have a token checked: a new client's, or of one who takes over."""
    client.state, client.in_flight = State.ENTERING, True
    match message:
        case c.Auth(token):
            return [ev.Enter(token, resume=False)]
        case c.Resume(token):
            return [ev.Enter(token, resume=True)]


def come_forward(client: Client, now_ms: int) -> None:
    """A session that stood by wants to come in, on the same socket and with the time of a newcomer."""
    client.state, client.in_flight = State.ENTERING, True
    client.heart.stop()
    client.timers["auth"] = now_ms + client.timing.auth_ms


def entering(client: Client, event: ev.Event, now_ms: int) -> Commands:
    """The token is being checked."""
    match event:
        case ev.Entered():
            return _welcome(client, event, now_ms)
        case ev.StoodBy():
            return _stand_by(client, event, now_ms)
        case ev.Placed(_, credentials) if client.pair is not None:
            return _greet_in(client, client.pair, credentials, now_ms)
        case ev.EntryRefused(code, detail, retry_after_ms):
            client.in_flight = False
            return ending.close(client, code, detail, retry_after_ms)
        case ev.ResumeRefused():
            client.state, client.resume_refused, client.in_flight = State.OPENED, True, False
            return [ev.Send(s.InvalidSession(retry=True))]
        case ev.NotTaken(id_, outcome):
            client.state, client.in_flight = State.STANDBY, False
            client.timers.pop("auth", None)
            client.heart.start(now_ms)
            return always(client, ev.Answered(id_, outcome), now_ms)
        case ev.Delivered(delivery):
            return _keep(client, delivery)
        case ev.Received(c.Pong() | c.Typing() | c.MediaReport()):
            return []
        case ev.Received(c.Bye()):
            return ending.goodbye(client)
        case ev.Received():
            return ending.close(client, CloseCode.PROTOCOL_ERROR, "wait for ready")
        case ev.Ticked():
            return ending.close(client, CloseCode.BACKEND_UNAVAILABLE, "nobody could check your token in time")
    return always(client, event, now_ms)


def _keep(client: Client, delivery: Delivery) -> Commands:
    client.early = client.early or []
    if len(client.early) >= client.buffered_news:
        return ending.close(client, CloseCode.RESYNC, "too much happened while you were coming in")
    client.early.append(delivery)
    return []


def _stand_by(client: Client, stood_by: ev.StoodBy, now_ms: int) -> Commands:
    """In, and with no say but about what rings."""
    client.state, client.in_flight = State.STANDBY, False
    client.me, client.rev = PersonId(stood_by.self.person), stood_by.arrival.rev
    client.timers.pop("auth", None)
    client.expire_at(stood_by.expires_ms)
    client.heart.start(now_ms)
    call = stood_by.arrival.call
    ringing = views.ringing_state(client.me, call) if call is not None else None
    return [ev.Send(s.Standby(client.rev, stood_by.expires_ms, ringing))]


def _welcome(client: Client, entered: ev.Entered, now_ms: int) -> Commands:
    arrival = entered.arrival
    client.welcome_with, client.in_flight = entered, False
    client.me = PersonId(entered.self.person)
    client.rev, client.attempt, client.wishes = arrival.rev, arrival.last_attempt, arrival.wishes
    match arrival.state:
        case Paired(pair):
            return _welcome_to_pair(client, pair, now_ms)
        case Waiting(ticket):
            return _greet(client, s.WaitingState(client.wait_with(ticket, now_ms)), now_ms)
        case Ringing(call, ticket):
            client.call = call
            client.hold_wait(ticket)
            return _greet(client, views.ringing_state(client.person, call), now_ms)
        case Idle():
            return _greet(client, s.IdleState(), now_ms)
    assert_never(arrival.state)


def _welcome_to_pair(client: Client, pair: Pair, now_ms: int) -> Commands:
    """Into a pair whose room is there: credentials first. Into one whose room is not: make it, just in case."""
    client.pair = pair
    if pair.mode is not Mode.TEXT and pair.room_open:
        return [ev.Place(pair)]
    commands = _greet_in(client, pair, None, now_ms)
    if pair.mode is not Mode.TEXT:
        commands.append(ev.OpenRoom(pair))
    return commands


def _greet_in(client: Client, pair: Pair, credentials: s.Credentials | None, now_ms: int) -> Commands:
    state = views.pair_state(client.rev, client.person, pair, client.attempt, credentials, now_ms)
    return _greet(client, state, now_ms)


def _greet(client: Client, state: s.State, now_ms: int) -> Commands:
    entered, client.welcome_with = client.welcome_with, None
    assert entered is not None, "ready comes after entering"
    client.state = State.LIVE
    client.announced = client.pair is not None
    client.hidden = False
    client.heart.start(now_ms)
    client.timers.pop("auth", None)
    client.expire_at(entered.expires_ms)
    ready = s.Ready(
        client.rev, client.id, entered.resume_token, client.timing.resume_window_ms, entered.self, client.attempt,
        state, entered.expires_ms, client.timing.seat_ms,
    )  # fmt: skip
    return [ev.Send(ready)]
