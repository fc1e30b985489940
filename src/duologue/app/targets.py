"""Where the processes of this machine are told to Prometheus: a file as its `file_sd_configs` reads them.

Two processes stand under one name while one of them follows the other; a process that died stays, for the next one
comes back at its address, and a target that does not answer is what an alert is made of. So nothing is taken out
when everything stops, either.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from duologue.errors import StartupError
from duologue.settings import AdminSettings
from duologue.supervisor.events import Seated

ANY_ADDRESS = ("0.0.0.0", "::", "")
HERE = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}


class Target(NamedTuple):
    """An admin listener. Where a file of others has no name for it, its address is the name."""

    address: str
    """host:port"""
    process: str
    role: str


class _Group(msgspec.Struct):
    """As Prometheus has it."""

    targets: list[str]
    labels: dict[str, str] = {}


def targets_of(seated: Sequence[Seated], admin: AdminSettings) -> list[Target]:
    """Where others find these processes."""
    host = admin.public_host or (socket.gethostname() if admin.host in ANY_ADDRESS else admin.host)
    return [
        Target(address(host, admin.port + each.seat), each.post.name, each.post.name.rpartition("-")[0])
        for each in seated
    ]


def address(host: str, port: int) -> str:
    """As URLs have it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def own_address(admin: AdminSettings, seat: int) -> str:
    """Where this machine finds a process of its own."""
    return address(HERE.get(admin.host, admin.host), admin.port + seat)


def check_writable(path: Path) -> None:
    """Raises `StartupError` where the file could not be written. Changes nothing: another parent may use it."""
    folder = path.parent
    if path.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise StartupError(
            f"admin.targets_file {path} cannot be written. Make its folder, let this user write there "
            f"(mkdir -p {folder}; chown {os.getuid()} {folder}), or name another file."
        )


def write_targets(path: Path, targets: Sequence[Target]) -> None:
    """All of it or nothing, whoever reads meanwhile. Raises `OSError`."""
    groups = [_Group([each.address], {"process": each.process, "role": each.role}) for each in targets]
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(msgspec.json.format(msgspec.json.encode(groups)) + b"\n")
    new.replace(path)


def read_targets(path: Path) -> list[Target]:
    """What stands there, whoever wrote it. Raises `StartupError`."""
    try:
        groups = msgspec.json.decode(path.read_bytes(), type=list[_Group])
    except OSError as error:
        raise StartupError(f"{path} cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise StartupError(f"{path} is no file of targets as Prometheus reads them: {error}") from error
    return [
        Target(each, group.labels.get("process", each), group.labels.get("role", ""))
        for group in groups
        for each in group.targets
    ]
