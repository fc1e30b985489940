"""The harness of the benchmarks: what counts, what is written, and how a run ends."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks import __main__ as runner
from benchmarks.report import CannotRun, Report, Result, Target, run

ROOT = Path(__file__).resolve().parents[2]


def result_of(path: Path, measure: Any) -> tuple[int, Result]:
    """A run's exit code and file."""
    code = run("sample", measure, argv=["--json", str(path)])
    return code, msgspec.json.decode(path.read_bytes(), type=Result)


def test_the_median_counts_and_the_spread_is_told(tmp_path: Path) -> None:
    """One slow run does not decide."""
    _, result = result_of(tmp_path / "x.json", lambda report: report.add("speed", [7, 1, 9], "per s"))
    figure = result.figures["speed"]

    assert (figure.value, figure.min, figure.max, figure.target, figure.holds) == (7, 1, 9, None, None)


@pytest.mark.parametrize(
    ("target", "value", "code"),
    [
        (Target(">=", 50_000), 50_000, 0),
        (Target(">=", 50_000), 49_999, 1),
        (Target("<=", 3), 3, 0),
        (Target("<=", 3), 3.1, 1),
        (Target("==", 0), 0, 0),
        (Target("==", 0), 1, 1),
    ],
)
def test_the_exit_code_says_whether_targets_hold(tmp_path: Path, target: Target, value: float, code: int) -> None:
    """0 or 1, and the file says which figure."""
    done, result = result_of(tmp_path / "x.json", lambda report: report.add("it", [value], "x", target))

    assert (done, result.figures["it"].holds) == (code, code == 0)


@pytest.mark.parametrize(("values", "verdict"), [([0], "all targets hold"), ([1], "1 of 1 targets missed (leaks)")])
def test_the_last_line_says_how_it_went(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], values: list[float], verdict: str
) -> None:
    """And what the benchmark wants to be read first."""

    def measure(report: Report) -> None:
        report.add("speed", [7], "per s")
        report.add("leaks", values, "", Target("==", 0))
        report.summary = "7 per s"

    run("sample", measure, argv=["--json", str(tmp_path / "x.json")])

    assert capsys.readouterr().out.splitlines()[-1] == f"sample: {verdict}. 7 per s"


def test_what_could_not_run_ends_with_2_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing server is no bad figure."""

    def measure(report: Report) -> None:
        raise CannotRun("no server here: start one")

    assert run("sample", measure, argv=["--json", str(tmp_path / "x.json")]) == 2
    assert not (tmp_path / "x.json").exists()
    assert "no server here: start one" in capsys.readouterr().err


def test_a_benchmark_has_options_of_its_own(tmp_path: Path) -> None:
    """Beside `--json`."""
    seen = []

    def options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--people", type=int, default=5)

    run(
        "sample",
        lambda report: seen.append(report.options.people),
        options=options,
        argv=["--json", str(tmp_path / "x")],
    )

    assert seen == [5]


def test_the_result_names_machine_versions_and_command(tmp_path: Path) -> None:
    """A figure without them says nothing."""
    _, result = result_of(tmp_path / "x.json", lambda report: report.names_version("redis", "7.0"))

    assert result.name == "sample"
    assert result.machine
    assert {"python", "duologue", "redis"} <= set(result.versions)
    assert result.command.startswith("python -m benchmarks.")


def test_an_unknown_benchmark_is_named() -> None:
    """And those that there are."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "nonsense"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "nonsense" in done.stderr


def test_only_programs_are_benchmarks() -> None:
    """The harness itself is none."""
    assert "report" not in runner.known()
