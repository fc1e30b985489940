"""What is done alike to processes of every role."""

from __future__ import annotations

from random import Random

from chaos.processes import Child
from chaos.topology import System


def somebody(system: System, role: str, dice: Random) -> Child:
    """A process of this role that runs."""
    children = system.services[role].children()
    assert children, f"no {role} runs"
    return dice.choice(children)
