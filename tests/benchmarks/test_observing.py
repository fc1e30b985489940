"""The benchmark of what it costs to be observed: the one that is compared with counts nothing at all."""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.observing import UNOBSERVED

COUNT = """
from duologue.metrics import definitions as metrics

metrics.COMMANDS.labels("find", "ok").inc()
metrics.MATCH_SECONDS.observe(3)
families = [family for metric in (metrics.COMMANDS, metrics.MATCH_SECONDS) for family in metric.collect()]
print(sum(sample.value for family in families for sample in family.samples if not sample.name.endswith("_created")))
"""


def counted(**environment: str) -> str:
    command = [sys.executable, "-c", COUNT]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_who_is_not_observed_counts_nothing() -> None:
    """Else the two would be the same."""
    assert float(counted()) > 0
    assert float(counted(PYTHONPATH=UNOBSERVED["PYTHONPATH"])) == 0
