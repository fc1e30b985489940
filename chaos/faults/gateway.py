"""Gateways die, sleep and are replaced."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from random import Random

from chaos.faults.fault import fault
from chaos.faults.processes import somebody
from chaos.topology import System


@fault(
    what="a gateway is killed",
    seen="its people lose their socket and come back elsewhere, into the same wait or talk",
    within_s=15,
)
async def gateway_killed(system: System, dice: Random) -> AsyncIterator[str]:
    victim = somebody(system, "gateway", dice)
    victim.kill()
    yield victim.name


@fault(
    what="a gateway is stopped for a moment, and goes on",
    seen="its people get no answers meanwhile; nobody loses anything",
    within_s=10,
    lasts_s=(3, 10),
)
async def gateway_stopped(system: System, dice: Random) -> AsyncIterator[str]:
    victim = somebody(system, "gateway", dice)
    victim.freeze()
    try:
        yield victim.name
    finally:
        victim.thaw()


@fault(
    what="a gateway is stopped until it was given up, and goes on (a zombie)",
    seen="its people find no way in, or get no answers; partners read that they reconnect, and may lose them",
    within_s=20,
    lasts_s=(17, 25),
)
async def gateway_zombie(system: System, dice: Random) -> AsyncIterator[str]:
    async for name in gateway_stopped(system, dice):
        yield name


@fault(
    what="all gateways are replaced, one after the other",
    seen="people are sent elsewhere, in batches",
    within_s=60,
)
async def gateways_replaced(system: System, _: Random) -> AsyncIterator[str]:
    system.services["gateway"].program.child.signal(signal.SIGHUP)
    yield "SIGHUP"
