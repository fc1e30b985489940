"""More people than there is room for, and everything replaced while they are here."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from random import Random

from chaos.faults.fault import fault
from chaos.topology import System


@fault(
    what="everything is replaced, one process after the other",
    seen="people are sent elsewhere, in batches; new matches wait for a moment",
    within_s=75,
)
async def everything_replaced(system: System, _: Random) -> AsyncIterator[str]:
    for service in system.services.values():
        service.program.child.signal(signal.SIGHUP)
    yield "SIGHUP"
