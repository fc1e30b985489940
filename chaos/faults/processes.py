"""What is done alike to processes of every role."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from random import Random

from chaos.processes import Child
from chaos.topology import System


def somebody(system: System, role: str, dice: Random) -> Child:
    """A process of this role that runs."""
    children = system.services[role].children()
    assert children, f"no {role} runs"
    return dice.choice(children)


async def replaced(system: System, *roles: str) -> None:
    """Have `duologue serve` put another process in the place of each, one after the other."""
    services = [system.services[role] for role in roles]
    before = [service.children() for service in services]
    for service in services:
        service.program.child.signal(signal.SIGHUP)
    await asyncio.gather(*(service.until_replaced(of) for service, of in zip(services, before, strict=True)))


def files_of(child: Child) -> int:
    """How many it has open."""
    return len(list(Path(f"/proc/{child.pid}/fd").iterdir()))
