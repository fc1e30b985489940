"""The rooms of pairs, and the media nodes that carry them."""

from __future__ import annotations

from collections.abc import Sequence

from duologue.errors import Deposed, Unavailable
from duologue.ids import NodeName, PairId
from duologue.ledger import NODES_LEASE, Closed, Outcome, Probe, Relayed
from duologue.nodes import NodeReport, NoSlot
from duologue.pairs import life
from duologue.pairs.pair import Pair
from duologue.store.ledger.leases import Leases


class Rooms(Leases):
    """Those transitions of `ports.PairStore` and `ports.NodeStore` that media servers cause."""

    def opened(self, pair: PairId, node: NodeName) -> bool:
        self._must_know(pair)
        self.ledger.nodes.took(node)
        self.ledger.advance(pair, life.RoomOpened(node))
        return self._carried(pair, node) is not None

    def refused(self, pair: PairId, node: NodeName) -> Pair | Closed:
        self._must_know(pair)
        present = self.ledger.pairs.get(pair)
        if present is None:
            return Closed(Outcome.DONE)
        if present.node != node or present.room_open:
            return present
        self.ledger.nodes.refused(node)
        other = self._take_slot()
        if isinstance(other, NoSlot):
            return self.ledger.advance(pair, life.RoomLost())
        self.ledger.advance(pair, life.Moved(other))
        return self.ledger.pairs[pair]

    def _must_know(self, pair: PairId) -> None:
        """Whether this pair is over: a store that began anew may not have heard of it yet, and its people are in that
        room.
        """
        if pair not in self.ledger.pairs and (left_ms := self._settles_for_ms()) > 0:
            raise Unavailable("the store", "it began anew and hears who is here", left_ms)

    def room_lost(self, pair: PairId, node: NodeName) -> Closed:
        present = self._carried(pair, node)
        if present is None or not present.room_open:
            return Closed(Outcome.DONE)
        return self.ledger.advance(pair, life.RoomLost())

    def _carried(self, pair: PairId, node: NodeName) -> Pair | None:
        present = self.ledger.pairs.get(pair)
        return present if present is not None and present.node == node else None

    def live_pairs(self, pairs: Sequence[PairId]) -> list[Pair]:
        return [self.ledger.pairs[pair] for pair in pairs if pair in self.ledger.pairs]

    def doubt(self, pair: PairId) -> None:
        present = self.ledger.pairs.get(pair)
        for side in present.sides if present is not None else ():
            self.ledger.tell(self.ledger.people[side.person], Relayed(Probe(pair)))

    def report_nodes(self, fence: int, reports: Sequence[NodeReport]) -> list[NodeName]:
        """Returns the nodes whose pairs are over; `lost_node` ends them one by one."""
        if not self._holds(NODES_LEASE, fence):
            raise Deposed("another process watches the media nodes")
        return self.ledger.nodes.report(reports)

    def lost_node(self, pair: PairId, node: NodeName) -> Closed:
        if self._carried(pair, node) is None or not self.ledger.nodes.is_lost(node):
            return Closed(Outcome.DONE)
        return self.ledger.advance(pair, life.RoomLost())
