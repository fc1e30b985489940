"""Processes that are not alike: of two versions, or with clocks that differ."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from chaos.faults.fault import fault
from chaos.faults.processes import replaced, somebody
from chaos.older import ROOT, before, unpack
from chaos.service import Service
from chaos.topology import System

FAKETIME = "*/faketime/libfaketime.so.1"
OFF_S = (150, 300)
"""Longer than a token for a room lives."""
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
    keeps_media=True,
    told="database",  # a program that begins asks it
)
async def version_before(system: System, dice: Random) -> AsyncIterator[str]:
    """As the guide says it: the files are put in place, then SIGHUP. The parents are old until they are stopped."""
    commit = before(system.before)
    code = system.folder / f"code-{dice.getrandbits(32)}"
    old = await asyncio.to_thread(unpack, commit, Path(f"{code}-before"))
    code.symlink_to(old / "src")
    async with _taking_part(system, dice, code.name, {"PYTHONPATH": str(code)}) as others:
        yield commit[:10]
        code.unlink()
        code.symlink_to(ROOT / "src")
        await replaced(others)


@fault(
    what="the clocks of some processes are minutes ahead",
    seen="as when some are replaced",
    within_s=20,
    lasts_s=(10, 15),
    keeps_media=True,
    told="database",  # a program that begins asks it
)
async def clocks_ahead(system: System, dice: Random) -> AsyncIterator[str]:
    async with _off_by(system, dice, dice.randint(*OFF_S)) as off:
        yield off


@fault(
    what="the clocks of some processes are minutes behind",
    seen="the same",
    within_s=20,
    lasts_s=(10, 15),
    keeps_media=True,
    told="database",  # a program that begins asks it
)
async def clocks_behind(system: System, dice: Random) -> AsyncIterator[str]:
    async with _off_by(system, dice, -dice.randint(*OFF_S)) as off:
        yield off


@asynccontextmanager
async def _off_by(system: System, dice: Random, off_s: int) -> AsyncIterator[str]:
    """By libfaketime, which changes what a program is told of the day and not how long things take."""
    told = {"LD_PRELOAD": _libfaketime(), "FAKETIME": f"{off_s:+d}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    async with _taking_part(system, dice, f"clock-{dice.getrandbits(32)}", told):
        yield f"{off_s:+d} s"


def _libfaketime() -> str:
    found = next(Path("/usr/lib").glob(FAKETIME), None)
    assert found is not None, "libfaketime is not there: scripts/bootstrap faketime"
    return str(found)
