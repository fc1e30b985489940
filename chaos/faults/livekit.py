"""Media nodes die, sleep and let nobody in."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from random import Random

from chaos.faults.fault import fault
from chaos.topology import System


@fault(
    what="a LiveKit node is killed",
    seen="talks on it break off; both wait again with their place, and meet on another node",
    within_s=20,
    lasts_s=(3, 10),
)
async def node_killed(system: System, dice: Random) -> AsyncIterator[str]:
    node = dice.choice(system.nodes)
    node.program.child.kill()
    node.program.reap()
    try:
        yield node.name
    finally:
        node.program.start()
        await node.until_serving()


@fault(
    what="a LiveKit node is stopped, and goes on",
    seen="the same",
    within_s=25,
    lasts_s=(4, 12),
)
async def node_stopped(system: System, dice: Random) -> AsyncIterator[str]:
    node = dice.choice(system.nodes)
    node.program.child.freeze()
    try:
        yield node.name
    finally:
        node.program.child.thaw()


@fault(
    what="a LiveKit node lets nobody in, and says that it is well",
    seen="whose media does not come up there waits a little longer each time",
    within_s=30,
    lasts_s=(5, 12),
)
async def node_refuses_joins(system: System, dice: Random) -> AsyncIterator[str]:
    node = dice.choice(system.nodes)
    node.relay.refuses = True
    try:
        yield node.name
    finally:
        node.relay.mend()


@fault(
    what="all LiveKit nodes are killed",
    seen="who wants voice or video waits, and is told why; text goes on",
    within_s=25,
    lasts_s=(4, 10),
)
async def nodes_killed(system: System, _: Random) -> AsyncIterator[str]:
    for node in system.nodes:
        node.program.child.kill()
        node.program.reap()
    try:
        yield "all"
    finally:
        for node in system.nodes:
            node.program.start()
        await asyncio.gather(*(node.until_serving() for node in system.nodes))


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
        node.program.start()
        await node.until_serving()
