"""PostgreSQL is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random

from chaos.faults.fault import fault
from chaos.topology import System


@fault(
    what="PostgreSQL is down",
    seen="blocks hold; a new one is refused, and the pair ends all the same; newcomers wait to search",
    within_s=10,
    lasts_s=(5, 15),
    told="database",
)
async def database_down(system: System, _: Random) -> AsyncIterator[str]:
    assert system.postgres is not None, "it runs"
    await asyncio.to_thread(system.postgres.stop)
    try:
        yield "stopped"
    finally:
        await asyncio.to_thread(system.postgres.start)
