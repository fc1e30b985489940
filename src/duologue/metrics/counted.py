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


class Count:
    """A number that only grows."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def inc(self, by: float = 1) -> None:
        """So many more."""
        self.value += by


class Observations:
    """How many were at most so large, for each bound; the last bucket has all that were larger."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, figure: float) -> None:
        """One more."""
        self.counts[bisect_left(self.bounds, figure)] += 1
        self.sum += figure

    @contextmanager
    def time(self) -> Iterator[None]:
        """Observe how many seconds this block takes, however it ends."""
        began_s = perf_counter()
        try:
            yield
        finally:
            self.observe(perf_counter() - began_s)


Child = TypeVar("Child")


class _Labelled(Figure, Generic[Child]):
    """A child for each combination of label values; without labels there is one, from the start."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str], make: Callable[[], Child]) -> None:
        super().__init__(name, documentation, labels)
        self._make = make
        self._children: dict[tuple[str, ...], Child] = {}
        if not labels:
            self.labels()

    def labels(self, *values: str) -> Child:
        """The one to count on. Raises `ValueError` where there are more or fewer values than labels."""
        child = self._children.get(values)
        return self._born(values) if child is None else child

    def _born(self, values: tuple[str, ...]) -> Child:
        if len(values) != len(self.label_names):
            raise ValueError(f"{self.name} has the labels {self.label_names}, not {values}")
        return self._children.setdefault(values, self._make())


class Counter(_Labelled[Count]):
    """Counts what happens."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str] = ()) -> None:
        super().__init__(name, documentation, labels, Count)

    def inc(self, by: float = 1) -> None:
        """So many more, where there are no labels."""
        self.labels().inc(by)

    def family(self) -> CounterMetricFamily:
        """Nothing yet."""
        return CounterMetricFamily(self.name, self.documentation, labels=self.label_names)

    def collect(self) -> Iterable[Metric]:
        """One sample for each combination of label values."""
        family = self.family()
        for values, count in list(self._children.items()):
            family.add_metric([str(value) for value in values], count.value)
        return [family]


class Histogram(_Labelled[Observations]):
    """Counts how large what happens is; `buckets` are upper bounds, which belong to their bucket."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str] = (), *, buckets: Sequence[float]) -> None:
        self.buckets = tuple(buckets)
        super().__init__(name, documentation, labels, lambda: Observations(self.buckets))

    def observe(self, figure: float) -> None:
        """One more, where there are no labels."""
        self.labels().observe(figure)

    def family(self) -> HistogramMetricFamily:
        """Nothing yet."""
        return HistogramMetricFamily(self.name, self.documentation, labels=self.label_names)

    def collect(self) -> Iterable[Metric]:
        """Buckets that each hold all smaller ones, as the format wants it."""
        family = self.family()
        bounds = [*map(str, map(float, self.buckets)), "+Inf"]
        for values, seen in list(self._children.items()):
            buckets = list(zip(bounds, accumulate(seen.counts), strict=True))
            family.add_metric([str(value) for value in values], buckets, seen.sum)
        return [family]
