"""Figures that are asked for when somebody looks, instead of being kept up to date: they cannot go stale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from weakref import WeakMethod

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric

from duologue.metrics.figure import Figure

log = structlog.get_logger()

Reading = Mapping[tuple[str, ...], float]
"""What is the case now: a figure for each combination of label values."""


class Sampled(Figure):
    """A gauge with any number of sources, whose readings are added up."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str] = ()) -> None:
        self._sources: list[WeakMethod[Callable[[], Reading]]] = []
        super().__init__(name, documentation, labels)

    def read_from(self, source: Callable[[], Reading]) -> None:
        """Ask this method from now on, for as long as its object lives."""
        self._sources.append(WeakMethod(source))

    def collect(self) -> Iterable[Metric]:
        """One sample for each combination of label values."""
        total: Counter[tuple[str, ...]] = Counter()
        present = [(held, source) for held in self._sources if (source := held()) is not None]
        self._sources = [held for held, _ in present]
        for _, source in present:
            total.update(self._read(source))
        family = self.family()
        for values, figure in total.items():
            family.add_metric(values, figure)
        return [family]

    def _read(self, source: Callable[[], Reading]) -> Reading:
        """A source that fails must not take all other figures with it."""
        try:
            return source()
        except Exception:
            log.exception("figure_failed", figure=self.name)
            return {}

    def family(self) -> GaugeMetricFamily:
        """Nothing yet."""
        return GaugeMetricFamily(self.name, self.documentation, labels=self.label_names)
