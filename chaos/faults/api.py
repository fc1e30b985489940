"""The apis die; LiveKit's webhooks get lost with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random

from chaos.faults.fault import fault
from chaos.faults.processes import somebody
from chaos.topology import System


@fault(what="an api is killed", seen="newcomers try again; nobody who is in notices", within_s=5, spares=True)
async def api_killed(system: System, dice: Random) -> AsyncIterator[str]:
    victim = somebody(system, "api", dice)
    victim.kill()
    yield victim.name


@fault(
    what="LiveKit's webhooks are lost",
    seen="nothing: they are hints",
    within_s=5,
    lasts_s=(5, 20),
    spares=True,
)
async def webhooks_lost(system: System, _: Random) -> AsyncIterator[str]:
    with system.hooks.refusing():
        system.hooks.cut()
        yield "all"
