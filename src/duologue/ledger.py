"""What the ledger says: the values that a store hands to gateways and matchers.

The *ledger* is the truth about people: idle, waiting, ringing or in a pair. Every move in it is one
transition of a store, and every transition appends what follows from it to the outbox of the
gateways concerned, so state and news cannot come apart.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple, Self

import msgspec

from duologue.calls.call import Call
from duologue.ids import CallId, GatewayId, NodeName, PairId, PersonId, RequestId, SessionId
from duologue.matching.ticket import Ticket
from duologue.nodes import NoSlot
from duologue.pairs.pair import Line, Pair
from duologue.protocol.codes import CallEnd, EndReason, Mode
from duologue.protocol.server import ChatLine, PeerChanged, PeerTyping

# The times and bounds of the ledger, the same in every store.

RESUME_WINDOW_MS = 60_000
"""How long a person without a socket is remembered."""
MET_FOR_MS = 30 * 60_000
MET_AT_MOST = 20
MAX_SESSIONS = 5
"""Sessions of one person: one is active, the others stand by."""
MAX_BLOCKS = 1_000
STATUS_TTL_MS = 5_000
GATEWAY_LEASE_MS = 15_000
"""A gateway that is not heard of for so long is dead. Gateways refresh it every second."""
ABANDONED_SEAT_MS = 15_000
"""How long the server holds a seat where no session can say how long: after the death of a gateway, on top of its
lease, and where a socket went before it was known whether its person had come in. As after any lost socket."""
NODES_LEASE = "nodes"
"""The name of the lease under which one process watches the media nodes; no shard has such a name."""
REAPER_LEASE = "reaper"
"""The name of the lease under which one process gives up what ran out."""
BACK_WITHIN_MS = 5_000
"""For so long after a Next the two may become a pair again."""
SHARD_LEASE_MS = 3_000
"""A matcher that is not heard of for so long loses its shards. Refreshed three times as often."""


class Caller(NamedTuple):
    """Who asks for a transition. An older generation than the person's is refused."""

    person: PersonId
    generation: int
    request: RequestId | None = None
    """Repeating the last request id repeats its outcome and changes nothing."""


class Outcome(StrEnum):
    """How a transition went."""

    DONE = "done"
    """It holds now; also when it held before or has become pointless."""
    REFUSED = "refused"
    """It makes no sense in the state this person is in."""
    STALE = "stale"
    """A newer session of this person is active: this one has nothing to say any more."""
    GONE = "gone"
    """The ledger believes that nobody is here, or began anew and has not heard otherwise: their gateway has to speak of
    them, or this session needs to come in again.
    """


class Attention(StrEnum):
    """How likely somebody who waits would notice a partner: the one sign of leaving that we have."""

    VISIBLE = "visible"
    """As far as we know they look at the page."""
    HIDDEN = "hidden"
    """The page is in the background: they are offered last."""
    QUIET = "quiet"
    """A ping was not answered in time: they are not offered until something is heard again."""


class Idle(msgspec.Struct, frozen=True, tag=True):
    """Neither waiting nor in a pair."""


class Waiting(msgspec.Struct, frozen=True, tag=True):
    """In the queue."""

    ticket: Ticket


class Paired(msgspec.Struct, frozen=True, tag=True):
    """In a pair."""

    pair: Pair


class Ringing(msgspec.Struct, frozen=True, tag=True):
    """They call somebody, or are called."""

    call: Call
    ticket: Ticket | None
    """With what they wait again, should the call come to nothing."""


PersonState = Idle | Waiting | Paired | Ringing


class Claim(NamedTuple):
    """A session as its gateway knows it: what its client was told last."""

    person: PersonId
    session: SessionId
    generation: int
    active: bool
    """Else it stands by."""
    rev: int
    state: PersonState
    attempt: int
    wishes: Ticket | None
    """How they waited last, where that is known."""
    attention: Attention


class Arrival(NamedTuple):
    """What a session starts from."""

    generation: int
    rev: int
    state: PersonState
    last_attempt: int
    blocks_known: bool = False
    """Whether the store was told, since it began anew, whom this person has blocked; else `remember_blocks` has to."""
    wishes: Ticket | None = None
    """How they waited last, for the gateway to say to a store that has forgotten."""
    answered: Call | None = None
    """The call that this session came in by: the caller owns telling who wants to know."""


class StandbyArrival(NamedTuple):
    """The same for a session that stands by."""

    generation: int
    """Older than any that ever spoke for them."""
    rev: int
    call: Call | None = None
    """That rings for them."""


class PersonView(NamedTuple):
    """What the ledger knows of one person at a moment, for who asks about them."""

    person: PersonId
    at_ms: int
    """The moment, by the clock of the store."""
    state: PersonState
    wishes: Ticket | None
    """How they wait, or waited last."""
    offered: bool
    """Whether matchers may match them: they wait, are here, answer pings, and whom they blocked is known."""
    gateway: GatewayId | None
    """Where their active session is; None: they are away."""
    vouched: bool
    """Whether that gateway lives, and has told that they are here since the store began anew."""
    attention: Attention
    standby: int
    """Sessions that stand by."""
    blocks_known: bool
    """Whether all whom they have blocked are at hand. Until then they are not offered."""
    seen_ms: int | None
    """When their gateway told last that they came in."""
    seat_until_ms: int | None
    """How long their place is held while they are away."""
    forget_at_ms: int | None


