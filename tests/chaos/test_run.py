"""A short evening of the real system: it is broken four times, and nobody is lost; and a run that is stopped."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

from chaos.checks import violations
from chaos.options import Options
from chaos.page import to_html
from chaos.report import judged, summary, to_json
from chaos.run import run
from chaos.topology import Size
from tests.e2e.processes import processes_naming
from tests.fakes import wait_until

SMALL = Size(gateways=2, matchers=2, apis=2, nodes=1)
FAULTS = ("gateway-killed", "api-killed", "matcher-killed", "redis-empty")
PROGRAM = (sys.executable, "-m", "chaos")


@pytest.mark.timeout(180)
def test_an_evening_with_four_faults_violates_nothing(tmp_path: Path) -> None:
    """All roles, Redis with Sentinels, PostgreSQL and LiveKit as processes; `make chaos` is the long one."""
    options = Options(
        seed=1, seconds=60, people=24, voice=2, only=FAULTS, rounds_most=len(FAULTS), forget_within_s=0, calm_s=6,
        size=SMALL, folder=tmp_path,
    )  # fmt: skip
    story = asyncio.run(run(options, print))
    told = judged(1, story, violations(story))
    result = json.loads(to_json(told))

    assert told.violations == [], summary(told)
    rounds = [fault["name"].split(" + ") for fault in result["faults"]]
    assert [len(names) for names in rounds] == [1, 2, 1, 2], summary(told)
    assert {name for names in rounds for name in names} == set(FAULTS), summary(told)
    assert result["pairs"] > len(story.people) / 2
    assert {name for name in FAULTS if name in to_html(told)} == set(FAULTS)


@pytest.mark.timeout(120)
async def test_ctrl_c_leaves_no_process(tmp_path: Path) -> None:
    """Whatever it is doing just then: here it starts everything."""
    folder = tmp_path / "of-this-run"
    process = await asyncio.create_subprocess_exec(*PROGRAM, "--logs", str(folder), stderr=asyncio.subprocess.DEVNULL)
    await wait_until((folder / "gateway.log").exists, description="it starts", within_s=60)
    assert processes_naming(str(folder)), "its servers run"

    process.send_signal(signal.SIGINT)

    assert await process.wait() == 2
    await wait_until(lambda: not processes_naming(str(folder)), description="nothing is left")
