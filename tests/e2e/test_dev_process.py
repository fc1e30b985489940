"""`duologue dev` as a process: it starts, says what is wrong, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.processes import processes_naming
from tests.e2e.servers import Dev, Server
from tests.fakes import free_port

WITHIN_S = 20


def wait_until(condition: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < give_up, f"waited in vain: {what}"
        time.sleep(0.02)


@pytest.fixture
def own_server(tmp_path: Path) -> Server:
    """A server that the test may end as it likes."""
    return Dev(tmp_path)


def test_ctrl_c_leaves_no_process(own_server: Server) -> None:
    """One Ctrl-C ends the server and its LiveKit, and that counts as success."""
    assert len(processes_naming(str(own_server.state_dir))) >= 2

    assert own_server.stop() == 0
    assert processes_naming(str(own_server.state_dir)) == {}


def test_a_killed_server_leaves_no_orphan(own_server: Server) -> None:
    """LiveKit ends with a parent that had no chance to say goodbye."""
    own_server.kill()

    wait_until(lambda: not processes_naming(str(own_server.state_dir)), "LiveKit follows its parent")


def test_a_taken_port_is_named(server: Server, tmp_path: Path) -> None:
    """A second server on the same port says which port, and what to do."""
    command = [
        sys.executable,
        "-m",
        "duologue",
        "dev",
        "--text-only",
        "--port",
        str(server.port),
        "--ws-port",
        str(free_port()),
    ]
    second = subprocess.run(
        [*command, "--state-dir", str(tmp_path)], capture_output=True, text=True, timeout=30, check=False
    )

    assert second.returncode == 2
    assert f"127.0.0.1:{server.port}" in second.stderr
    assert "DUOLOGUE_HTTP__PORT" in second.stderr
