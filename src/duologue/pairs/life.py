"""How a pair moves on: matched -> talking -> ended.

`advance(pair, event, now_ms)` gives the pair as it is afterwards and what has to be done about it.
An event that makes no sense any more changes nothing: crossing messages are normal, not errors.
The store applies the effects in the same transition, so a pair never ends without its people being told.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple, assert_never

import msgspec

from duologue.ids import NodeName, PersonId
from duologue.pairs.pair import KEPT_CHARACTERS, KEPT_LINES, Line, Pair, Phase, Side
from duologue.protocol.codes import EndReason, Mode

By = Literal["me", "peer", "server"]


class RoomOpened(NamedTuple):
    """This media server has the room (text pairs: need none)."""

    node: NodeName


class Moved(NamedTuple):
    """The media server did not take the room; another one is to try."""

    node: NodeName


class RoomLost(NamedTuple):
    """No media server took the room, or it is gone with its server. Nobody's fault."""


class SideConnected(NamedTuple):
    """This client has its media up."""

    person: PersonId


class SideFailed(NamedTuple):
    """This client gave up on its media."""

    person: PersonId


class SideAway(NamedTuple):
    """This client's socket is gone; the seat is held."""

    person: PersonId
    until_ms: int


class SideBack(NamedTuple):
    """This client is here again."""

    person: PersonId


class SideLeft(NamedTuple):
    """This person ended it: NEXT, LEFT, or LOST when their seat ran out."""

    person: PersonId
    reason: EndReason


class SideMuted(NamedTuple):
    """This person switched their microphone or camera off or on."""

    person: PersonId
    audio_off: bool
    video_off: bool


class SideHidden(NamedTuple):
    """This person's page went to the background or came back."""

    person: PersonId
    hidden: bool


class LineWritten(NamedTuple):
    """This person wrote."""

    person: PersonId
    n: int
    text: str


class DeadlinePassed(NamedTuple):
    """The clock reached `deadline_ms`."""


Event = (
    RoomOpened | Moved | RoomLost | SideConnected | SideFailed | SideAway | SideBack | SideLeft
    | SideMuted | SideHidden | LineWritten | DeadlinePassed
)  # fmt: skip


class TellRoomOpened(NamedTuple):
    """Both may join, on this media server."""

    node: NodeName


class TellTalking(NamedTuple):
    """Both are connected."""


class TellPeerAway(NamedTuple):
    """To `person`: the other one is reconnecting."""

    person: PersonId
    until_ms: int


class TellPeerBack(NamedTuple):
    """To `person`: the other one is back."""

    person: PersonId


class TellPeerMuted(NamedTuple):
    """To `person`: the other one switched something off or on."""

    person: PersonId
    audio_off: bool
    video_off: bool


class TellPeerHidden(NamedTuple):
    """To `person`: the other one's page went to the background or came back."""

    person: PersonId
    hidden: bool


class TellLine(NamedTuple):
    """To `person`: the other one wrote."""

    person: PersonId
    line: Line


class Again(StrEnum):
    """How somebody goes on after a pair."""

    AS_WISHED = "as_wished"
    """A talk is over: wait again where the person's ticket says so (`auto_next`)."""
    KEEP_PLACE = "keep_place"
    """It never became a talk, through no fault of theirs: wait again with the original wait."""
    TAKE_UP = "take_up"
    """The talk broke off, and it was neither's doing: wait on from where the wait ended."""
    BACK_OFF = "back_off"
    """It failed on their side: wait again, later and from the start."""
    REST = "rest"
    """It came of a call: nobody had waited for it, and nobody waits after it."""
    OWN_WISH = "own_wish"
    """They ended it themselves: the command says what comes next."""


class Apart(StrEnum):
    """Whether two who had a pair look for others first."""

    NOT = "not"
    MET = "met"
    """They talked, or one of them would not."""
    FAILED = "failed"
    """Their media did not get through to each other."""


class Release(NamedTuple):
    """This person is out of the pair.

    `by`: who ended it, seen from this person. `again`: how they go on.
    """

    person: PersonId
    reason: EndReason
    by: By
    again: Again


AboutPeer = TellPeerAway | TellPeerBack | TellPeerMuted | TellPeerHidden
Effect = TellRoomOpened | TellTalking | AboutPeer | TellLine | Release


class Step(NamedTuple):
    """The pair afterwards, and what to do."""

    pair: Pair
    effects: tuple[Effect, ...] = ()


def advance(pair: Pair, event: Event, now_ms: int) -> Step:
    """One step in the life of a pair."""
    if pair.phase is Phase.ENDED:
        return Step(pair)
    match event:
        case RoomOpened(node):
            return _opened(pair, node)
        case Moved(node):
            return Step(pair) if pair.room_open else Step(_with(pair, node=node))
        case RoomLost():
            return _fail(pair, frozenset())
        case SideConnected(person):
            return _connected(pair, person, now_ms)
        case SideFailed(person):
            return _fail(pair, frozenset([person]))
        case DeadlinePassed():
            return _late(pair) if pair.phase is Phase.MATCHED else Step(pair)
        case SideLeft(person, reason):
            return _left(pair, person, reason)
        case SideAway() | SideBack() | SideMuted() | SideHidden():
            return _side_changed(pair, event)
        case LineWritten(person, n, text):
            return _written(pair, Line(person, n, text, now_ms))
    assert_never(event)


