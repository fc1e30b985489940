"""What is done alike to processes of every role."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Protocol

from chaos.processes import Child
from chaos.service import Service
from chaos.topology import System


def somebody(system: System, role: str, dice: Random) -> Child:
    """A process of this role that runs."""
    children = system.services[role].children()
    assert children, f"no {role} runs"
    return dice.choice(children)


class Stoppable(Protocol):
    """A process, whoever started it."""

    def freeze(self) -> None:
        """It does nothing any more, and its sockets stay open."""

    def thaw(self) -> None:
        """It goes on."""


@contextmanager
def stopped(victim: Stoppable) -> Iterator[None]:
    """It is frozen for as long as this lasts, and goes on."""
    victim.freeze()
    try:
        yield
    finally:
        victim.thaw()


async def replaced(services: Collection[Service]) -> None:
    """Have each `duologue serve` put others in the place of its processes, one after the other."""
    before = [service.children() for service in services]
    for service in services:
        service.program.child.signal(signal.SIGHUP)
    await asyncio.gather(*(service.until_replaced(of) for service, of in zip(services, before, strict=True)))


def files_of(child: Child) -> int:
    """How many it has open."""
    return len(list(Path(f"/proc/{child.pid}/fd").iterdir()))
