"""What happens to a session (events, past tense) and what it wants done (commands, imperative)."""

from __future__ import annotations

from typing import NamedTuple

from duologue.ids import PairId, PersonId
from duologue.ledger import Arrival, Attention, Delivery, Outcome, Probe
from duologue.pairs.pair import Pair
from duologue.protocol.client import ClientMessage, Command, MediaReport
from duologue.protocol.codes import CloseCode
from duologue.protocol.server import CommandError, Credentials, PeerTyping, Self, ServerMessage


class Opened(NamedTuple):
    """The socket is up."""


class Received(NamedTuple):
    """The client sent a message."""

    message: ClientMessage


class Violated(NamedTuple):
    """The client sent something that is not a message."""

    code: CloseCode
    detail: str


class Entered(NamedTuple):
    """The token was good, and the store knows us."""

    self: Self
    arrival: Arrival
    resume_token: str
    expires_ms: int | None = None
    """When the token's time is over; None: never."""


class EntryRefused(NamedTuple):
    """The token opens nothing; `code` says what the client should do."""

    code: CloseCode
    detail: str
    retry_after_ms: int | None = None


class ResumeRefused(NamedTuple):
    """The resume token opens nothing; a session token still may."""


class Answered(NamedTuple):
    """A command was carried out, or not."""

    id: str
    outcome: Outcome | CommandError


class Refreshed(NamedTuple):
    """A newer token of the same person was good."""

    id: str
    resume_token: str
    expires_ms: int | None


class Delivered(NamedTuple):
    """News from the ledger."""

    delivery: Delivery


class PeerSaid(NamedTuple):
    """The partner, who is on this gateway too, said something that leaves no trace."""

    message: PeerTyping | Probe


class Placed(NamedTuple):
    """Here is how to join the media."""

    pair: PairId
    credentials: Credentials | None


class Ticked(NamedTuple):
    """`deadline_ms` was reached."""


class CutOff(NamedTuple):
    """The gateway cannot go on with this socket: a slow reader, news missed, a stop, a defect."""

    code: CloseCode
    retry_after_ms: int | None = None


class Closed(NamedTuple):
    """The socket is gone. 1001: the page was left or reloaded."""

    code: int


Event = (
    Opened | Received | Violated | Entered | EntryRefused | ResumeRefused | Answered | Delivered
    | Refreshed | PeerSaid | Placed | Ticked | CutOff | Closed
)  # fmt: skip


class Send(NamedTuple):
    """Write a message."""

    message: ServerMessage


class Close(NamedTuple):
    """Close the socket; code 1000 after a goodbye."""

    code: int
    reason: str


class Enter(NamedTuple):
    """Check the token and arrive; answer with Entered, EntryRefused or ResumeRefused."""

    token: str
    resume: bool


class Perform(NamedTuple):
    """Carry this out; if it has an id, answer with Answered."""

    message: Command | MediaReport


class Relay(NamedTuple):
    """Hand this to the partner; it leaves no trace, and nobody waits for it."""

    to: PersonId
    message: PeerTyping | Probe


class Attend(NamedTuple):
    """Tell the ledger how likely this person would notice a partner."""

    attention: Attention


class Renew(NamedTuple):
    """Check a newer token; answer with Refreshed, or with Answered."""

    id: str
    token: str


class OpenRoom(NamedTuple):
    """Make the room of this pair; the ledger tells when it is there."""

    pair: Pair


class Place(NamedTuple):
    """Answer with Placed."""

    pair: Pair


class Depart(NamedTuple):
    """Tell the ledger that this session is gone."""

    hold_ms: int


SessionCommand = Send | Close | Enter | Perform | Relay | Attend | Renew | OpenRoom | Place | Depart
