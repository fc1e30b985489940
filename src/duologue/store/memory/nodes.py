"""The media nodes in one process: which pairs each carries, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from duologue.ids import NodeName, PairId
from duologue.pairs.pair import Pair
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

    def begin_anew(self, pairs: Iterable[Pair]) -> None:
        """Nothing is known of them but which carries these pairs."""
        self.states, self._pairs = {}, {}
        for pair in pairs:
            if pair.node is not None:
                self.carry(pair.node, pair.id)

    def pairs_on(self, name: NodeName) -> list[PairId]:
        """The pairs that this node carries."""
        return list(self._pairs.get(name, ()))
