"""Sessions at rest in each of their states, to begin a story of the machine with."""

from __future__ import annotations

from typing import Any

import msgspec

from duologue.gateway import events as ev
from duologue.gateway.board import Board
from duologue.gateway.session import Session
from duologue.gateway.terms import Limits
from duologue.ids import SessionId
from duologue.ledger import (
    Arrival,
    Attention,
    Delivery,
    Idle,
    News,
    PairFormed,
    PersonState,
    RoomIsOpen,
)
from duologue.matching.estimate import QueueStatus
from duologue.pairs.pair import Pair
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import ErrorCode, Mode
from tests.builders import ANA, NODE, pair, ticket
from tests.playbook import Playbook, Sends

VIDEO = pair(Mode.VIDEO)
TEXT = pair(Mode.TEXT)
FOR_BEN = msgspec.structs.replace(VIDEO, sides=(VIDEO.sides[1], VIDEO.sides[0]))
TICKET = ticket(ANA, rev=2)
CREDENTIALS = s.Credentials("livekit", "ws://media", "token", ["p1-b"])
AWAY = s.CommandError(ErrorCode.UNAVAILABLE, "store", temporary=True, retry_after_ms=1_000)
PING, PONG = ev.Send(s.Ping()), c.Pong()
QUIET, VISIBLE = ev.Attend(Attention.QUIET), ev.Attend(Attention.VISIBLE)


def with_room(pair: Pair) -> Pair:
    """The same pair once its room may be joined."""
    return msgspec.structs.replace(pair, room_open=True)


def session(board: dict[str, QueueStatus] | None = None, limits: Limits | None = None) -> Session:
    return Session(SessionId("s1"), Board(board), limits=limits or Limits())


def entered(state: PersonState | None = None, *, rev: int = 1, attempt: int = 0) -> ev.Entered:
    me = s.Self(ANA, guest=True, facets={})
    return ev.Entered(me, Arrival(7, rev, state or Idle(), attempt), "resume-token")


def told(rev: int, news: News) -> ev.Delivered:
    return ev.Delivered(Delivery(SessionId("s1"), rev, news))


def opened(**options: Any) -> Playbook:
    """Somebody connected and was greeted."""
    return Playbook(session(**options)) >> ev.Opened() << Sends(s.Hello, v="duologue.v1", max_bytes=16384)


def entering(**options: Any) -> Playbook:
    """Their token is being checked."""
    return opened(**options) >> c.Auth("token") << ev.Enter("token", resume=False)


def live(**options: Any) -> Playbook:
    """They are in, and idle."""
    return entering(**options) >> entered() << Sends(s.Ready, rev=1, state=s.IdleState(), resume_token="resume-token")


def paired(of: Pair = VIDEO, **options: Any) -> Playbook:
    """Ana is in a pair, told of it, and its room is there."""
    if of.mode is Mode.TEXT:
        return live(**options) >> told(2, PairFormed(of, 1)) << Sends(s.Matched, pair="p1", media=None)
    return (
        live(**options)
        >> told(2, PairFormed(of, 1)) << ev.OpenRoom(of)
        >> told(3, RoomIsOpen(of.id, NODE)) << ev.Place(with_room(of))
        >> ev.Placed(of.id, CREDENTIALS) << Sends(s.Matched, rev=3, pair="p1", media=CREDENTIALS)
    )  # fmt: skip
