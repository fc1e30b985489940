"""What is told of a call, and to whom it may be told. Pure.

`docs/howto/call-webhooks.md` has it in words; fields may come, none goes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from duologue.calls.call import Call
from duologue.ids import CallId, PersonId
from duologue.protocol.codes import Mode

PING = "ping"
RINGING = "call.ringing"
ACCEPTED = "call.accepted"


class Told(NamedTuple):
    """Something that happened, and is to be told."""

    id: str
    """The same for every attempt, and whoever tells it."""
    type: str
    call: Call
    at_ms: int

    @property
    def rings(self) -> bool:
        """Whether it is news only as long as it rings."""
        return self.type == RINGING


class Caller(msgspec.Struct, frozen=True):
    """Who calls."""

    person: PersonId
    """`person` of a guest's tokens; of a user of an integrator it is made from its `sub`."""
    alias: str
    """The name that the other one sees."""


class Callee(msgspec.Struct, frozen=True):
    """Who is called."""

    person: PersonId
    alias: str
    connected: bool | None
    """Whether one of their devices is connected as this is sent; None: nobody could say."""


class CallData(msgspec.Struct, frozen=True):
    """How the call is."""

    call: CallId
    tenant: str
    """`default`: both are guests."""
    mode: Mode
    caller: Caller
    callee: Callee
    rings_until: datetime
    """Nobody can accept it from then on."""


class Message(msgspec.Struct, frozen=True):
    """The body of a webhook. Whoever takes it does not mind types and fields that it does not know."""

    id: str
    """That of the header `webhook-id`: what was told under it before is not news."""
    type: str
    """`call.ringing`, or how it ended: `call.accepted`, `call.declined`, `call.cancelled`, `call.missed`, `call.busy`,
    `call.lost`. `ping` is from the doctor, and has no `data`."""
    timestamp: datetime
    """When it happened."""
    data: CallData | None = None


def told_of(call: Call, at_ms: int) -> Told | None:
    """What there is to tell; None: it is nobody's business, because one has blocked the other."""
    if call.unheard:
        return None
    kind = RINGING if call.rings else ACCEPTED if call.pair is not None else f"call.{call.ended}"
    return Told(f"{kind.removeprefix('call.')}-{call.id}", kind, call, at_ms)


def body_of(told: Told, tenant: str, *, connected: bool | None) -> bytes:
    """As it is sent."""
    call = told.call
    data = CallData(
        call.id,
        tenant,
        call.mode,
        Caller(call.caller.person, call.caller.alias),
        Callee(call.callee.person, call.callee.alias, connected),
        moment(call.expires_ms),
    )
    return msgspec.json.encode(Message(told.id, told.type, moment(told.at_ms), data))


def ping(id_: str, now_ms: int) -> bytes:
    """The body of a trial, which tells nothing."""
    return msgspec.json.encode(Message(id_, PING, moment(now_ms)))


def moment(at_ms: int) -> datetime:
    """As JSON has it, with its zone."""
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC)
