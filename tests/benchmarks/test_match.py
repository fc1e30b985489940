"""The benchmark of the time to match: real processes, a small crowd, and everybody meets somebody."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from benchmarks import match
from benchmarks.meeting import service
from benchmarks.redis_store.server import redis_running
from benchmarks.relay.processes import Process
from benchmarks.report import Result, run
from tests.fakes import wait_until


@pytest.mark.timeout(240)  # each process of a service takes a second of CPU to start
def test_whoever_looks_for_somebody_is_matched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A small run to its end: nobody is left over, and each find had a partner who waited."""
    monkeypatch.setattr(match, "WARM_UP_S", 0.5)
    small = ["--people", "40", "--waiting", "4", "--rate", "10", "--seconds", "2"]
    code = run("match", match.measure, options=match._options, argv=[*small, "--json", str(tmp_path / "x.json")])
    assert code in (0, 1), capsys.readouterr().err  # how fast it is depends on what else this machine does
    figures = msgspec.json.decode((tmp_path / "x.json").read_bytes(), type=Result).figures

    assert figures["finds_without_match"].value == 0
    assert figures["finds_without_partner"].value == 0
    assert figures["finds_per_s"].value == pytest.approx(10, rel=0.2)
    assert 0 < figures["time_to_match_p50_ms"].value <= figures["time_to_match_max_ms"].max
    assert all(figures[f"{role}_cpu_ms_per_match"].value > 0 for role in ("gateway", "matcher", "redis", "generator"))


def runs(process: Process) -> bool:
    """What has ended has no command line any more, even before its parent looks at it."""
    try:
        return Path(f"/proc/{process.pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


@pytest.mark.timeout(240)
async def test_the_processes_of_a_service_are_known_and_gone_afterwards(tmp_path: Path) -> None:
    """By the names of their roles, so that each can be weighed."""
    with redis_running() as redis, service.serving(redis, 2, "k" * 32, tmp_path) as serving:
        processes = serving.processes
        assert set(processes) == {"gateway-1", "gateway-2", "matcher-1", "api-1"}
        assert serving.cpu_s("gateway") > 0 < serving.cpu_s("matcher")

    await wait_until(lambda: not any(map(runs, processes.values())), description="nobody is left")


def test_a_crowd_that_is_too_small_does_not_begin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and what to change."""
    json = ["--json", str(tmp_path / "x.json")]

    assert run("match", match.measure, options=match._options, argv=["--people", "100", *json]) == 2
    assert "four times --waiting" in capsys.readouterr().err
