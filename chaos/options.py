"""What a run is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from chaos.topology import Size


class Options(NamedTuple):
    """Of one run."""

    seed: int
    seconds: float
    people: int
    voice: int
    """How many of them want voice, and join rooms for real."""
    only: tuple[str, ...]
    rounds_most: int = 1_000
    forget_within_s: float = 80.0
    """How long to wait at the end until the ledger has forgotten everybody; 0: that it means to is enough."""
    calm_s: float = 10.0
    """At the end nothing goes wrong any more."""
    size: Size = Size()
    folder: Path | None = None
    """Where the logs of all processes stay; None: nowhere."""
    before: str | None = None
    """The commit that is the version before this one."""
    friends: int = 6
    """So many more call each other."""
    viewers: int = 0
    """So many more see each other: each costs a good part of a core's tenth."""
