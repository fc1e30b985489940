"""Matchers die and sleep."""

from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random

from chaos.faults.fault import fault
from chaos.faults.processes import somebody, stopped
from chaos.topology import System


@fault(what="a matcher is killed", seen="new matches wait for the other matcher", within_s=8)
async def matcher_killed(system: System, dice: Random) -> AsyncIterator[str]:
    victim = somebody(system, "matcher", dice)
    victim.kill()
    yield victim.name


@fault(
    what="a matcher is stopped, loses what it owned, and goes on (a zombie)",
    seen="new matches wait for the other matcher; the zombie commits nothing",
    within_s=8,
    lasts_s=(4, 15),
)
async def matcher_stopped(system: System, dice: Random) -> AsyncIterator[str]:
    victim = somebody(system, "matcher", dice)
    with stopped(victim):
        yield victim.name


@fault(what="all matchers are killed", seen="nobody is matched until one is back", within_s=15)
async def matchers_killed(system: System, _: Random) -> AsyncIterator[str]:
    for victim in system.services["matcher"].children():
        victim.kill()
    yield "all"
