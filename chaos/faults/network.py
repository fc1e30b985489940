"""Networks are cut and slow: between people and gateways, and between processes of ours and Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from chaos.faults.fault import fault
from chaos.faults.processes import somebody
from chaos.relay import Bad, only_from
from chaos.topology import System


@fault(what="everybody's connection is cut at once", seen="all come back, in the seconds after", within_s=20)
async def people_cut(system: System, _: Random) -> AsyncIterator[str]:
    yield f"{system.front.cut()} connections"


@fault(
    what="people are 50 to 500 ms away",
    seen="everything takes that much longer",
    within_s=5,
    lasts_s=(5, 15),
)
async def people_far_away(system: System, dice: Random) -> AsyncIterator[str]:
    far = Bad(delay_s=dice.uniform(0.025, 0.25))
    with system.front.worsened(far):
        yield f"{far.delay_s * 2000:.0f} ms there and back"


@fault(
    what="a gateway and Redis cannot reach each other",
    seen="commands of its people are refused; partners elsewhere read that they reconnect",
    within_s=20,
    lasts_s=(5, 20),
)
async def gateway_cut_off(system: System, dice: Random) -> AsyncIterator[str]:
    async with _to_redis(system, dice, Bad(asking=False, answering=False)) as done:
        yield done


@fault(
    what="what Redis answers to a gateway does not arrive (one way)",
    seen="the same; what was asked may have been done",
    within_s=20,
    lasts_s=(5, 15),
)
async def gateway_hears_nothing(system: System, dice: Random) -> AsyncIterator[str]:
    async with _to_redis(system, dice, Bad(answering=False)) as done:
        yield done


@asynccontextmanager
async def _to_redis(system: System, dice: Random, bad: Bad) -> AsyncIterator[str]:
    """The way of one gateway to the primary is that bad."""
    victim = somebody(system, "gateway", dice)
    primary = await system.redis.primary()
    with primary.relay.worsened(bad, only_from([victim.pid])) as connections:
        yield f"{victim.name}, {connections} connections"
