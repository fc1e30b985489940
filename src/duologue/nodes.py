"""Media nodes as values: how healthy they are, and which of them takes the next pair.

Pure, so that every store admits alike: a store keeps one `NodeState` per node and asks `choose`. A *join
slot* is leave to start one pair on a node; slots come at the rate that its cores bear (GCRA), so the pairs of
a node that died come back through the slots of the others instead of all at once.

Must not know LiveKit, pairs or who probes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum, StrEnum, auto
from typing import NamedTuple

import msgspec

from duologue.ids import NodeName
from duologue.protocol.codes import Pause
from duologue.safety.ratelimit import Rate, admit

REPORT_TTL_MS = 5_000
"""News of a node that is older counts for nothing: whoever watched is gone."""
ASK_AGAIN_MS = 250
"""While no node takes pairs."""
REFUSAL_PAUSE_MS = 5_000
"""A node that did not take a room is left alone for so long, and then tried with one pair at a time."""
STEADY_AFTER_MS = 60_000
"""A fall that is longer ago says nothing about how steady a node is."""
MOST_PROOF = 8
CORE_SHARE = 0.6
CPU_S_PER_MATCH = 0.076
"""Measured: two joins, camera and microphone, and the end."""


def slots_rate(slots_per_s: float) -> Rate:
    """Join slots as a rate: a second's worth at once, then one at a time. Rounded to fewer slots."""
    return Rate(interval_ms=max(1, -int(-1000 // slots_per_s)), burst=max(1, round(slots_per_s)))


def slots_of_cores(cores: int) -> float:
    """How many pairs a second a node with so many cores can start, and still forward media."""
    return cores * CORE_SHARE / CPU_S_PER_MATCH


# -- health ---------------------------------------------------------------------------------------


class Pulse(Enum):
    """What one look at a node showed."""

    WELL = auto()
    SILENT = auto()
    """No answer in time, or one that it is not well."""
    DEAD = auto()
    """Nobody listens there."""


class NodeHealth(StrEnum):
    """What is believed of a node."""

    UP = "up"
    SILENT = "silent"
    """It missed a look: it gets no new pairs, and those it has go on."""
    DOWN = "down"
    """Its pairs are over."""


class Watched(NamedTuple):
    """A node as its watcher knows it."""

    seen: NodeHealth | None = None
    """None: not yet."""
    falls_ms: tuple[int, ...] = ()
    """When it went down, lately."""
    proof: int = 0
    """Good looks in a row since it went down."""

    @property
    def health(self) -> NodeHealth:
        """What to report. Who has just begun to watch takes nobody down for one silence."""
        return self.seen or NodeHealth.SILENT

    def after(self, pulse: Pulse, now_ms: int) -> Watched:
        """Dead at once, or silent twice in a row: down. Up after one good look; after each fall of the last minute
        it takes twice as many, so that a node that flaps takes nobody down with it again and again.
        """
        falls_ms = tuple(at_ms for at_ms in self.falls_ms if at_ms > now_ms - STEADY_AFTER_MS)
        match pulse:
            case Pulse.WELL if self.seen is NodeHealth.DOWN and self.proof + 1 < _proof_needed(falls_ms):
                return Watched(NodeHealth.DOWN, falls_ms, self.proof + 1)
            case Pulse.WELL:
                return Watched(NodeHealth.UP, falls_ms)
            case Pulse.SILENT if self.seen in (None, NodeHealth.UP):
                return Watched(NodeHealth.SILENT, falls_ms)
        if self.seen is NodeHealth.DOWN:
            return Watched(NodeHealth.DOWN, falls_ms)
        return Watched(NodeHealth.DOWN, (*falls_ms[1 - MOST_PROOF :], now_ms))


def _proof_needed(falls_ms: tuple[int, ...]) -> int:
    """The first fall costs nothing: a restart should be over as soon as it is."""
    return min(MOST_PROOF, 1 << max(0, len(falls_ms) - 1))


class NodeReport(msgspec.Struct, frozen=True):
    """What a watcher tells the store about one node."""

    name: NodeName
    health: NodeHealth
    slots: Rate


# -- admission ------------------------------------------------------------------------------------


class NodeState(msgspec.Struct, frozen=True):
    """What a store keeps of one node."""

    report: NodeReport
    reported_ms: int
    full_at_ms: int = 0
    """GCRA: when all its slots will be free again."""
    tried_again_ms: int | None = None
    """It did not take a room: not before this time, and then one pair at a time until it took one."""

    def told(self, report: NodeReport, now_ms: int) -> NodeState:
        """With fresh news. Who comes back is not held to what it refused before it fell."""
        fell = self.report.health is not NodeHealth.DOWN and report.health is NodeHealth.DOWN
        return NodeState(report, now_ms, self.full_at_ms, None if fell else self.tried_again_ms)

    def refused(self, now_ms: int) -> NodeState:
        """It did not take a room."""
        return msgspec.structs.replace(self, tried_again_ms=now_ms + REFUSAL_PAUSE_MS)

    def took(self) -> NodeState:
        """It took a room: all is well."""
        return self if self.tried_again_ms is None else msgspec.structs.replace(self, tried_again_ms=None)

    def works(self, now_ms: int) -> bool:
        """Whether it is known to be up, and not being left alone."""
        fresh = self.reported_ms > now_ms - REPORT_TTL_MS
        alone = self.tried_again_ms is not None and self.tried_again_ms > now_ms
        return fresh and not alone and self.report.health is NodeHealth.UP

    def slot_taken(self, now_ms: int) -> NodeState:
        """One slot less, whether one was free or not; see `wait_ms`."""
        full_at_ms = max(self.full_at_ms, now_ms) + self.report.slots.interval_ms
        again_ms = None if self.tried_again_ms is None else now_ms + REFUSAL_PAUSE_MS
        return msgspec.structs.replace(self, full_at_ms=full_at_ms, tried_again_ms=again_ms)

    def wait_ms(self, now_ms: int) -> int:
        """Until a slot is free; 0: now."""
        return admit(self.report.slots, self.full_at_ms, now_ms).retry_after_ms

    def load(self, now_ms: int) -> float:
        """The share of its slots that is taken."""
        slots = self.report.slots
        return max(0, self.full_at_ms - now_ms) / (slots.interval_ms * slots.burst) if slots.interval_ms else 0.0


class NoSlot(NamedTuple):
    """No pair can begin now, as a rule because no node takes one. Nothing changed; the same again makes sense after
    `retry_after_ms`.
    """

    retry_after_ms: int
    why: Pause


def choose(states: Iterable[NodeState], pairs: Mapping[NodeName, int], now_ms: int) -> NodeState | NoSlot:
    """The node that takes the next pair, as it is with the slot taken.

    The one with the smallest share of its slots in use; among equals the one that carries the fewest of `pairs`
    for its size.
    """
    working = [state for state in states if state.works(now_ms)]
    if not working:
        return NoSlot(ASK_AGAIN_MS, Pause.MEDIA_DOWN)
    free = [state for state in working if not state.wait_ms(now_ms)]
    if not free:
        return NoSlot(min(state.wait_ms(now_ms) for state in working), Pause.MEDIA_BUSY)

    def burden(state: NodeState) -> tuple[float, float, str]:
        report = state.report
        return state.load(now_ms), pairs.get(report.name, 0) * max(1, report.slots.interval_ms), report.name

    return min(free, key=burden).slot_taken(now_ms)
