"""The media nodes as the ledger knows them: what was reported of each, its join slots, how many pairs it carries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

from duologue.ids import NodeName, PairId
from duologue.nodes import NodeHealth, NodeReport, NodeState, NoSlot, choose
from duologue.ports import Clock


class Nodes(ABC):
    """All nodes of one realm."""

    states: dict[NodeName, NodeState]

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @abstractmethod
    def counts(self) -> Mapping[NodeName, int]:
        """How many pairs each node carries; a node without any may be missing."""

    @abstractmethod
    def carry(self, name: NodeName, pair: PairId) -> None:
        """This pair is on this node from now on."""

    @abstractmethod
    def drop(self, name: NodeName, pair: PairId) -> None:
        """This pair is no longer on this node."""

    def report(self, reports: Iterable[NodeReport]) -> list[NodeName]:
        """Take in news of all nodes; returns those that carry pairs and are down, or not there any more."""
        now_ms = self._clock.now_ms()
        fresh = {report.name: report for report in reports}
        self.states = {
            name: state.told(report, now_ms) if (state := self.states.get(name)) else NodeState(report, now_ms)
            for name, report in fresh.items()
        }
        return [name for name, count in self.counts().items() if count and self.is_lost(name)]

    def is_lost(self, name: NodeName) -> bool:
        """Whether the pairs of this node are over."""
        return name not in self.states or self.is_down(name)

    def is_down(self, name: NodeName) -> bool:
        """Whether this node is known to be dead. Of one that nobody spoke of yet, nothing is known."""
        state = self.states.get(name)
        return state is not None and state.report.health is NodeHealth.DOWN

    def take_slot(self) -> NodeName | NoSlot:
        """A slot of the node that takes the next pair."""
        chosen = choose(self.states.values(), self.counts(), self._clock.now_ms())
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
