"""What a piece of code has counted: the figures of a process are shared by all tests, so only the difference tells."""

from __future__ import annotations

from duologue.metrics.counted import Counter, Histogram


class Counted:
    """What one metric has counted since this was made."""

    def __init__(self, metric: Counter | Histogram) -> None:
        self._metric = metric
        self._before = self._now()

    def __call__(self) -> dict[str, float]:
        """By label values, joined by spaces; of a histogram, the number of observations. Only what has changed."""
        now = self._now()
        changed = {labels: figure - self._before.get(labels, 0) for labels, figure in now.items()}
        return {labels: figure for labels, figure in changed.items() if figure}

    def _now(self) -> dict[str, float]:
        return {
            " ".join(sample.labels.values()): sample.value
            for family in self._metric.collect()
            for sample in family.samples
            if sample.name.endswith(("_total", "_count"))
        }
