"""Media nodes die, sleep and let nobody in."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from chaos.faults.fault import fault
from chaos.faults.processes import stopped
from chaos.livekit import Node
from chaos.topology import System


@fault(
    what="a LiveKit node is killed",
    seen="talks on it break off; both wait again with their place, and meet on another node",
    within_s=20,
    lasts_s=(3, 10),
)
async def node_killed(system: System, dice: Random) -> AsyncIterator[str]:
    node = dice.choice(system.nodes)
    async with _killed(node):
        yield node.name


@fault(
    what="a LiveKit node is stopped, and goes on",
    seen="the same",
    within_s=25,
    lasts_s=(4, 12),
)
async def node_stopped(system: System, dice: Random) -> AsyncIterator[str]:
    node = dice.choice(system.nodes)
    with stopped(node.program.child):
        yield node.name


@fault(
    what="a LiveKit node lets nobody in, and says that it is well",
    seen="whose media does not come up there waits a little longer each time",
    within_s=30,
    lasts_s=(5, 12),
)
async def node_refuses_joins(system: System, dice: Random) -> AsyncIterator[str]:
    node = dice.choice(system.nodes)
    with node.relay.refusing():
        yield node.name


@fault(
    what="all LiveKit nodes are killed",
    seen="who wants voice or video waits, and is told why; text goes on",
    within_s=25,
    lasts_s=(4, 10),
)
async def nodes_killed(system: System, _: Random) -> AsyncIterator[str]:
    async with _killed(*system.nodes):
        yield "all"


@asynccontextmanager
async def _killed(*nodes: Node) -> AsyncIterator[None]:
    """They come again afterwards."""
    for node in nodes:
        node.program.end()
    try:
        yield
    finally:
        await asyncio.gather(*(node.start() for node in nodes))


@fault(
    what="a LiveKit node is told to stop (a drain), and is replaced",
    seen="talks on it go on until it is gone, then as above",
    within_s=20,
    lasts_s=(3, 10),
)
async def node_drained(system: System, dice: Random) -> AsyncIterator[str]:
    node = dice.choice(system.nodes)
    node.program.child.signal(signal.SIGTERM)
    try:
        yield node.name
    finally:
        node.program.end()
        await node.start()
