"""The benchmark `next` once over, as short as can be, through a network that is far away."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from benchmarks import next as benchmark
from benchmarks.report import Result, run


@pytest.mark.timeout(240)
def test_both_sides_meet_and_nothing_is_left(tmp_path: Path) -> None:
    """Every figure is there; each person built one connection for each match, and no picture outran the network."""
    given = ["--nexts=2", "--block=2", "--talk-ms=50", "--rtt-ms=60", f"--json={tmp_path / 'next.json'}"]
    run("next", benchmark.measure, options=benchmark._options, argv=given)
    figures = msgspec.json.decode((tmp_path / "next.json").read_bytes(), type=Result).figures

    assert figures["peer_connections_per_next"].value == 1
    assert figures["peer_connections_left"].value == 0
    assert figures["failed_meetings"].value == 0
    assert figures["sdk_warnings"].value == 0
    assert figures["timed_meetings"].value == figures["timed_meetings_bare"].value == 4
    assert figures["time_line_connected_ms_bare"].value > 3 * 60  # TCP, upgrade, ICE: a round trip each, at the least
    assert figures["time_line_matched_ms"].value > 60
