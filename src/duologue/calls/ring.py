"""How a call moves on: offered -> ringing -> accepted, or ended.

    offered --- rings, for both ------------> ringing --- taken -------> accepted: a pair
       |------- is busy -----> ended             |------- refused ------> ended (declined)
       `------- has blocked --> ringing,         |------- withdrawn ----> ended (cancelled), also by a caller's end
                for the caller alone             |------- time over ----> ended (missed)
                                                 `------- lost ---------> ended (lost): the store began anew

`offer` and `advance` give the call as it is afterwards and what has to be done about it. An event that makes no sense
any more changes nothing. The store applies the effects in the same transition, so nobody rings without the other's
knowing how it stands.
"""

from __future__ import annotations

from typing import NamedTuple, assert_never

import msgspec

from duologue.calls.call import Call
from duologue.ids import NodeName, PairId, PersonId
from duologue.protocol.codes import CallEnd


class Taken(NamedTuple):
    """This person accepts; it is to become this pair, on this media server."""

    person: PersonId
    pair: PairId
    node: NodeName | None


class Refused(NamedTuple):
    """This person declines."""

    person: PersonId


class Withdrawn(NamedTuple):
    """This person rings no more: they said so, or their seat ran out. A callee who is gone may still come back."""

    person: PersonId


class Ticked(NamedTuple):
    """Time has passed."""


class Lost(NamedTuple):
    """The store has forgotten what led to it, or what followed."""


Event = Taken | Refused | Withdrawn | Ticked | Lost


class Start(NamedTuple):
    """To `person`: it rings."""

    person: PersonId


class Connect(NamedTuple):
    """The two are a pair now."""

    pair: PairId
    node: NodeName | None


class Release(NamedTuple):
    """This person is out of it, and goes on with what they did before."""

    person: PersonId
    reason: CallEnd


Effect = Start | Connect | Release


class Step(NamedTuple):
    """The call afterwards, and what to do."""

    call: Call
    effects: tuple[Effect, ...] = ()


def offer(call: Call, *, apart: bool, busy: bool) -> Step:
    """A call as it begins. `apart`: one has blocked the other; `busy`: the callee talks, or rings with somebody."""
    if apart:
        return Step(msgspec.structs.replace(call, unheard=True), (Start(call.caller.person),))
    if busy:
        busy_call = msgspec.structs.replace(call, ended=CallEnd.BUSY)
        return Step(busy_call, (Release(call.caller.person, CallEnd.BUSY),))
    return Step(call, tuple(Start(party.person) for party in call.known_to))


def advance(call: Call, event: Event, now_ms: int) -> Step:
    """One step of a call that rings. Whatever comes after its time finds it missed."""
    if not call.rings:
        return Step(call)
    if isinstance(event, Lost):
        return _over(call, CallEnd.LOST)
    if now_ms >= call.expires_ms:
        return _over(call, CallEnd.MISSED)
    match event:
        case Taken(person, pair, node):
            if not _is_rung(call, person):
                return Step(call)
            return Step(msgspec.structs.replace(call, pair=pair), (Connect(pair, node),))
        case Refused(person):
            return _over(call, CallEnd.DECLINED) if _is_rung(call, person) else Step(call)
        case Withdrawn(person):
            return _over(call, CallEnd.CANCELLED) if person == call.caller.person else Step(call)
        case Ticked():
            return Step(call)
    assert_never(event)


def _is_rung(call: Call, person: PersonId) -> bool:
    return person == call.callee.person and not call.unheard


def _over(call: Call, reason: CallEnd) -> Step:
    effects = tuple(Release(party.person, reason) for party in call.known_to)
    return Step(msgspec.structs.replace(call, ended=reason), effects)
