"""What happened, in plain numbers: counters and histograms that cost the one who counts next to nothing.

prometheus_client guards every count by a lock, for programs of many threads, and there are some fifty counts a match
(what they cost: `benchmarks/README.md`, observing). A process of ours has one loop, and
whoever counts runs on it; a count from another thread at that very moment could be lost.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from time import perf_counter
from typing import Generic, TypeVar

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from duologue.metrics.figure import Figure

Kept = TypeVar("Kept")


class _Counted(Figure, Generic[Kept]):
    """A figure with a sample for each combination of label values; without labels there is one, from the start."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str], fresh: Callable[[], Kept]) -> None:
        super().__init__(name, documentation, labels)
        self._fresh = fresh
        self._kept: dict[tuple[str, ...], Kept] = {}
        if not labels:
            self.begin()

    def begin(self, *values: str) -> Kept:
        """Be told from now on. Raises `ValueError` where there are more or fewer values than labels."""
        if len(values) != len(self.label_names):
            raise ValueError(f"{self.name} has the labels {self.label_names}, not {values}")
        return self._kept.setdefault(values, self._fresh())


class Counter(_Counted[float]):
    """Counts what happens."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str] = ()) -> None:
        super().__init__(name, documentation, labels, float)

    def inc(self, *values: str, by: float = 1) -> None:
        """So many more with these label values. Raises `ValueError` as `begin` does."""
        try:
            self._kept[values] += by
        except KeyError:
            self._kept[values] = self.begin(*values) + by

    def family(self) -> CounterMetricFamily:
        """Nothing yet."""
        return CounterMetricFamily(self.name, self.documentation, labels=self.label_names)

    def collect(self) -> Iterable[Metric]:
        """One sample for each combination of label values."""
        family = self.family()
        for values, count in list(self._kept.items()):
            family.add_metric([str(value) for value in values], count)
        return [family]


class _Seen:
    """How many were at most so large, for each bound and above them all, and how much that is together."""

    __slots__ = ("counts", "sum")

    def __init__(self, bounds: int) -> None:
        self.counts = [0] * (bounds + 1)
        self.sum = 0.0


class Histogram(_Counted[_Seen]):
    """Counts how large what happens is; `buckets` are upper bounds, which belong to their bucket."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str] = (), *, buckets: Sequence[float]) -> None:
        self.buckets = tuple(buckets)
        super().__init__(name, documentation, labels, lambda: _Seen(len(buckets)))

    def observe(self, figure: float, *values: str) -> None:
        """One more with these label values. Raises `ValueError` as `begin` does."""
        try:
            seen = self._kept[values]
        except KeyError:
            seen = self.begin(*values)
        seen.counts[bisect_left(self.buckets, figure)] += 1
        seen.sum += figure

    @contextmanager
    def time(self, *values: str) -> Iterator[None]:
        """Observe how many seconds this block takes, however it ends."""
        began_s = perf_counter()
        try:
            yield
        finally:
            self.observe(perf_counter() - began_s, *values)

    def family(self) -> HistogramMetricFamily:
        """Nothing yet."""
        return HistogramMetricFamily(self.name, self.documentation, labels=self.label_names)

    def collect(self) -> Iterable[Metric]:
        """Buckets that each hold all smaller ones, as the format wants it."""
        family = self.family()
        bounds = [*map(str, map(float, self.buckets)), "+Inf"]
        for values, seen in list(self._kept.items()):
            buckets = list(zip(bounds, accumulate(seen.counts), strict=True))
            family.add_metric([str(value) for value in values], buckets, seen.sum)
        return [family]
