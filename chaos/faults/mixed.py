"""Processes that are not alike: of two versions, or with clocks that differ."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from chaos.faults.fault import fault
from chaos.faults.processes import somebody
from chaos.older import ROOT, before, unpack
from chaos.topology import Service, System

BESIDE: Mapping[str, int] = {"gateway": 2, "matcher": 1, "api": 1}


@asynccontextmanager
async def _taking_part(
    system: System, dice: Random, name: str, environment: Mapping[str, str]
) -> AsyncIterator[list[Service]]:
    """Others that are told this come, and get their share: a gateway sends its people away, matchers give up theirs."""
    async with system.beside(name, BESIDE, environment) as others:
        for each in (somebody(system, "gateway", dice), *system.services["matcher"].children()):
            each.signal(signal.SIGTERM)
        yield list(others)


@fault(
    what="processes of the version before serve beside this one, and are replaced by it, one after the other",
    seen="as when everything is replaced; people on either version meet",
    within_s=30,
    lasts_s=(8, 15),
)
async def version_before(system: System, dice: Random) -> AsyncIterator[str]:
    """As the guide says it: the files are put in place, then SIGHUP. The parents are old until they are stopped."""
    commit = before(system.before)
    code = system.folder / f"code-{dice.getrandbits(32)}"
    old = await asyncio.to_thread(unpack, commit, Path(f"{code}-before"))
    code.symlink_to(old)
    async with _taking_part(system, dice, code.name, {"PYTHONPATH": str(code)}) as others:
        yield commit[:10]
        code.unlink()
        code.symlink_to(ROOT / "src")
        children = [each.children() for each in others]
        for each in others:
            each.program.child.signal(signal.SIGHUP)
        await asyncio.gather(*(each.until_replaced(of) for each, of in zip(others, children, strict=True)))
