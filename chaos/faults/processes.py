"""What is done alike to processes of every role."""

from __future__ import annotations

from pathlib import Path
from random import Random

from chaos.processes import Child
from chaos.topology import System


def somebody(system: System, role: str, dice: Random) -> Child:
    """A process of this role that runs."""
    children = system.services[role].children()
    assert children, f"no {role} runs"
    return dice.choice(children)


def files_of(child: Child) -> int:
    """How many it has open."""
    return len(list(Path(f"/proc/{child.pid}/fd").iterdir()))
