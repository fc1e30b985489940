"""Gateways die, sleep and are replaced."""

from __future__ import annotations

import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from random import Random

from chaos.faults.fault import fault
from chaos.faults.processes import files_of, replaced, somebody, stopped
from chaos.processes import Child
from chaos.strangers import strangers
from chaos.topology import System

STRANGERS = 30
"""Of whom some find themselves at that door."""


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
    with stopped(victim):
        yield victim.name


@fault(
    what="a gateway is stopped until it was given up, and goes on (a zombie)",
    seen="its people find no way in, or get no answers; partners read that they reconnect, and may lose them",
    within_s=20,
    lasts_s=(17, 25),
)
async def gateway_zombie(system: System, dice: Random) -> AsyncIterator[str]:
    victim = somebody(system, "gateway", dice)
    with stopped(victim):
        yield victim.name


@fault(
    what="all gateways are replaced, one after the other",
    seen="people are sent elsewhere, in batches",
    within_s=10,
    told="gateways",
)
async def gateways_replaced(system: System, _: Random) -> AsyncIterator[str]:
    await replaced([system.services["gateway"]])
    yield "SIGHUP"


@fault(
    what="a gateway may open no more files",
    seen="nobody who is in notices; newcomers are turned away there and come in elsewhere",
    within_s=15,
    lasts_s=(5, 15),
    spares=True,
    told="gateways",
)
async def gateway_out_of_files(system: System, dice: Random) -> AsyncIterator[str]:
    victim = somebody(system, "gateway", dice)
    in_use = files_of(victim)
    with _limited(victim, resource.RLIMIT_NOFILE, in_use):
        async with strangers(system, dice, STRANGERS):
            yield f"{victim.name}, {in_use} files"


@fault(
    what="the disk under a gateway's log is full",
    seen="nothing; lines of the log are lost",
    within_s=3,
    lasts_s=(4, 10),
    spares=True,
)
async def gateway_log_full(system: System, dice: Random) -> AsyncIterator[str]:
    """No file of that process may grow any more, which is what a write to a full disk says, too."""
    victim = somebody(system, "gateway", dice)
    with _limited(victim, resource.RLIMIT_FSIZE, 0):
        yield victim.name


@contextmanager
def _limited(victim: Child, what: int, most: int) -> Iterator[None]:
    """The kernel gives it no more than this of that."""
    before = resource.prlimit(victim.pid, what)
    resource.prlimit(victim.pid, what, (most, before[1]))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(victim.pid, what, before)