def apart_afterwards(pair: Pair) -> Apart:
    """What follows for the two from how their pair ended."""
    if pair.ended is EndReason.MEDIA_FAILED and not pair.at_fault:
        return Apart.NOT
    if pair.talking_since_ms is not None or pair.ended is EndReason.NEXT:
        return Apart.MET
    return Apart.FAILED if pair.ended is EndReason.MEDIA_FAILED else Apart.NOT


def _opened(pair: Pair, node: NodeName) -> Step:
    if pair.room_open or pair.node != node:
        return Step(pair)
    return Step(_with(pair, room_open=True), (TellRoomOpened(node),))


def _connected(pair: Pair, person: PersonId, now_ms: int) -> Step:
    pair = _with_side(pair, person, connected=True)
    if pair.phase is Phase.MATCHED and all(side.connected for side in pair.sides):
        return Step(_with(pair, phase=Phase.TALKING, talking_since_ms=now_ms), (TellTalking(),))
    return Step(pair)


def _side_changed(pair: Pair, event: SideAway | SideBack | SideMuted | SideHidden) -> Step:
    """Something that the other one should see, and that changes nothing else."""
    side, peer = pair.side(event.person), pair.peer(event.person).person
    match event:
        case SideAway(person, until_ms):
            return Step(_with_side(pair, person, away_until_ms=until_ms), (TellPeerAway(peer, until_ms),))
        case SideBack(person):
            if side.away_until_ms is None:
                return Step(pair)
            return Step(_with_side(pair, person, away_until_ms=None), (TellPeerBack(peer),))
        case SideMuted(person, audio_off, video_off):
            muted = TellPeerMuted(peer, audio_off, video_off)
            return Step(_with_side(pair, person, audio_off=audio_off, video_off=video_off), (muted,))
        case SideHidden(person, hidden):
            if side.hidden == hidden:
                return Step(pair)
            return Step(_with_side(pair, person, hidden=hidden), (TellPeerHidden(peer, hidden),))


def _left(pair: Pair, person: PersonId, reason: EndReason) -> Step:
    peer = pair.peer(person).person
    again = Again.AS_WISHED if pair.phase is Phase.TALKING else Again.KEEP_PLACE
    if pair.call is not None:
        again = Again.REST
    return Step(
        _with(pair, phase=Phase.ENDED, ended=reason),
        (Release(person, reason, "me", Again.OWN_WISH), Release(peer, reason, "peer", again)),
    )


def _fail(pair: Pair, at_fault: frozenset[PersonId]) -> Step:
    """Media did not come up (or broke for good): nobody is stranded, and who failed waits before trying again."""
    effects = tuple(
        Release(side.person, EndReason.MEDIA_FAILED, _blame(side, at_fault), _again(pair, side, at_fault))
        for side in pair.sides
    )
    return Step(_with(pair, phase=Phase.ENDED, ended=EndReason.MEDIA_FAILED, at_fault=at_fault), effects)


def _again(pair: Pair, side: Side, at_fault: frozenset[PersonId]) -> Again:
    if pair.call is not None:
        return Again.REST
    if side.person in at_fault:
        return Again.BACK_OFF
    if pair.phase is Phase.MATCHED:
        return Again.KEEP_PLACE
    return Again.AS_WISHED if at_fault else Again.TAKE_UP


def _late(pair: Pair) -> Step:
    """The deadline: at fault is who is not connected, unless there was no room to connect to."""
    if pair.mode is not Mode.TEXT and not pair.room_open:
        return _fail(pair, frozenset())
    return _fail(pair, frozenset(side.person for side in pair.sides if not side.connected))


def _blame(side: Side, at_fault: frozenset[PersonId]) -> By:
    if side.person in at_fault:
        return "me"
    return "peer" if at_fault else "server"


def _written(pair: Pair, line: Line) -> Step:
    if line.n <= pair.side(line.person).last_n:
        return Step(pair)  # the same line, sent again because its reply was lost
    pair = _with_side(pair, line.person, last_n=line.n)
    return Step(_with(pair, lines=_last((*pair.lines, line))), (TellLine(pair.peer(line.person).person, line),))


def _last(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """As many of the newest as are kept; the newest one in any case."""
    kept = lines[-KEPT_LINES:]
    while len(kept) > 1 and sum(len(line.text) for line in kept) > KEPT_CHARACTERS:
        kept = kept[1:]
    return kept


def _with(pair: Pair, **changes: object) -> Pair:
    return msgspec.structs.replace(pair, **changes)


def _with_side(pair: Pair, person: PersonId, **changes: object) -> Pair:
    index = pair.index(person)
    side = msgspec.structs.replace(pair.sides[index], **changes)
    return _with(pair, sides=(side, pair.sides[1]) if index == 0 else (pair.sides[0], side))
