"""Reads what `exposition.py` tells: the other end of `/metrics`, for `duologue top` and for tests."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

Samples = Mapping[str, Mapping[frozenset[tuple[str, str]], float]]
"""By name as it stands in the text (`..._total`, `..._bucket`), then by labels."""


def parse(text: str) -> Samples:
    """The samples of an exposition. Raises `ValueError` for what is none."""
    samples: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return samples
