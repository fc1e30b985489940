"""Sums, growth and percentiles of samples, as PromQL has them. Pure: knows no metric by name."""

from __future__ import annotations

import math
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

Labels = frozenset[tuple[str, str]]
Samples = Mapping[str, Mapping[Labels, float]]
NOTHING: Samples = {}


class Figures:
    """Samples, and what can be asked of them. Where nobody told a metric, the answer is None and not 0."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    def total(self, name: str, **labels: str) -> float | None:
        """The sum of all that have these labels, among others."""
        found = self._having(name, labels)
        return sum(found.values()) if found else None

    def largest(self, name: str) -> float | None:
        """The largest of all."""
        return max(self._samples.get(name, {}).values(), default=None)

    def by(self, label: str, name: str, **labels: str) -> dict[str, float]:
        """The sum for each value of a label, of those that have these labels, too."""
        found: dict[str, float] = defaultdict(float)
        for each, figure in self._having(name, labels).items():
            found[dict(each).get(label, "")] += figure
        return dict(found)

    def labels(self, name: str) -> dict[str, str]:
        """Those of the only sample, or of one of them."""
        return dict(next(iter(self._samples.get(name, {})), frozenset[tuple[str, str]]()))

    def histogram(self, name: str, **labels: str) -> Histogram:
        """All of them together."""
        buckets = self.by("le", f"{name}_bucket", **labels)
        return Histogram(tuple(sorted((float(bound), figure) for bound, figure in buckets.items())))

    def _having(self, name: str, labels: Mapping[str, str]) -> dict[Labels, float]:
        wanted = labels.items()
        return {each: figure for each, figure in self._samples.get(name, {}).items() if wanted <= dict(each).items()}


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many were at most so much: bounds that rise, the last one without end."""

    buckets: tuple[tuple[float, float], ...]

    @property
    def count(self) -> float:
        """How many there were."""
        return self.buckets[-1][1] if self.buckets else 0

    def quantile(self, share: float) -> float | None:
        """As `histogram_quantile` has it: even within a bucket, and the last bound where it lies beyond it."""
        if self.count <= 0:
            return None
        rank = share * self.count
        for (low, below), (high, within) in pairwise(((0.0, 0.0), *self.buckets)):
            if within >= rank and within > below:
                return low if math.isinf(high) else low + (high - low) * (rank - below) / (within - below)
        return None


def growth(before: Samples, now: Samples) -> Samples:
    """What came to each counter meanwhile. One that fell began anew at 0; one that was not there began there, too."""
    return {
        name: {labels: _grown(before.get(name, {}).get(labels, 0), figure) for labels, figure in samples.items()}
        for name, samples in now.items()
    }


def _grown(before: float, now: float) -> float:
    return now - before if now >= before else now


def together(several: Iterable[Samples], of_two: Callable[[float, float], float] = operator.add) -> Figures:
    """What several told, as the sum; or with `max` as the largest of each, where a sum makes no sense."""
    total: dict[str, dict[Labels, float]] = defaultdict(dict)
    for samples in several:
        for name, each in samples.items():
            of_name = total[name]
            for labels, figure in each.items():
                of_name[labels] = of_two(of_name[labels], figure) if labels in of_name else figure
    return Figures(total)
