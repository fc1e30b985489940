"""From a press of a button to a server of the operator: real gateways, sockets and HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from duologue.client import RandomChatSession
from duologue.protocol.codes import Mode
from duologue.protocol.server import CallState, Incoming
from duologue.settings import CallSettings
from tests.conftest import Town, open_town
from tests.fakes import wait_until
from tests.hooks_out.receiver import Receiver, receiver

SECRET = "whsec_" + "A" * 32


@asynccontextmanager
async def told_town(folder: Path, ring_ms: int = 60_000) -> AsyncIterator[tuple[Town, Receiver]]:
    """A town, and the server that hears of its calls."""
    async with receiver() as server:
        webhook = {"name": "push", "url": server.url, "secret": SECRET}
        calls = CallSettings.model_validate({"webhooks": [webhook], "ring_ms": ring_ms})
        async with open_town(folder, calls=calls) as town:
            yield town, server


async def ring(caller: RandomChatSession, callee: RandomChatSession) -> None:
    """At a callee who is here."""
    await caller.call(await callee.link(), Mode.TEXT)
    await callee.expect(Incoming)


async def hears(server: Receiver, *types: str) -> None:
    """So much, and nothing else."""
    await wait_until(lambda: len(server.heard) >= len(types), description=f"the server to hear {types}")
    assert server.types == list(types)


async def over(caller: RandomChatSession) -> None:
    """The caller's call has come to nothing."""
    while (await caller.expect(CallState)).state != "ended":
        pass


async def test_a_call_is_told_from_ring_to_answer(tmp_path: Path) -> None:
    """By the gateway that it goes through."""
    async with told_town(tmp_path) as (town, server):
        ana, ben = await town.person(), await town.person()
        await ring(ana, ben)
        await hears(server, "call.ringing")
        await ben.accept()
        await hears(server, "call.ringing", "call.accepted")

    ringing = server.heard[0].message.data
    assert ringing is not None
    assert ringing.callee.connected
    assert [each.message.data and each.message.data.call for each in server.heard] == [ringing.call] * 2


async def test_a_missed_call_is_told_by_the_reaper(tmp_path: Path) -> None:
    """Nobody did anything, and somebody is to know."""
    async with told_town(tmp_path, ring_ms=1_000) as (town, server):
        await ring(await town.person(), await town.person())
        await hears(server, "call.ringing")
        await hears(server, "call.ringing", "call.missed")


async def test_who_is_not_connected_is_told_so(tmp_path: Path) -> None:
    """Then a push has to wake their phone."""
    async with told_town(tmp_path) as (town, server):
        ana, ben = await town.person(), await town.person()
        link = await ben.link()
        ben.close()
        async with asyncio.timeout(10):
            while server.connected() is not False:  # until the gateway has seen that ben is gone
                await ana.call(link, Mode.TEXT)
                await ana.expect(CallState)
                await wait_until(lambda: server.types[-1:] == ["call.ringing"], description="the ring to be told")
                connected = server.connected()
                await ana.cancel_call()
                await over(ana)
                await wait_until(lambda: server.types[-1] == "call.cancelled", description="its end to be told")

    assert connected is False


async def test_nothing_is_told_of_a_caller_whom_the_callee_has_blocked(tmp_path: Path) -> None:
    """Until the end of that call; somebody else's is told."""
    async with told_town(tmp_path, ring_ms=1_000) as (town, server):
        ana, ben, cleo = [await town.person() for _ in range(3)]
        link = await ben.link()
        await ring(ana, ben)
        await ben.block(ben.ringing)
        await hears(server, "call.ringing", "call.declined")
        await over(ana)
        await ana.call(link, Mode.TEXT)
        await over(ana)
        await ring(cleo, ben)
        await hears(server, "call.ringing", "call.declined", "call.ringing")

    callers = [each.message.data and each.message.data.caller.person for each in server.heard]
    assert len(set(callers)) == 2
