"""What is done alike to processes of every role."""

from __future__ import annotations

import signal
from pathlib import Path
from random import Random

from chaos.processes import Child
from chaos.redis import until
from chaos.topology import System

REPLACED_WITHIN_S = 55.0
"""They start one after the other, on a machine that has much to do."""


def somebody(system: System, role: str, dice: Random) -> Child:
    """A process of this role that runs."""
    children = system.services[role].children()
    assert children, f"no {role} runs"
    return dice.choice(children)


async def replaced(system: System, *roles: str) -> None:
    """Have `duologue serve` put another process in the place of each, one after the other; it takes what it takes."""
    services = [system.services[role] for role in roles]
    before = {child.pid for service in services for child in service.children()}
    for service in services:
        service.program.child.signal(signal.SIGHUP)

    async def all_are_others() -> bool:
        now = [child.pid for service in services for child in service.children()]
        return len(now) >= sum(service.processes for service in services) and before.isdisjoint(now)

    await until(all_are_others, "every process is another one", REPLACED_WITHIN_S)


def files_of(child: Child) -> int:
    """How many it has open."""
    return len(list(Path(f"/proc/{child.pid}/fd").iterdir()))
