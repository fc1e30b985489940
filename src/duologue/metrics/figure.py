"""What all kinds of figures have in common: a name, words, labels, and that they are told with all others."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

REGISTRY = CollectorRegistry()
"""All of ours, and nothing else."""


class Figure(Collector):
    """One line of `definitions.py`."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str] = ()) -> None:
        self.name = name
        self.documentation = documentation
        self.label_names = tuple(labels)
        REGISTRY.register(self)

    @abstractmethod
    def family(self) -> Metric:
        """What is told of it, still without a sample."""

    def describe(self) -> Iterable[Metric]:
        """Without asking anybody."""
        return [self.family()]
