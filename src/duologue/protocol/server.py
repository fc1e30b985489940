"""What a server says.

Times are milliseconds: `*_ms` is a duration, `since`, `at`, `until`, `expires` and `server_time`
are instants since the Unix epoch by the server's clock.
A push that changes what the client is doing carries `rev`, which never goes back for a person: a
push whose `rev` is smaller than the last one seen is old and is dropped. The same `rev` again is
the same state with fresh numbers (`waiting`), or with what was missing (`matched` with its media).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from duologue.protocol.client import CommandId, Id
from duologue.protocol.codes import CallEnd, EndReason, ErrorCode, Mode, Pause, PeerEvent

VERSION = "duologue.v1"
"""The WebSocket subprotocol."""


class _Message(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    pass


class Self(msgspec.Struct, frozen=True):
    """Who the server takes you for."""

    person: Id
    guest: bool
    facets: dict[str, str]


class Peer(msgspec.Struct, frozen=True):
    """The other one. Never an account: the alias lives as long as the pair."""

    alias: str
    interests: list[str]
    """The interests you share."""
    facets: dict[str, str]
    """The facet values you share."""


class Credentials(msgspec.Struct, frozen=True):
    """How to join the media of a pair."""

    kind: Literal["livekit"]
    url: str
    token: str
    """Opens this pair's room only, and only for the handshake (60 to 120 s)."""
    subscribe: list[str]
    """The identities to subscribe to."""


class Line(msgspec.Struct, frozen=True):
    """A line of chat."""

    mine: bool
    n: int
    text: str
    at: int


class Waiting(_Message, frozen=True, tag="waiting"):
    """You wait for a partner; sent again every few seconds with fresh numbers."""

    rev: int
    attempt: int
    since: int
    mode: Mode
    waiting_count: int
    """People waiting in the same cohort, you included."""
    estimate_ms: int | None
    """How long people like you wait, from how many do and how many are matched; null: nobody was, so nobody knows."""
    widened: list[str]
    """Which wishes are loosened by now, in the order in which they were."""
    paused: Pause | None = None
    """Why you are not matched at the moment. Your place is kept; after `your_media`, the wait began anew."""


class Matched(_Message, frozen=True, tag="matched"):
    """You have a partner: bring the media up within `deadline_ms`, then say `media connected`.

    `media` is null in text mode, and in a snapshot taken while the room is still being made:
    then a `matched` push with credentials follows.
    """

    rev: int
    pair: Id
    attempt: int
    mode: Mode
    peer: Peer
    media: Credentials | None
    deadline_ms: int
    call: Id | None = None
    """The direct call that it came of; then you will be idle after it, whatever you did before."""


class Talking(_Message, frozen=True, tag="talking"):
    """Both sides are connected."""

    rev: int
    pair: Id
    since: int


class Ended(_Message, frozen=True, tag="ended"):
    """The pair is over. With `waiting`, you already wait for the next partner."""

    rev: int
    pair: Id
    reason: EndReason
    by: Literal["me", "peer", "server"]
    waiting: Waiting | None = None
    back_until: int | None = None
    """Until when `back` may be said; absent: there is no way back."""


class IdleState(msgspec.Struct, frozen=True, tag_field="kind", tag="idle"):
    """Neither waiting nor in a pair."""


class WaitingState(msgspec.Struct, frozen=True, tag_field="kind", tag="waiting"):
    """In the queue."""

    waiting: Waiting


class Muted(msgspec.Struct, frozen=True):
    """What somebody switched off."""

    audio: bool
    video: bool


class PairState(msgspec.Struct, frozen=True, tag_field="kind", tag="pair"):
    """In a pair; `matched.media` was minted anew."""

    matched: Matched
    talking_since: int | None
    peer_away_until: int | None
    """Their socket is gone, and their seat is held until then."""
    peer_muted: Muted
    lines: list[Line]
    peer_hidden: bool = False
    """Their page is in the background."""
    last_n: int = 0
    """The number of your last line in this pair, which `lines` may have lost; your next one must be greater."""


class RingingState(msgspec.Struct, frozen=True, tag_field="kind", tag="ringing"):
    """You call somebody, or are called."""

    call: Id
    outgoing: bool
    """You are the one who calls."""
    peer: str
    """What the other one is called."""
    mode: Mode
    expires: int


State = IdleState | WaitingState | PairState | RingingState


class Hello(_Message, frozen=True, tag="hello"):
    """The server speaks first."""

    v: str
    heartbeat_ms: int
    """Silence longer than this and `pong_wait_ms` means that the server is gone."""
    pong_wait_ms: int
    max_bytes: int
    server_time: int


