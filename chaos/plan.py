"""From a seed to what goes wrong, in which order, for how long. Pure.

A round is one fault or two that overlap, by turns: each fault alone, in an order of the seed, and any two after each;
then pairs, without end: the runner takes as many as it has time for, and goes on once everybody is well again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from random import Random
from typing import NamedTuple

OVERLAP_S = 3.0
"""Within this after the first begins the second."""


class Kind(NamedTuple):
    """What the plan has to know of a fault."""

    name: str
    within_s: float
    lasts_s: tuple[float, float]
    told: str = ""
    """Two of the same never overlap; '' is none."""


class Step(NamedTuple):
    """One fault, in seconds from the beginning of its round. `dice` is the seed of what it draws itself."""

    after_s: float
    fault: str
    lasts_s: float
    dice: int


class Round(NamedTuple):
    """Faults that belong together."""

    steps: tuple[Step, ...]
    at_most_s: float
    """By then it is over, and nobody feels it any more."""

    @property
    def lasts_s(self) -> float:
        """Until the last fault is undone."""
        return max(step.after_s + step.lasts_s for step in self.steps)

    @property
    def name(self) -> str:
        return " + ".join(step.fault for step in self.steps)


def rounds(seed: int, kinds: Sequence[Kind]) -> Iterator[Round]:
    """What this seed has in store, without end where any two can overlap."""
    dice = Random(seed)
    alone, pairs = dice.sample(list(kinds), len(kinds)), list(filter(_may_overlap, combinations(kinds, 2)))
    while alone or pairs:
        if alone:
            yield _round([alone.pop()], dice)
        if pairs:
            yield _round(dice.sample(dice.choice(pairs), 2), dice)


def _may_overlap(pair: tuple[Kind, Kind]) -> bool:
    return not pair[0].told or pair[0].told != pair[1].told


def _round(kinds: Sequence[Kind], dice: Random) -> Round:
    steps = tuple(
        Step(dice.uniform(0, OVERLAP_S) if index else 0.0, kind.name, dice.uniform(*kind.lasts_s), dice.getrandbits(32))
        for index, kind in enumerate(kinds)
    )
    over_s = max(step.after_s + step.lasts_s for step in steps)
    return Round(steps, over_s + sum(kind.within_s for kind in kinds))
