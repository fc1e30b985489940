"""Every figure is named as the field does it, and documented."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from duologue.metrics import definitions
from duologue.metrics.counted import Counter
from scripts.generate_metrics import Defined, labels_of, name_of, sections

ROOT = Path(__file__).parent.parent.parent
METRICS = [metric for _, metrics in sections() for metric in metrics]
UNITS = ("_seconds", "_total", "_info", "_per_second")
COUNTED_THINGS = (
    "queue_people", "held_matches", "shards_owned", "people", "sockets", "sockets_most", "media_node_up", "ready",
    "build", "paused_people",
)  # fmt: skip


def test_the_page_is_fresh() -> None:
    """Otherwise: `make generate`."""
    script = ROOT / "scripts" / "generate_metrics.py"
    result = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


def test_none_is_missing_from_the_page() -> None:
    """Whatever the module defines stands under one of its headings."""
    defined = [value for value in vars(definitions).values() if isinstance(value, Defined)]

    assert len(METRICS) == len(defined) > 40


@pytest.mark.parametrize("metric", METRICS, ids=name_of)
def test_a_name_says_its_unit(metric: Defined) -> None:
    """Seconds, not milliseconds; counters end in `total`; what counts things present is named after them."""
    name = name_of(metric).removeprefix("duologue_")

    assert name_of(metric).startswith("duologue_")
    assert name.endswith(UNITS) or name in COUNTED_THINGS
    assert name.endswith("_total") == isinstance(metric, Counter)


@pytest.mark.parametrize("metric", METRICS, ids=name_of)
def test_labels_are_few_and_documented(metric: Defined) -> None:
    """Each label is in the list of those whose values are few."""
    assert set(labels_of(metric)) <= definitions.LABELS.keys()
    assert len(labels_of(metric)) <= 3
