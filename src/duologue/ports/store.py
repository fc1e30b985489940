"""The store: what must be one truth, in one place. Its large parts have a file each.

Every method is one transition: it happens wholly or not at all, also when the process that asked dies. Any of them may
raise `Unavailable` (nothing happened) or `OutcomeUnknown` (repeat with the same request id). Stores have their own
clock, so no method takes the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from duologue.ids import GatewayId, NodeName, PersonId
from duologue.ledger import Delivery, PersonView, Sample
from duologue.nodes import NodeReport
from duologue.pairs.pair import Pair
from duologue.ports.calls import CallStore
from duologue.ports.pairs import PairStore
from duologue.ports.presence import PresenceStore
from duologue.ports.tickets import TicketStore


class NodeStore(Protocol):
    """The media nodes: who works, and who carries what."""

    async def report_nodes(self, fence: int, reports: Sequence[NodeReport]) -> list[Pair]:
        """What the owner of `NODES_LEASE` sees, all nodes at once; it counts for `REPORT_TTL_MS`.

        Pairs on nodes that are down, or not named, end as by `room_lost`, open or not; they are
        returned. Raises `Deposed`, having done nothing, when `fence` is not the newest.
        """

    async def pairs_on(self, node: NodeName) -> list[Pair]:
        """The pairs that this node carries and whose room is open there."""


class Outbox(Protocol):
    """News from transitions to the gateways that hold the sockets."""

    async def read_news(self, gateway: GatewayId, after: int, wait_ms: int) -> tuple[list[Delivery], int]:
        """What was appended for this gateway after a position, in order, and the new position.

        Waits up to `wait_ms` for the first. `ResyncNeeded` when something after `after` was
        trimmed: every session of this gateway then needs a snapshot.
        """


class ResyncNeeded(Exception):
    """A reader fell behind what the store keeps. `position` is the newest: go on from there after a snapshot."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


class LookingStore(Protocol):
    """What there is to see. Nothing here changes anything, and each answer costs a bounded amount of work."""

    async def look(self, person: PersonId) -> PersonView | None:
        """This person as they are now; None: nothing is known of them."""

    async def sample_waiting(self, shard: str, most: int) -> Sample:
        """Those who are offered in this shard now. At most `most` people are looked at."""

    async def sample_paired(self, shard: str, most: int) -> Sample:
        """The last tickets of those who are in a pair of this shard now, and not away.

        At most `most` people are looked at, whatever they do: few may be of this shard.
        """


class Store(PresenceStore, TicketStore, PairStore, CallStore, NodeStore, LookingStore, Outbox, Protocol):
    """Everything that must be one truth, in one place."""

    @property
    def kind(self) -> str:
        """`memory` or `redis`: for the start-up log, readiness and metrics."""
