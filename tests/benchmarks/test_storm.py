"""The reconnect storm: real processes, a small crowd, and everybody is back as before."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from benchmarks import storm
from benchmarks.reconnecting.spread import distance, picture
from benchmarks.report import Result, run


@pytest.mark.timeout(240)  # each process of a service takes a second of CPU to start
def test_whoever_loses_their_gateway_is_back_as_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Killed, then stopped: they come back spread as designed, to the same partner or the same place in the queue."""
    argv = ["--people", "160", "--drain-per-s", "400", "--json", str(tmp_path / "x.json")]
    code = run("storm", storm.measure, options=storm._options, argv=argv)
    assert code == 0, capsys.readouterr().err
    figures = msgspec.json.decode((tmp_path / "x.json").read_bytes(), type=Result).figures

    assert 40 <= figures["killed_people"].value <= 120, "the kernel gave either gateway its share"
    assert figures["drained_people"].value > 0
    assert figures["killed_first_wait_uneven"].holds
    for storm_ in ("killed", "drained"):
        for what in ("not_back", "place_lost", "not_heard", "others_lost", "errors"):
            assert figures[f"{storm_}_{what}"].value == 0


def test_an_even_spread_is_told_from_a_crowd() -> None:
    """Whatever their number."""
    assert distance([5, 15, 25, 35, 45, 55, 65, 75, 85, 95], 100) < 0.5
    assert distance([0] * 100, 100) > 2.5
    assert distance([n / 2 for n in range(100)], 100) > 2.5


def test_a_picture_has_a_bar_for_each_step() -> None:
    """Also for those in which nothing was; and so few that one sees it all."""
    assert list(picture("waits", [1, 1.5, 3])) == [
        "waits (3 people)",
        "      1 ms      2 " + "█" * 60,
        "      2 ms      0",
        "      3 ms      1 " + "█" * 30,
    ]
    assert len(list(picture("waits", range(3_000)))) <= 21


def test_a_crowd_that_cannot_be_does_not_begin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and what to change."""
    argv = ["--people", "41", "--json", str(tmp_path / "x.json")]

    assert run("storm", storm.measure, options=storm._options, argv=argv) == 2
    assert "multiple of four" in capsys.readouterr().err
