"""Where Prometheus and `duologue top` find the processes of a parent."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from duologue.app.targets import (
    Target,
    check_writable,
    own_address,
    read_targets,
    targets_of,
    write_targets,
)
from duologue.errors import StartupError
from duologue.settings import AdminSettings
from duologue.supervisor.events import Post, Seated

SEATED = [Seated(Post("gateway-1"), 0), Seated(Post("matcher-1"), 2)]


def test_the_file_is_what_prometheus_reads(tmp_path: Path) -> None:
    """A group for each process, with its name and what it is."""
    path = tmp_path / "targets.json"
    write_targets(path, targets_of(SEATED, AdminSettings(port=9_400)))

    assert json.loads(path.read_text()) == [
        {"targets": ["127.0.0.1:9400"], "labels": {"process": "gateway-1", "role": "gateway"}},
        {"targets": ["127.0.0.1:9402"], "labels": {"process": "matcher-1", "role": "matcher"}},
    ]
    assert list(tmp_path.iterdir()) == [path], "nothing is left beside it"
    assert path.stat().st_mode & 0o044, "Prometheus is another user"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1:9401"),
        ("0.0.0.0", "127.0.0.1:9401"),
        ("::", "[::1]:9401"),
        ("10.0.0.5", "10.0.0.5:9401"),
    ],
)
def test_this_machine_finds_its_own_processes(host: str, address: str) -> None:
    """A wildcard is no address to ask."""
    assert own_address(AdminSettings(host=host, port=9_400), 1) == address


def test_a_file_is_read_back(tmp_path: Path) -> None:
    """Also one that somebody else wrote, without labels."""
    ours, theirs = tmp_path / "ours.json", tmp_path / "theirs.json"
    write_targets(ours, targets_of(SEATED, AdminSettings()))
    theirs.write_text('[{"targets": ["10.0.0.7:9401", "10.0.0.8:9401"]}]')

    assert read_targets(ours)[1] == Target("127.0.0.1:9403", "matcher-1", "matcher")
    assert [each.process for each in read_targets(theirs)] == ["10.0.0.7:9401", "10.0.0.8:9401"]


@pytest.mark.parametrize("text", ["", "{}", '[{"targets": 1}]', None])
def test_a_file_that_is_none_is_named(text: str | None, tmp_path: Path) -> None:
    """Missing, empty, or something else."""
    path = tmp_path / "targets.json"
    if text is not None:
        path.write_text(text)

    with pytest.raises(StartupError, match=str(path)):
        read_targets(path)


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({}, "127.0.0.1"),
        ({"host": "::1"}, "[::1]"),
        ({"host": "10.0.0.5"}, "10.0.0.5"),
        ({"host": "0.0.0.0"}, socket.gethostname()),
        ({"host": "::", "public_host": "chat-1.internal"}, "chat-1.internal"),
        ({"host": "10.0.0.5", "public_host": "203.0.113.5"}, "203.0.113.5"),
    ],
)
def test_the_host_is_the_one_that_others_reach(settings: dict[str, Any], host: str) -> None:
    """What is said, what is listened on, or else the name of this machine."""
    assert targets_of(SEATED, AdminSettings(**settings))[0].address == f"{host}:9401"


def test_a_folder_that_is_not_there_is_named_before_anything_starts(tmp_path: Path) -> None:
    """With the command that mends it; and looking changes nothing."""
    there = tmp_path / "targets.json"
    there.write_text("[]")
    check_writable(there)

    assert there.read_text() == "[]"
    with pytest.raises(StartupError, match=f"mkdir -p {tmp_path / 'nowhere'}"):
        check_writable(tmp_path / "nowhere" / "targets.json")
