"""Sides take turns, so that what else the machine does hits all of them; what each did, turn by turn."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import NamedTuple

from playwright.sync_api import Error

from benchmarks.media.sides import Meeting, Side
from benchmarks.report import CannotRun, Report

SETTLE_MS = 1_000
MOST_FAILURES = 3
"""In one turn."""


@dataclass
class Block:
    """What a side did in its turn."""

    meetings: list[Meeting] = field(default_factory=list)
    failures: int = 0
    matches: int = 0
    livekit_cpu_ms: float = 0
    connections: int = 0

    @property
    def livekit_cpu_ms_per_match(self) -> float:
        """CPU time of the LiveKit process, with joining, a short talk and leaving."""
        return self.livekit_cpu_ms / self.matches

    @property
    def connections_per_next(self) -> float:
        """Of one person."""
        return self.connections / self.matches / 2

    def after_ms(self, mark: str) -> list[float]:
        """How long after they asked, of everybody."""
        return [meeting[mark] for meeting in self.meetings]


def _turn(side: Side, nexts: int, talk_ms: float) -> Block:
    """A first meeting that is not timed, then so many that are. CPU time is that of all of them."""
    block = Block()
    cpu_s, built = side.node.process.cpu_s(), side.connections()
    for number in range(nexts + 1):
        met = _met(side, block)
        block.meetings += met if number else []
        side.people[0].stay(talk_ms)
    side.rest()
    side.people[0].stay(SETTLE_MS)
    block.livekit_cpu_ms = (side.node.process.cpu_s() - cpu_s) * 1000
    block.connections = side.connections() - built
    return block


def _met(side: Side, block: Block) -> list[Meeting]:
    """A meeting; one that fails is counted, and tried again from the start."""
    while True:
        block.matches += 1
        try:
            return side.meet()
        except Error as error:
            block.failures += 1
            if block.failures > MOST_FAILURES:
                raise CannotRun(f"{side.name} fails again and again: {error.message}") from error
            side.rest()


class Blocks(NamedTuple):
    """All turns of a side."""

    side: Side
    turns: list[Block]

    def pooled(self, mark: str = "frame") -> list[float]:
        """Of all meetings of both people."""
        return [ms for block in self.turns for ms in block.after_ms(mark)]

    def p50s(self) -> list[float]:
        """Of each turn."""
        return [median(block.after_ms("frame")) for block in self.turns]

    def p95(self) -> float:
        """Of all meetings: a turn has too few."""
        return quantiles(self.pooled(), n=20, method="inclusive")[-1]

    def cpu_ms(self) -> list[float]:
        """Of LiveKit, for each match, turn by turn."""
        return [block.livekit_cpu_ms_per_match for block in self.turns]

    def median_meeting(self) -> Meeting:
        """The one in the middle, by its first frame."""
        meetings = sorted((each for block in self.turns for each in block.meetings), key=lambda each: each["frame"])
        return meetings[len(meetings) // 2]


def add_options(parser: argparse.ArgumentParser) -> None:
    """How many turns, and how long."""
    parser.add_argument("--nexts", type=int, default=60, help="for each side; each is timed for both people")
    parser.add_argument("--block", type=int, default=10, help="Nexts before the other side has its turn")
    parser.add_argument("--talk-ms", type=float, default=300, help="how long they see each other before the next Next")


def take_turns(report: Report, all_blocks: Sequence[Blocks]) -> None:
    """Every side in every round, in the same order."""
    options = report.options
    rounds = max(1, round(options.nexts / options.block))
    with report.progress("turns", rounds * len(all_blocks)) as advance:
        for _ in range(rounds):
            for blocks in all_blocks:
                blocks.turns.append(_turn(blocks.side, options.block, options.talk_ms))
                advance(1)
