"""What the passing of time brings: pings, fresh numbers for who waits, rooms that nobody made, the end of a token."""

from __future__ import annotations

from typing import assert_never

from duologue.gateway import events as ev
from duologue.gateway.heart import Beat
from duologue.gateway.session import ending
from duologue.gateway.session.client import Client, Commands, State, Timer
from duologue.ledger import Attention
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode


def ticked(client: Client, now_ms: int) -> Commands:
    """Whatever is due by now."""
    commands: Commands = []
    for name in [name for name, at_ms in client.timers.items() if at_ms <= now_ms]:
        if client.timers.pop(name, None) is not None:  # one before it may have ended the session
            commands += _due(client, name, now_ms)
    for beat in client.heart.beat(now_ms):
        commands += _beat(client, beat)
    return commands


def _due(client: Client, name: Timer, now_ms: int) -> Commands:
    match name:
        case "expiry":
            return ending.close(client, CloseCode.TOKEN_EXPIRED, "your token has expired: refresh it in time")
        case "news" if client.ticket is not None:
            client.news_after(client.timing.news_ms, now_ms)
            return [ev.Send(client.waiting(client.ticket, now_ms))]
        case "room" if client.pair is not None:
            return [ev.OpenRoom(client.pair)]
    return []


def _beat(client: Client, beat: Beat) -> Commands:
    match beat:
        case Beat.PING:
            return [ev.Send(s.Ping())]
        case Beat.QUIET:
            return [ev.Attend(Attention.QUIET)] if client.state is State.LIVE else []
        case Beat.DEAD:
            return ending.close(client, CloseCode.NO_PONG, "no answer to a ping")
    assert_never(beat)
