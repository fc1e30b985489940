"""More people than there is room for, and everything replaced while they are here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random

from chaos.faults.fault import fault
from chaos.faults.processes import replaced
from chaos.relay import HOST
from chaos.topology import System

STRANGERS = 500


@fault(
    what="everything is replaced, one process after the other",
    seen="people are sent elsewhere, in batches; new matches wait for a moment",
    within_s=15,
)
async def everything_replaced(system: System, _: Random) -> AsyncIterator[str]:
    await replaced(system, *system.services)
    yield "SIGHUP"


@fault(
    what="five hundred strangers connect and say nothing",
    seen="nothing; the strangers are thrown out after 10 s",
    within_s=5,
    lasts_s=(8, 12),
)
async def silent_strangers(system: System, __: Random) -> AsyncIterator[str]:
    sockets = await asyncio.gather(*(asyncio.open_connection(HOST, system.websocket) for _ in range(STRANGERS)))
    try:
        yield f"{len(sockets)} sockets"
    finally:
        for _, writer in sockets:
            writer.close()
