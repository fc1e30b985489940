"""The media nodes in one process: which pairs each carries, by name."""

from __future__ import annotations

from collections.abc import Mapping

from duologue.ids import NodeName, PairId
from duologue.ports import Clock
from duologue.store.ledger.nodes import Nodes


class MemoryNodes(Nodes):
    """All of them, in dictionaries."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.states = {}
        self._pairs: dict[NodeName, dict[PairId, None]] = {}

    def counts(self) -> Mapping[NodeName, int]:
        return {name: len(pairs) for name, pairs in self._pairs.items()}

    def carry(self, name: NodeName, pair: PairId) -> None:
        self._pairs.setdefault(name, {})[pair] = None

    def drop(self, name: NodeName, pair: PairId) -> None:
        pairs = self._pairs[name]
        del pairs[pair]
        if not pairs:
            del self._pairs[name]

    def pairs_on(self, name: NodeName) -> list[PairId]:
        """The pairs that this node carries."""
        return list(self._pairs.get(name, ()))