class Sample(NamedTuple):
    """Some of many."""

    tickets: tuple[Ticket, ...]
    """Those who were asked for, by one ticket a person."""
    looked_at: int
    """How many people were looked at to find them."""
    whole: bool
    """Whether that was everybody; else they were picked by chance, or by no rule at all."""


class Queued(msgspec.Struct, frozen=True, tag=True):
    """The person waits."""

    ticket: Ticket


class Dequeued(msgspec.Struct, frozen=True, tag=True):
    """The person no longer waits, and asked for that."""


class PairFormed(msgspec.Struct, frozen=True, tag=True):
    """The person has a partner."""

    pair: Pair
    attempt: int


class RoomIsOpen(msgspec.Struct, frozen=True, tag=True):
    """The room of this pair may be joined, on this media server."""

    pair: PairId
    node: NodeName


class TalkStarted(msgspec.Struct, frozen=True, tag=True):
    """Both are connected."""

    pair: PairId
    since_ms: int


class PairEnded(msgspec.Struct, frozen=True, tag=True):
    """The pair is over for this person; with a ticket, they wait again."""

    pair: PairId
    reason: EndReason
    by: Literal["me", "peer", "server"]
    ticket: Ticket | None
    back_until_ms: int | None = None
    """Until when the two may become a pair again, should both want to; None: they cannot."""


class WayBack(msgspec.Struct, frozen=True, tag=True):
    """The last partner, of this pair, wants to go back, and the person may until then; None: neither can any more."""

    pair: PairId
    until_ms: int | None


class CallRings(msgspec.Struct, frozen=True, tag=True):
    """It rings: the person calls, or is called."""

    call: Call


class CallEnded(msgspec.Struct, frozen=True, tag=True):
    """The call came to nothing, or rings no more at this session; with a ticket, the person waits again."""

    call: CallId
    reason: CallEnd
    ticket: Ticket | None


class Probe(msgspec.Struct, frozen=True, tag_field="type", tag="probe"):
    """Not for the client: the partner has reason to doubt that this one lives. Their gateway asks with a ping."""

    pair: str


class Relayed(msgspec.Struct, frozen=True, tag=True):
    """Something from the partner, in the words of the wire."""

    message: ChatLine | PeerChanged | PeerTyping | Probe


class Superseded(msgspec.Struct, frozen=True, tag=True):
    """Another session of this person took over; this one stands by."""


class Dropped(msgspec.Struct, frozen=True, tag=True):
    """This person has too many sessions: the one that stood by longest goes."""


News = (
    Queued | Dequeued | PairFormed | RoomIsOpen | TalkStarted | PairEnded | WayBack | CallRings | CallEnded
    | Relayed | Superseded | Dropped
)  # fmt: skip


class Delivery(msgspec.Struct, frozen=True):
    """News for one session. `rev` is the person's revision after the transition that made it."""

    session: SessionId
    rev: int
    news: News


class TicketArrived(NamedTuple):
    """Somebody started to wait, or waits with a changed ticket."""

    ticket: Ticket


class TicketGone(NamedTuple):
    """Somebody no longer waits, or is not to be offered for now."""

    person: PersonId
    cohort_key: str


QueueEvent = TicketArrived | TicketGone


class Partner(NamedTuple):
    """The other one of a pair, also when it is over."""

    person: PersonId
    alias: str
    """What they were called in it."""
    mode: Mode = Mode.TEXT
    lines: tuple[Line, ...] = ()
    """What the two wrote last."""

    @classmethod
    def of(cls, person: PersonId, pair: Pair) -> Self:
        """Of this person, in this pair."""
        peer = pair.peer(person)
        return cls(peer.person, peer.alias, pair.mode, pair.lines)


class Proposal(NamedTuple):
    """A match with the names that the pair would get; minted by the matcher, so a store needs no randomness."""

    pair: PairId
    tickets: tuple[Ticket, Ticket]
    aliases: tuple[str, str]


class Committed(NamedTuple):
    """It is a pair now."""

    pair: PairId


class Rejected(NamedTuple):
    """Nothing changed. These two still wait with these very tickets and can be offered again."""

    still_waiting: tuple[Ticket, ...]


CommitResult = Committed | Rejected | NoSlot


class Closed(NamedTuple):
    """A transition, and the pair that it ended: the caller owns deleting that room."""

    outcome: Outcome
    ended: Pair | None = None
    call: Call | None = None
    """The call that it began, or whose ringing it brought to an end: the caller owns telling who wants to know."""
    formed: PairId | None = None
    """The pair that two who went back became."""