class Ready(_Message, frozen=True, tag="ready"):
    """You are in. `state` is all there is to know: drop whatever you believed before."""

    rev: int
    session: Id
    resume_token: str
    """Single-use; replaces the one before."""
    resume_window_ms: int
    self: Self
    attempt: int
    """The newest attempt that the server knows of; your next one must be greater."""
    state: State
    expires_at: int | None = None
    """When this session ends, unless it is refreshed; absent: it does not."""
    seat_ms: int | None = None
    """After a lost socket the talk, or the place in the queue, is kept for so long; absent: an older server."""


class Standby(_Message, frozen=True, tag="standby"):
    """This session stands by: another one of the same person is, or was, the active one.

    Stay, and send `auth` to take over, or go. The other two are told after `stand_by` alone.
    """

    rev: int
    expires_at: int | None = None
    """When this session ends, unless it is refreshed."""
    ringing: RingingState | None = None
    """The call that rings here, too; absent: whatever did before the socket was lost does no more."""


class Refreshed(_Message, frozen=True, tag="refreshed"):
    """The newer token was taken."""

    resume_token: str
    """Replaces the one before, which would expire with the older token."""
    expires_at: int | None


class InvalidSession(_Message, frozen=True, tag="invalid_session"):
    """This resume token opens nothing. With `retry`, send `auth` on this socket."""

    retry: bool


class BlockedPerson(msgspec.Struct, frozen=True):
    """Somebody you have blocked, as far as you know them."""

    block: Id
    """What to name in `unblock`."""
    alias: str
    """What they were called when you met."""
    at: int


class Blocked(_Message, frozen=True, tag="blocked"):
    """Whom you have blocked, the newest first: comes before the reply to `blocked_list`."""

    people: list[BlockedPerson]


class BackOffer(_Message, frozen=True, tag="back_offer"):
    """The last partner would like to go back, to a talk that a Next has ended; so can you, with `back`."""

    pair: Id
    until: int | None
    """null: nobody can go back to it any more, also where it was you who wanted to."""


class PeerChanged(_Message, frozen=True, tag="peer"):
    """Something about the partner changed."""

    pair: Id
    event: PeerEvent
    audio: bool | None = None
    """For `muted`: whether their microphone is off."""
    video: bool | None = None
    """For `muted`: whether their camera is off."""
    value: bool | None = None
    """For `hidden`."""
    until: int | None = None
    """For `reconnecting`: when their seat is given up."""


class ChatLine(_Message, frozen=True, tag="chat"):
    """The partner wrote."""

    pair: Id
    n: int
    text: str
    at: int


class PeerTyping(_Message, frozen=True, tag="typing"):
    """The partner is writing."""

    pair: Id


class Incoming(_Message, frozen=True, tag="incoming"):
    """Somebody calls you, at all your sessions: `accept` or `decline`. While it rings you do not wait."""

    rev: int
    call: Id
    caller: str
    """An alias, never an account."""
    mode: Mode
    expires: int
    """When it is missed."""


class CallState(_Message, frozen=True, tag="call_state"):
    """A call moved on: yours rings, it was taken (`matched` follows), or it came to nothing."""

    rev: int
    call: Id
    state: Literal["ringing", "accepted", "ended"]
    reason: CallEnd | None = None
    """For `ended`."""
    expires: int | None = None
    """For `ringing`: when it is missed."""
    pair: Id | None = None
    """For `accepted`."""
    waiting: Waiting | None = None
    """For `ended`: you had waited, and wait on."""


class PersonalLink(_Message, frozen=True, tag="personal_link"):
    """By this others may call you: comes before the reply to `call_link`."""

    link: Id


class Notice(_Message, frozen=True, tag="notice"):
    """Something a person should be told; the page has the words."""

    level: Literal["info", "warn", "error"]
    code: str
    params: dict[str, str | int | float]


class Ping(_Message, frozen=True, tag="ping"):
    """Answer with `pong`."""


class Drain(_Message, frozen=True, tag="drain"):
    """Come back after the delay: this process stops, or has no place for you now. A close follows."""

    retry_after_ms: int


class CommandError(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a command was refused."""

    code: ErrorCode
    message: str
    """For developers, in English; people see the code's translation."""
    temporary: bool
    retry_after_ms: int | None = None


class Reply(_Message, frozen=True, tag="reply"):
    """The answer to a command: `ok`, or `error`."""

    id: CommandId
    ok: bool
    error: CommandError | None = None


Push = (
    Waiting | Matched | Talking | Ended | BackOffer | PeerChanged | ChatLine | PeerTyping
    | Incoming | CallState | PersonalLink | Notice | Ping | Drain | Standby | Refreshed | Blocked
)  # fmt: skip
ServerMessage = Hello | Ready | InvalidSession | Reply | Push
