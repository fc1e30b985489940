"""How a child tells its parent that it serves: one line of JSON on its standard output."""

from __future__ import annotations

import sys

import msgspec


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a child that serves says of itself."""

    ready: bool
    owners: tuple[str, ...] = ()
    """By which names it holds leases: what it still holds after a death can be released."""


def tell(report: Report) -> None:
    """Say it, to whoever started this process."""
    sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    sys.stdout.flush()


def read(line: bytes) -> Report | None:
    """What a line says; None when it is something else."""
    try:
        return msgspec.json.decode(line, type=Report)
    except msgspec.DecodeError:
        return None
