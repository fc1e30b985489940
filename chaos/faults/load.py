"""More people than there is room for, and everything replaced while they are here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random

from chaos.faults.fault import fault
from chaos.faults.processes import replaced
from chaos.relay import HOST
from chaos.strangers import strangers
from chaos.topology import System
from duologue.protocol.codes import Mode

STRANGERS = 300
TOO_MANY = 60
"""So many more than there is room for, and nobody of the others has gone."""
HURRY = 60
"""Two nodes let ten pairs begin in a second; these would like to begin far more."""


@fault(
    what="everything is replaced, one process after the other",
    seen="people are sent elsewhere, in batches; new matches wait for a moment",
    within_s=15,
    told="gateways",
)
async def everything_replaced(system: System, _: Random) -> AsyncIterator[str]:
    await replaced(system.services.values())
    yield "SIGHUP"


@fault(
    what="three hundred strangers connect and say nothing",
    seen="nothing; the strangers are thrown out after 10 s",
    within_s=5,
    lasts_s=(8, 12),
    spares=True,
)
async def silent_strangers(system: System, __: Random) -> AsyncIterator[str]:
    sockets = await asyncio.gather(*(asyncio.open_connection(HOST, system.websocket) for _ in range(STRANGERS)))
    try:
        yield f"{len(sockets)} sockets"
    finally:
        for _, writer in sockets:
            writer.close()


@fault(
    what="more people want in than all gateways together take",
    seen="nobody who is in notices; who finds no room is told when to come again, and is in once there is",
    within_s=15,
    lasts_s=(6, 10),
    spares=True,
)
async def gateways_full(system: System, dice: Random) -> AsyncIterator[str]:
    room = system.size.gateways * system.size.sockets_most
    async with strangers(system, dice, room + TOO_MANY) as crowd:
        inside = sum(each.is_in for each in crowd)
        assert inside < len(crowd), f"all {inside} found room"
        yield f"{inside} found room, {len(crowd) - inside} did not"


@fault(
    what="more people press Next than media nodes let begin",
    seen="talks go on; who wants voice or video waits for their turn, and is told why",
    within_s=8,
    lasts_s=(8, 12),
)
async def join_slots_taken(system: System, dice: Random) -> AsyncIterator[str]:
    async with strangers(system, dice, HURRY, Mode.VOICE, hurries=True):
        yield f"{HURRY} in a hurry"
