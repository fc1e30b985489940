"""This machine, as it is and as it might be."""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from duologue.doctor.finding import Level
from duologue.doctor.run import Subject
from duologue.doctor.system import (
    Listener,
    examine_files,
    examine_key,
    examine_ports,
    examine_state,
    judge_files,
    judge_key,
    judge_port,
    judge_space,
    listeners,
)
from duologue.errors import StartupError
from duologue.settings import HttpSettings, Settings
from tests.fakes import CountingRng, ManualClock, free_port

HTTP = Listener("http.port", "127.0.0.1", 80)


def subject(settings: Settings, *, dev: bool = False) -> Subject:
    return Subject(settings, ManualClock(), CountingRng(), dev)


@pytest.mark.parametrize(
    ("hard", "level"), [(resource.RLIM_INFINITY, Level.OK), (20_500, Level.OK), (20_499, Level.PROBLEM)]
)
def test_files_have_to_be_enough_for_all_sockets(hard: int, level: Level) -> None:
    """And for what a gateway needs beside them."""
    assert judge_files(hard, 20_000).level is level


def test_few_files_are_a_warning_for_one_person() -> None:
    """Nobody fills `duologue dev`."""
    assert judge_files(1_024, 20_000, dev=True).level is Level.WARNING


async def test_the_limit_of_this_process_is_read() -> None:
    """Whatever it is."""
    assert len(await examine_files(subject(Settings()))) == 1


@pytest.mark.parametrize(
    ("failure", "is_ours", "level", "word"),
    [
        (None, False, Level.OK, "free"),
        (errno.EADDRINUSE, True, Level.OK, "a Duologue"),
        (errno.EADDRINUSE, False, Level.PROBLEM, "another program"),
        (errno.EACCES, False, Level.PROBLEM, "privileges"),
        (errno.EADDRNOTAVAIL, False, Level.PROBLEM, "127.0.0.1:80"),
    ],
)
def test_a_port_is_free_or_ours(failure: int | None, is_ours: bool, level: Level, word: str) -> None:
    """Or somebody has to move."""
    finding = judge_port(HTTP, failure, is_ours=is_ours)

    assert (finding.level, word in finding.seen) == (level, True)


async def test_a_port_of_somebody_else_is_found() -> None:
    """By looking who answers there."""

    async def other(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(other, "127.0.0.1", 0)
    taken = server.sockets[0].getsockname()[1]
    async with server:
        settings = Settings(http=HttpSettings(port=taken), gateway={"port": free_port()})
        http, gateway, *_ = await examine_ports(subject(settings))

    assert (http.level, gateway.level) == (Level.PROBLEM, Level.OK)


def test_dev_needs_the_ports_of_its_livekit_too() -> None:
    """One of them is UDP."""
    found = listeners(Settings(), dev=True)

    assert [each.setting for each in found] == ["http.port", "gateway.port", "livekit.port", "livekit.udp_port"]
    assert found[-1].kind is socket.SOCK_DGRAM


async def test_a_state_dir_that_is_not_there_yet_can_be_made(tmp_path: Path) -> None:
    """The doctor does not make it."""
    folder = tmp_path / "a" / "b"
    asked = subject(Settings(state_dir=folder), dev=True)
    found = [*await examine_state(asked), *await examine_key(asked)]

    assert ([finding.level for finding in found], folder.exists()) == ([Level.OK, Level.OK], False)


async def test_a_state_dir_below_a_file_is_a_problem(tmp_path: Path) -> None:
    """Nothing can be made there."""
    (tmp_path / "file").write_text("")
    (state,) = await examine_state(subject(Settings(state_dir=tmp_path / "file" / "b")))

    assert state.level is Level.PROBLEM


def test_serve_needs_a_port_for_its_health() -> None:
    """And no LiveKit of its own."""
    found = listeners(Settings(), dev=False)

    assert [each.setting for each in found] == ["http.port", "gateway.port", "admin.port"]


def test_little_room_is_a_warning() -> None:
    """Logs and keys need some."""
    assert judge_space(Path("/state"), 5 * 2**20).level is Level.WARNING


@pytest.mark.parametrize(
    ("mode", "size", "readable", "level", "fix"),
    [
        (0o100600, 32, True, Level.OK, ""),
        (0o100640, 32, True, Level.PROBLEM, "chmod 600"),
        (0o100600, 31, True, Level.PROBLEM, "openssl rand"),
        (0o100600, 32, False, Level.PROBLEM, "chown"),
    ],
)
def test_the_key_is_whole_and_for_this_user_only(mode: int, size: int, readable: bool, level: Level, fix: str) -> None:
    """It signs who people are."""
    finding = judge_key(Path("/state/token.key"), mode, size, readable=readable)

    assert (finding.level, fix in finding.fix) == (level, True)


@pytest.mark.parametrize("dev", [True, False])
async def test_a_key_that_others_can_read_is_found(tmp_path: Path, dev: bool) -> None:
    """The one that `dev` made, and the one that was given."""
    path = tmp_path / "token.key"
    path.write_bytes(b"k" * 32)
    path.chmod(0o644)
    settings = Settings(state_dir=tmp_path) if dev else Settings(token_key_file=path)
    (key,) = await examine_key(subject(settings, dev=dev))

    assert (key.level, "644" in key.seen) == (Level.PROBLEM, True)


async def test_serve_needs_a_key_that_all_machines_share() -> None:
    """It is told with the words of the start; a good one is not shown."""
    with pytest.raises(StartupError, match="openssl rand"):
        await examine_key(subject(Settings()))
    (key,) = await examine_key(subject(Settings(token_key=SecretStr("k" * 32))))

    assert (key.level, "kkk" in key.seen) == (Level.OK, False)


async def test_a_key_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    """By its path."""
    (key,) = await examine_key(subject(Settings(token_key_file=tmp_path / "none")))

    assert (key.level, "token_key_file" in key.fix) == (Level.PROBLEM, True)
