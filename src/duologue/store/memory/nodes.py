"""The media nodes as the ledger knows them: what was reported of each, its join slots, and the pairs it carries."""

from __future__ import annotations

from collections.abc import Iterable

from duologue.ids import NodeName, PairId
from duologue.nodes import NodeHealth, NodeReport, NodeState, NoSlot, choose
from duologue.ports import Clock


class Nodes:
    """All nodes of one realm."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.states: dict[NodeName, NodeState] = {}
        self._pairs: dict[NodeName, dict[PairId, None]] = {}

    def report(self, reports: Iterable[NodeReport]) -> list[PairId]:
        """Take in news of all nodes; returns the pairs of those that are down or not there any more."""
        now_ms = self._clock.now_ms()
        fresh = {report.name: report for report in reports}
        self.states = {
            name: state.told(report, now_ms) if (state := self.states.get(name)) else NodeState(report, now_ms)
            for name, report in fresh.items()
        }
        lost = [name for name in self._pairs if name not in fresh or fresh[name].health is NodeHealth.DOWN]
        return [pair for name in lost for pair in self.pairs_on(name)]

    def take_slot(self) -> NodeName | NoSlot:
        """A slot of the node that takes the next pair."""
        counts = {name: len(pairs) for name, pairs in self._pairs.items()}
        chosen = choose(self.states.values(), counts, self._clock.now_ms())
        if isinstance(chosen, NoSlot):
            return chosen
        self.states[chosen.report.name] = chosen
        return chosen.report.name

    def refused(self, name: NodeName) -> None:
        """This node did not take a room."""
        if name in self.states:
            self.states[name] = self.states[name].refused(self._clock.now_ms())

    def took(self, name: NodeName) -> None:
        """This node took a room."""
        if name in self.states:
            self.states[name] = self.states[name].took()

    def carry(self, name: NodeName, pair: PairId) -> None:
        """This pair is on this node from now on."""
        self._pairs.setdefault(name, {})[pair] = None

    def drop(self, name: NodeName, pair: PairId) -> None:
        """This pair is no longer on this node."""
        pairs = self._pairs[name]
        del pairs[pair]
        if not pairs:
            del self._pairs[name]

    def pairs_on(self, name: NodeName) -> list[PairId]:
        """The pairs that this node carries."""
        return list(self._pairs.get(name, ()))
