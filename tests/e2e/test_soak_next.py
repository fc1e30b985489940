"""The soak of Next, as short as can be: every day what `make soak-next` does a thousand times."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from benchmarks import soak_next
from benchmarks.report import Result, run


@pytest.mark.timeout(180)
def test_nothing_is_left_of_a_dozen_nexts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One connection for each, none at Stop; timers, listeners, nodes and heap as before; none of the six lines."""
    given = ["--nexts=12", "--talk-ms=100", f"--json={tmp_path / 'soak.json'}"]
    code = run("soak_next", soak_next.measure, options=soak_next._options, argv=given)
    figures = msgspec.json.decode((tmp_path / "soak.json").read_bytes(), type=Result).figures

    assert code == 0, capsys.readouterr().out
    assert figures["frame_p50_ms"].value > 0
