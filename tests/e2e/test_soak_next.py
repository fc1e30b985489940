"""The soak of Next, as short as can be: every day what `make soak-next` does a thousand times."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(180)
def test_nothing_is_left_of_a_dozen_nexts(tmp_path: Path) -> None:
    """One connection for each, none at Stop; timers, listeners, nodes and heap as before; none of the six lines."""
    options = ["--nexts=12", "--talk-ms=100", f"--json={tmp_path / 'soak.json'}"]
    command = [sys.executable, "-m", "benchmarks.soak_next", *options]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
    assert "all targets hold. Next to the first frame: p50" in run.stdout.splitlines()[-1]
