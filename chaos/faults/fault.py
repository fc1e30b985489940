"""What a fault is: how it is done and undone, what people see of it, and for how long at most."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random
from typing import NamedTuple

from chaos.topology import System

Deed = Callable[[System, Random], AsyncIterator[str]]


class Fault(NamedTuple):
    """One kind. `begin(system, dice)` is there for as long as the block lasts, and gives what exactly was done."""

    name: str
    what: str
    """The first column of the table in ARCHITECTURE.md."""
    seen: str
    """What people see."""
    within_s: float
    """So long after it is undone, or was done where there is nothing to undo, nobody feels it any more."""
    lasts_s: tuple[float, float]
    """From when to when it is undone again; the plan draws."""
    forgets: bool
    """The store may lose what no gateway knows: the places of who is between two connections at that moment."""
    spares: bool
    """Who is in when it begins feels nothing of it."""
    keeps_media: bool
    """Rooms come up meanwhile as ever."""
    told: str
    """Who has to answer for it to be done and undone; '': nobody. Two who are told never overlap: one may be dead."""
    begin: Callable[[System, Random], AbstractAsyncContextManager[str]]

    @property
    def row(self) -> str:
        """Its line in the table."""
        return f"| {self.what} | {self.seen} | {self.within_s:g} s | `{self.name}` |"


FAULTS: dict[str, Fault] = {}
"""All there are, in the order in which they were written."""


def fault(
    *,
    what: str,
    seen: str,
    within_s: float,
    lasts_s: tuple[float, float] = (0, 0),
    forgets: bool = False,
    spares: bool = False,
    keeps_media: bool = False,
    told: str = "",
) -> Callable[[Deed], Deed]:
    """Make a fault of an async generator: what stands before its `yield` does it, what stands behind it undoes it."""

    def register(deed: Deed) -> Deed:
        name = deed.__name__.replace("_", "-")
        assert name not in FAULTS, f"two faults are called {name}"
        FAULTS[name] = Fault(
            name, what, seen, within_s, lasts_s, forgets, spares, keeps_media, told, asynccontextmanager(deed)
        )
        return deed

    return register
