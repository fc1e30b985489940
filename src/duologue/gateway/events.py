"""What happens to a session (events, past tense) and what it wants done (commands, imperative).

Structs and not named tuples: several are made for every message, and cost a fifth of one.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from duologue.ids import CallId, PairId, PersonId
from duologue.ledger import Arrival, Attention, Delivery, Outcome, Probe, StandbyArrival
from duologue.pairs.pair import Pair
from duologue.protocol.client import ClientMessage, Command, MediaReport
from duologue.protocol.codes import CloseCode
from duologue.protocol.server import CommandError, Credentials, PeerTyping, Self, ServerMessage
from duologue.safety.block import Block


class Opened(msgspec.Struct, frozen=True, gc=False):
    """The socket is up."""


class Received(msgspec.Struct, frozen=True, gc=False):
    """The client sent a message."""

    message: ClientMessage


class Violated(msgspec.Struct, frozen=True, gc=False):
    """The client sent something that is not a message."""

    code: CloseCode
    detail: str


class NotKnown(msgspec.Struct, frozen=True, gc=False):
    """The client sent something that this version does not know; `id` wants an answer."""

    id: str | None


class Entered(msgspec.Struct, frozen=True, gc=False):
    """The token was good, and the store knows us."""

    self: Self
    arrival: Arrival
    resume_token: str
    expires_ms: int | None = None
    """When the token's time is over; None: never."""


class StoodBy(msgspec.Struct, frozen=True, gc=False):
    """The token was good, and the store knows that this session stands by."""

    self: Self
    arrival: StandbyArrival
    expires_ms: int


class EntryRefused(msgspec.Struct, frozen=True, gc=False):
    """The token opens nothing; `code` says what the client should do."""

    code: CloseCode
    detail: str
    retry_after_ms: int | None = None


class ResumeRefused(msgspec.Struct, frozen=True, gc=False):
    """The resume token opens nothing; a session token still may."""


class Answered(msgspec.Struct, frozen=True, gc=False):
    """A command was carried out, or not."""

    id: str
    outcome: Outcome | CommandError
    left: str | None = None
    """The pair that is over for them by this."""
    sought: int = 0
    """The attempt of the search that began by this."""


class Refreshed(msgspec.Struct, frozen=True, gc=False):
    """A newer token of the same person was good."""

    id: str
    resume_token: str
    expires_ms: int | None


class Listed(msgspec.Struct, frozen=True, gc=False):
    """Whom this person has blocked."""

    id: str
    blocks: Sequence[Block]


class LinkTold(msgspec.Struct, frozen=True, gc=False):
    """By what others may call this person."""

    id: str
    link: str


class NotTaken(msgspec.Struct, frozen=True, gc=False):
    """This session stood by and could not take the call: it goes on standing by."""

    id: str
    outcome: Outcome | CommandError


class Delivered(msgspec.Struct, frozen=True, gc=False):
    """News from the ledger."""

    delivery: Delivery


class PeerSaid(msgspec.Struct, frozen=True, gc=False):
    """The partner, who is on this gateway too, said something that leaves no trace."""

    message: PeerTyping | Probe


class Placed(msgspec.Struct, frozen=True, gc=False):
    """Here is how to join the media."""

    pair: PairId
    credentials: Credentials | None


class Ticked(msgspec.Struct, frozen=True, gc=False):
    """`deadline_ms` was reached."""


class CutOff(msgspec.Struct, frozen=True, gc=False):
    """The gateway cannot go on with this socket: a slow reader, news missed, a stop, a defect."""

    code: CloseCode
    retry_after_ms: int | None = None


class Closed(msgspec.Struct, frozen=True, gc=False):
    """The socket is gone. 1001: the page was left or reloaded."""

    code: int


Event = (
    Opened | Received | Violated | NotKnown | Entered | StoodBy | EntryRefused | ResumeRefused | Answered
    | Delivered | Refreshed | Listed | LinkTold | NotTaken | PeerSaid | Placed | Ticked | CutOff | Closed
)  # fmt: skip


class Send(msgspec.Struct, frozen=True, gc=False):
    """Write a message."""

    message: ServerMessage


class Close(msgspec.Struct, frozen=True, gc=False):
    """Close the socket; code 1000 after a goodbye."""

    code: int
    reason: str


class Enter(msgspec.Struct, frozen=True, gc=False):
    """Check the token and arrive; answer with Entered, EntryRefused or ResumeRefused."""

    token: str
    resume: bool


class StandBy(msgspec.Struct, frozen=True, gc=False):
    """Check the token and stand by; answer with StoodBy or EntryRefused."""

    token: str


class Perform(msgspec.Struct, frozen=True, gc=False):
    """Carry this out; if it has an id, answer with Answered."""

    message: Command | MediaReport


class Relay(msgspec.Struct, frozen=True, gc=False):
    """Hand this to the partner; it leaves no trace, and nobody waits for it."""

    to: PersonId
    message: PeerTyping | Probe


class Attend(msgspec.Struct, frozen=True, gc=False):
    """Tell the ledger how likely this person would notice a partner."""

    attention: Attention


class Renew(msgspec.Struct, frozen=True, gc=False):
    """Check a newer token; answer with Refreshed, or with Answered."""

    id: str
    token: str


class ListBlocks(msgspec.Struct, frozen=True, gc=False):
    """Read whom this person has blocked; answer with Listed, or with Answered."""

    id: str


class TellLink(msgspec.Struct, frozen=True, gc=False):
    """Read by what others may call this person; answer with LinkTold, or with Answered."""

    id: str
    renew: bool


class TakeCall(msgspec.Struct, frozen=True, gc=False):
    """Take a call with a session that stands by; answer with Entered and Answered, or with NotTaken."""

    id: str
    call: CallId


class OpenRoom(msgspec.Struct, frozen=True, gc=False):
    """Make the room of this pair; the ledger tells when it is there."""

    pair: Pair


class Place(msgspec.Struct, frozen=True, gc=False):
    """Answer with Placed."""

    pair: Pair


class Depart(msgspec.Struct, frozen=True, gc=False):
    """Tell the ledger that this session is gone."""

    hold_ms: int


SessionCommand = (
    Send | Close | Enter | StandBy | Perform | Relay | Attend | Renew | ListBlocks | TellLink | TakeCall | OpenRoom
    | Place | Depart
)  # fmt: skip
