"""The LiveKit of `duologue dev`, with the real server."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from duologue import die_with_parent
from duologue.media import child as child_module
from duologue.media.child import LiveKitChild, LiveKitPorts, LiveKitUnavailable, answers, pass_on
from tests.fakes import free_port, wait_until

WITHIN_S = 30

PARENT = """
import pathlib, sys, uvloop
from duologue.media.child import LiveKitChild, LiveKitPorts

async def main():
    livekit = LiveKitChild(state_dir=pathlib.Path(sys.argv[1]), ports=LiveKitPorts(int(sys.argv[2]), int(sys.argv[3])))
    await livekit.start()
    print(livekit.pid, flush=True)
    sys.stdin.read()
    await livekit.stop()

uvloop.run(main())
"""


def runs(pid: int) -> bool:
    """Whether the process is there and not merely waiting to be buried."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def processes_naming(text: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def listening(pid: int) -> set[tuple[str, str]]:
    """(protocol, address in hex) of everything the process listens on."""
    sockets = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    found = set()
    for protocol in ("tcp", "tcp6", "udp", "udp6"):
        for row in Path(f"/proc/{pid}/net/{protocol}").read_text().splitlines()[1:]:
            columns = row.split()
            waits = protocol.startswith("udp") or columns[3] == "0A"
            if waits and f"socket:[{columns[9]}]" in sockets:
                found.add((protocol, columns[1].split(":")[0]))
    return found


@pytest.fixture
def ports() -> LiveKitPorts:
    return LiveKitPorts(free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM))


@pytest.fixture
async def livekit(tmp_path: Path, ports: LiveKitPorts) -> AsyncIterator[LiveKitChild]:
    server = LiveKitChild(state_dir=tmp_path, ports=ports)
    yield server
    await server.stop()


async def test_start_gives_access_to_a_server_that_answers(livekit: LiveKitChild, ports: LiveKitPorts) -> None:
    """When `start` returns, people can be let in."""
    access = await livekit.start()

    assert f"ws://127.0.0.1:{ports.http}" == access.url
    assert await answers(ports.http)
    assert access.api_secret not in repr(access)


async def test_stop_leaves_no_process(livekit: LiveKitChild, tmp_path: Path) -> None:
    """Nothing that names this run's files is left, and stopping twice does no harm."""
    await livekit.start()
    assert processes_naming(str(tmp_path))

    await livekit.stop()
    await livekit.stop()

    assert livekit.pid is None
    assert processes_naming(str(tmp_path)) == []


async def test_the_secret_is_on_no_command_line(livekit: LiveKitChild) -> None:
    """Everybody on a machine can read the command lines of all processes."""
    access = await livekit.start()

    assert processes_naming(access.api_secret) == []


async def test_a_killed_server_comes_back(livekit: LiveKitChild, ports: LiveKitPorts) -> None:
    """It dies by itself; soon another one answers with the same keys, and the log says so."""
    await livekit.start()
    first = livekit.pid
    assert first is not None

    with capture_logs() as logs:
        os.kill(first, signal.SIGKILL)
        await wait_until(
            lambda: any(entry["event"] == "livekit_restarted" for entry in logs),
            description="it came back",
            within_s=WITHIN_S,
        )

    assert livekit.pid not in {None, first}
    assert await answers(ports.http)
    assert "livekit_died" in {entry["event"] for entry in logs}


async def test_stop_while_it_is_being_restarted_leaves_no_process(livekit: LiveKitChild, tmp_path: Path) -> None:
    """Stopping wins over restarting."""
    await livekit.start()
    first = livekit.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await wait_until(lambda: livekit.pid != first, description="it was seen to die", within_s=WITHIN_S)

    await livekit.stop()

    assert processes_naming(str(tmp_path)) == []


async def test_a_server_that_ignores_sigterm_is_killed(
    tmp_path: Path, ports: LiveKitPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`stop` ends even a LiveKit that hangs."""
    livekit = LiveKitChild(state_dir=tmp_path, ports=ports)
    await livekit.start()
    pid = livekit.pid
    assert pid is not None
    monkeypatch.setattr(child_module, "KILL_AFTER_S", 0.6)

    os.kill(pid, signal.SIGSTOP)  # a stopped process handles no SIGTERM
    await livekit.stop()

    assert not runs(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a process to its parent")
async def test_a_killed_parent_leaves_no_orphan(tmp_path: Path, ports: LiveKitPorts) -> None:
    """The kernel ends LiveKit when `duologue dev` is killed by SIGKILL, under uvloop as in real life."""
    command = [sys.executable, "-c", PARENT, str(tmp_path), str(ports.http), str(ports.udp)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(await asyncio.to_thread(parent.stdout.readline))
        assert runs(pid)

        parent.kill()
        await wait_until(lambda: not runs(pid), description="LiveKit is gone", within_s=WITHIN_S)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a process to its parent")
def test_a_parent_that_died_first_starts_nothing() -> None:
    """The parent may die between the fork and the request to the kernel."""
    not_our_parent = "1" if os.getpid() != 1 else "2"
    script = str(die_with_parent.__file__)

    ended = subprocess.run(
        [sys.executable, "-I", "-S", script, not_our_parent, "/bin/echo", "started"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (1, "")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_nothing_listens_beyond_loopback(livekit: LiveKitChild) -> None:
    """Neither HTTP, nor ICE over TCP, nor the media port can be reached from another machine."""
    await livekit.start()
    assert livekit.pid is not None

    assert {("tcp", "0100007F"), ("udp", "0100007F")} == listening(livekit.pid)


async def test_a_taken_port_is_told_with_the_fix(livekit: LiveKitChild, ports: LiveKitPorts) -> None:
    """A second `duologue dev` says what is wrong before it starts anything."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", ports.http))
        other.listen()

        with pytest.raises(LiveKitUnavailable, match=f"(?s){ports.http}.*another `duologue dev`.*--livekit-port"):
            await livekit.start()

    assert livekit.pid is None


async def test_a_server_that_cannot_start_shows_what_it_said(tmp_path: Path, ports: LiveKitPorts) -> None:
    """The last lines of the program are in the error, and the place of its log."""
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho out of luck\nexit 3\n")
    broken.chmod(0o755)

    with pytest.raises(LiveKitUnavailable, match=r"(?s)ended with code 3.*out of luck.*Fix: see .*\.log"):
        await LiveKitChild(binary=broken, state_dir=tmp_path, ports=ports).start()


async def test_settings_of_another_livekit_in_the_environment_are_not_taken(
    livekit: LiveKitChild, ports: LiveKitPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LiveKit reads many variables; one that is meant for another server must not move this one."""
    monkeypatch.setenv("LIVEKIT_PORT", "1")
    monkeypatch.setenv("NODE_IP", "192.0.2.1")

    await livekit.start()

    assert await answers(ports.http)


def test_warnings_are_passed_on_without_their_fields() -> None:
    """What LiveKit adds to a message may be an address or a token."""
    with capture_logs() as logs:
        pass_on('{"level":"warn","msg":"slow","caller":"a.go:1","remote":"192.0.2.7"}')
        pass_on('{"level":"error","msg":"broken"}')
        pass_on('{"level":"info","msg":"fine"}')
        pass_on("not JSON")

    assert [entry["log_level"] for entry in logs] == ["warning", "error"]
    assert not re.search(r"192\.0", str(logs))
