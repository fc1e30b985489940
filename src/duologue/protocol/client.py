"""What a client says.

A *command* carries an `id` and is answered by exactly one `reply` with that id.
Repeating the last command with the same id repeats its answer and does nothing else, so a client that
does not know whether a command arrived simply sends it again. Older ones are harmless because they
name an attempt, a pair or a line that is over.
A *signal* (no `id`) is never answered.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from duologue.protocol.codes import MediaEvent, Mode, ReportCause, TrailEvent

Id = Annotated[str, Meta(min_length=1, max_length=64)]
"""An opaque id made by the server."""
CommandId = Annotated[str, Meta(min_length=1, max_length=40)]
"""An id made by the client, unique for the person: a random prefix and a counter will do."""
Address = Annotated[str, Meta(min_length=1, max_length=255)]
"""Whom to call: their personal link, or where the server lets it, what their integrator calls them (`sub`)."""
Attempt = Annotated[int, Meta(ge=1, le=2**31)]
"""Counts the searches of a person; a newer search has a greater number."""
Word = Annotated[str, Meta(min_length=1, max_length=32)]
Token = Annotated[str, Meta(min_length=1, max_length=4096)]


class _Message(msgspec.Struct, frozen=True, tag_field="type"):
    pass


class ClientInfo(msgspec.Struct, frozen=True):
    """Which program this is; for statistics, never for decisions."""

    name: Word = "unknown"
    version: Word = "0"


class Filters(msgspec.Struct, frozen=True):
    """Whom a person wants to meet."""

    mode: Mode = Mode.VIDEO
    interests: Annotated[list[Word], Meta(max_length=10)] = []
    """Soft: sharing one makes a match better, never impossible."""
    wants: Annotated[dict[Word, Annotated[list[Word], Meta(max_length=8)]], Meta(max_length=8)] = {}
    """Facet to the values accepted; a facet that is not named accepts any."""
    auto_next: bool = True
    """When a talk ends by the other's doing, wait for the next partner at once."""
    strict: Annotated[list[Word], Meta(max_length=8)] = []
    """Facets whose wish is never to be loosened, however long it takes."""


class Auth(_Message, frozen=True, tag="auth"):
    """First message of a new session; on standby, it makes this session the active one."""

    token: Token
    client: ClientInfo = ClientInfo()


class StandBy(_Message, frozen=True, tag="stand_by"):
    """First message of a session that stands by from the start, as after a lost socket; `standby` follows.

    A server of before answers 4301: then only `auth` is left, which takes over.
    """

    token: Token
    client: ClientInfo = ClientInfo()


class Resume(_Message, frozen=True, tag="resume"):
    """First message of a socket that continues a session."""

    resume_token: Token
    rev: Annotated[int, Meta(ge=0)] = 0
    """The last `rev` seen; informs the server, decides nothing."""
    client: ClientInfo = ClientInfo()


class Find(_Message, frozen=True, tag="find"):
    """Ask for a partner."""

    id: CommandId
    attempt: Attempt
    filters: Filters = Filters()


class Cancel(_Message, frozen=True, tag="cancel"):
    """Stop waiting. A match that crosses it on the way ends; the other keeps their place."""

    id: CommandId
    attempt: Attempt


class Next(_Message, frozen=True, tag="next"):
    """End this pair and ask for another partner, in one step."""

    id: CommandId
    pair: Id
    attempt: Attempt
    filters: Filters | None = None
    """New wishes; without them the last ones hold."""


class Leave(_Message, frozen=True, tag="leave"):
    """End this pair and be idle."""

    id: CommandId
    pair: Id


class Back(_Message, frozen=True, tag="back"):
    """Want to go back to the partner of this pair, which a Next has just ended (`ended.back_until`).

    Once both have said so, the two are a new pair. Refused where it is too late: either has another partner by now,
    has left or stopped waiting. Wait meanwhile as you did, or not at all.
    """

    id: CommandId
    pair: Id


class MediaReport(_Message, frozen=True, tag="media"):
    """A signal: what happened to the media of this pair."""

    pair: Id
    event: MediaEvent
    detail: Annotated[str, Meta(max_length=200)] = ""
    """For `failed` and `mismatch`: one word of [a-z0-9_], such as `timeout`; anything else is counted as `other`."""
    ms: Annotated[int, Meta(ge=0, le=600_000)] | None = None
    """For `first_frame`: milliseconds since `matched`."""


