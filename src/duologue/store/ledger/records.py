"""The records of the ledger, and what a transition may ask of the store that keeps them."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Literal, NamedTuple, Protocol

import msgspec

from duologue.calls.call import Call
from duologue.ids import CallId, GatewayId, MatcherId, PairId, PersonId, RequestId, SessionId
from duologue.ledger import Attention, Closed, Delivery, Partner, QueueEvent
from duologue.matching.ticket import Ticket
from duologue.pairs.pair import Pair
from duologue.store.ledger.nodes import Nodes

Address = tuple[SessionId, GatewayId]


class Way(msgspec.Struct, frozen=True, omit_defaults=True):
    """The way back to the last partner, for a moment after a Next. Who has one is here, and neither talks nor rings."""

    pair: PairId
    """That has ended."""
    person: PersonId
    alias: str
    """What that one was called."""
    until_ms: int
    mine: bool = False
    """They said that they want to."""
    theirs: bool = False
    """The other one did."""


class Person(msgspec.Struct, omit_defaults=True):
    """One person. `ticket` is kept through a pair: it says how to wait again."""

    id: PersonId
    generation: int = 0
    rev: int = 0
    session: SessionId | None = None
    gateway: GatewayId | None = None
    attention: Attention = Attention.VISIBLE
    standby: dict[int, Address] = {}
    """Sessions that are connected and not active, by their generation, the oldest first."""
    seat_until_ms: int | None = None
    forget_at_ms: int | None = None
    ticket: Ticket | None = None
    waiting: bool = False
    """Whether they wait, or will again once their call has come to nothing."""
    pair: PairId | None = None
    call: CallId | None = None
    """The call that rings."""
    last_pair: PairId | None = None
    """The pair from whose end the present wait followed."""
    last_met: tuple[PairId, Partner] | None = None
    """The pair that ended last, and with whom."""
    met_before: tuple[PairId, Partner] | None = None
    """The one before, where `last_met` never became a talk: its people may not have heard of it."""
    last_call: tuple[CallId, Partner] | None = None
    """The last call that came to nothing."""
    way_back: Way | None = None
    attempt: int = 0
    answered: tuple[RequestId, Closed] | None = None
    met: dict[PersonId, int] = {}
    failed_with: dict[PersonId, int] = {}
    """Whose media did not get through to theirs, and until when they stay apart."""
    blocked: int = 0
    """How many people they have blocked. It changes with each block, so a commit that has not seen one is stale."""
    seen_ms: int | None = None
    """When a gateway last told that they are here. Before this life of the store: what they do may be long over."""
    unsure: bool = False
    """Whether they may have blocked people of whom the ledger does not know: the store began anew."""

    @property
    def here(self) -> bool:
        """Whether a session of theirs is connected."""
        return self.session is not None

    @property
    def offered(self) -> bool:
        """Whether matchers may match them."""
        waits = self.waiting and self.call is None
        return waits and self.here and not self.unsure and self.attention is not Attention.QUIET

    @property
    def addresses(self) -> list[Address]:
        """Where their sessions are, the active one and those that stand by."""
        active = [(self.session, self.gateway)] if self.session is not None and self.gateway is not None else []
        return [*active, *self.standby.values()]


class Blocks(msgspec.Struct, omit_defaults=True):
    """Whom somebody has blocked; what the `SafetyStore` knows, at hand."""

    people: set[PersonId] = set()
    told_ms: int | None = None
    """When all of them were told. Before this life of the store: it may have forgotten some since."""


class Lease(msgspec.Struct):
    """Who owns a shard, or another thing that one process at a time looks after."""

    owner: MatcherId | None
    fence: int
    until_ms: int


class Gateway(msgspec.Struct):
    """A gateway that lives."""

    until_ms: int
    epoch: str
    """Which life of the store it has asserted its people in."""
    since_ms: int = 0
    """When that life had begun. Processes notice another life one after the other, and who has not yet begins the one
    before anew for those who have: each time all is to be asserted again.
    """


class Epoch(msgspec.Struct):
    """One life of the store: another one may have forgotten, or gone back in time."""

    id: str
    since_ms: int


class Due(NamedTuple):
    """Something whose time may have come. The record says whether it has; the reminder goes once that is dealt with,
    so whoever dies meanwhile is followed by another one.
    """

    at_ms: int
    what: Literal["seat", "forget", "pair", "call", "gateway"]
    name: str


class Records(Protocol):
    """What a store brings to one transition. Mappings give and take whole records."""

    epoch: Epoch
    """The one that gateways know of."""

    @property
    def people(self) -> MutableMapping[PersonId, Person]: ...

    @property
    def pairs(self) -> MutableMapping[PairId, Pair]: ...

    @property
    def calls(self) -> MutableMapping[CallId, Call]: ...

    @property
    def blocks(self) -> MutableMapping[PersonId, Blocks]: ...

    @property
    def leases(self) -> MutableMapping[str, Lease]: ...

    @property
    def gateways(self) -> MutableMapping[GatewayId, Gateway]: ...

    @property
    def nodes(self) -> Nodes:
        """The media nodes."""

    @property
    def store_id(self) -> str:
        """Which life of the store this is: where it differs from `epoch.id`, another one has begun."""

    def append_queue(self, shard: str, event: QueueEvent) -> None:
        """Let the owner of this shard know."""

    def append_news(self, gateway: GatewayId, delivery: Delivery) -> None:
        """Let a gateway know."""

    def remind(self, due: Due) -> None:
        """Have this expire once its time has come. A later one for the same name may replace it."""

    def done(self, due: Due) -> None:
        """This reminder has served."""
