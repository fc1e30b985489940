"""The benchmark `next` once over, as short as can be, through a network that is far away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks.report import Result

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(240)
def test_both_sides_meet_and_nothing_is_left(tmp_path: Path) -> None:
    """Every figure is there; each person built one connection for each match, and no picture outran the network."""
    told = tmp_path / "next.json"
    options = ["--nexts=2", "--block=2", "--talk-ms=50", "--rtt-ms=60", f"--json={told}"]
    command = [sys.executable, "-m", "benchmarks.next", *options]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.exists(), run.stdout + run.stderr  # whether its targets hold is no matter for a test
    figures = msgspec.json.decode(told.read_bytes(), type=Result).figures

    assert figures["peer_connections_per_next"].value == 1
    assert figures["peer_connections_left"].value == 0
    assert figures["failed_meetings"].value == 0
    assert figures["sdk_warnings"].value == 0
    assert figures["timed_meetings"].value == figures["timed_meetings_bare"].value == 4
    assert figures["time_line_connected_ms_bare"].value > 3 * 60  # TCP, upgrade, ICE: a round trip each, at the least
    assert figures["time_line_matched_ms"].value > 60