class Mute(_Message, frozen=True, tag="mute"):
    """Tell the partner what is off, so that silence is not mistaken for a fault."""

    id: CommandId
    pair: Id
    audio: bool
    """True: the microphone is off."""
    video: bool
    """True: the camera is off."""


class Hidden(_Message, frozen=True, tag="hidden"):
    """The page is in the background (or back)."""

    id: CommandId
    value: bool


class Chat(_Message, frozen=True, tag="chat"):
    """A line of text for the partner."""

    id: CommandId
    pair: Id
    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    """Control characters but tab and line feed are taken out."""
    n: Annotated[int, Meta(ge=1, le=2**31)]
    """Counts the sender's lines in this pair; a repeated number is the same line."""


class Typing(_Message, frozen=True, tag="typing"):
    """A signal: keys are being pressed."""

    pair: Id


class Call(_Message, frozen=True, tag="call"):
    """Ring somebody; `call_state` follows. Calling somebody who is calling you takes that call."""

    id: CommandId
    to: Address
    mode: Mode = Mode.VIDEO


class CallLink(_Message, frozen=True, tag="call_link"):
    """Ask for the personal link by which others may call; `personal_link` follows."""

    id: CommandId
    renew: bool = False
    """Take the present one back: whoever has it rings nobody any more."""


class Accept(_Message, frozen=True, tag="accept"):
    """Take a call; it becomes a pair. A session that stands by becomes the active one by it: a `ready` comes first."""

    id: CommandId
    call: Id


class Decline(_Message, frozen=True, tag="decline"):
    """Refuse a call, for all sessions; one that stands by may do so too."""

    id: CommandId
    call: Id


class CancelCall(_Message, frozen=True, tag="cancel_call"):
    """Stop ringing. If the answer crossed it on the way, the pair that it became ends."""

    id: CommandId
    call: Id


class Report(_Message, frozen=True, tag="report"):
    """Report the partner of this pair or the last one to the operator; also ends the pair and blocks.

    The pair ends and the two are kept apart also where the report itself is refused, as `unavailable`: send it again.
    """

    id: CommandId
    pair: Id
    reason: Word
    """One of the `report_reasons` of `/config.json`; any other is taken for `other`."""
    text: Annotated[str, Meta(max_length=1000)] = ""
    """In the person's own words. Control characters but tab and line feed are taken out."""


class Block(_Message, frozen=True, tag="block"):
    """Never meet this partner again, of this pair or the last one; ends the pair."""

    id: CommandId
    pair: Id
    """Or a call: the one that rings, or the last that came to nothing."""


class Unblock(_Message, frozen=True, tag="unblock"):
    """Take a block back. One that is not there is fine."""

    id: CommandId
    block: Id


class BlockedList(_Message, frozen=True, tag="blocked_list"):
    """Ask whom one has blocked; `blocked` follows."""

    id: CommandId


class Refresh(_Message, frozen=True, tag="refresh"):
    """Hand in a newer token of the same person before the old one expires; `refreshed` follows."""

    id: CommandId
    token: Token


class Diagnostics(_Message, frozen=True, omit_defaults=True, tag="diagnostics"):
    """What a client found out about itself, for the operator. No words but those of closed sets, and nobody's."""

    id: CommandId
    report: Annotated[dict[Word, int | float | bool], Meta(max_length=40)]
    """Figures. `pc_built` and `pc_swept`: connections built, and closed as leftovers, since the report before."""
    cause: ReportCause | None = None
    """Absent: nothing is wrong; it is counted, and not in the log."""
    trail: Annotated[list[TrailEvent], Meta(max_length=50)] = []
    """What happened before, the newest last."""


class Pong(_Message, frozen=True, tag="pong"):
    """A signal: answer to `ping`."""


class Bye(_Message, frozen=True, tag="bye"):
    """A signal: the person pressed Stop and closed. The only close that frees a seat at once."""


Command = (
    Find | Cancel | Next | Leave | Back | Mute | Hidden | Chat | Call | CallLink | Accept | Decline | CancelCall
    | Report | Block | Unblock | BlockedList | Refresh | Diagnostics
)  # fmt: skip
Signal = MediaReport | Typing | Pong | Bye
ClientMessage = Auth | StandBy | Resume | Command | Signal
