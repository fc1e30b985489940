"""What a fault does to a process is undone with it, also where the fault breaks off."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from chaos.faults.gateway import _limited
from chaos.faults.processes import stopped
from chaos.processes import Child, Program
from tests.fakes import wait_until


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Program]:
    """A process that has nothing to do."""
    program = Program(["sleep", "60"], os.environ, tmp_path / "sleeper.log")
    program.start()
    yield program
    program.end()


def is_frozen(child: Child) -> bool:
    return Path(f"/proc/{child.pid}/stat").read_text().rpartition(") ")[2].startswith("T")


async def test_who_is_stopped_goes_on(sleeper: Program) -> None:
    """It stands still meanwhile."""
    child = sleeper.child
    with suppress(TimeoutError), stopped(child):
        await wait_until(lambda: is_frozen(child), description="it stands still")
        raise TimeoutError
    await wait_until(lambda: not is_frozen(child), description="it goes on")


def test_a_limit_is_taken_back(sleeper: Program) -> None:
    """Whatever it was before."""
    child = sleeper.child
    before = resource.prlimit(child.pid, resource.RLIMIT_NOFILE)
    with suppress(TimeoutError), _limited(child, resource.RLIMIT_NOFILE, 5):
        assert resource.prlimit(child.pid, resource.RLIMIT_NOFILE) == (5, before[1])
        raise TimeoutError
    assert resource.prlimit(child.pid, resource.RLIMIT_NOFILE) == before


def test_who_is_gone_needs_no_healing(sleeper: Program) -> None:
    """Another fault may have killed it meanwhile."""
    child = sleeper.child
    with stopped(child), _limited(child, resource.RLIMIT_NOFILE, 5):
        sleeper.end()
    assert not sleeper.running
