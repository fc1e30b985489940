"""Blocks over the wire, with the whole server and its database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from duologue.client import RandomChatSession, join
from duologue.client.session import CommandRefused
from duologue.protocol.client import Filters
from duologue.protocol.codes import EndReason, ErrorCode, Mode
from duologue.protocol.server import Ended
from duologue.settings import DatabaseSettings
from duologue.store.sql import read_address, upgrade
from tests.conftest import Town, open_town
from tests.postgres import Postgres

TEXT = Filters(mode=Mode.TEXT)


async def talk(*people: RandomChatSession) -> str:
    """Each searches, and these two meet; by which name the first knows the second."""
    for person in people:
        await person.find(TEXT)
    first, _ = await asyncio.gather(*(person.matched() for person in people))
    return first.peer.alias


async def test_a_block_can_be_seen_and_taken_back(town: Town) -> None:
    """The list has the name that they had, and no more."""
    ana, ben = await town.person(), await town.person()
    alias = await talk(ana, ben)
    await ana.block()
    ended = await ben.expect(Ended)
    (block,) = await ana.blocked()

    assert ended.reason is EndReason.LEFT
    assert block.alias == alias
    assert await ben.blocked() == []

    await ana.unblock(block.block)
    assert await ana.blocked() == []


async def test_a_block_outlives_the_server(tmp_path: Path) -> None:
    """Both come back to a new one and search: each waits on, until somebody else comes."""
    async with open_town(tmp_path) as town:
        tokens = [(await join(town.page_url)).token for _ in range(2)]
        ana, ben = [await town.person(token) for token in tokens]
        await talk(ana, ben)
        await ana.block()

    async with open_town(tmp_path) as town:
        ana, ben = [await town.person(token) for token in tokens]
        people = [ana, ben, await town.person(), await town.person()]
        for person in people:
            await person.find(TEXT)
        await asyncio.gather(*(person.matched() for person in people))

        assert ana.pair != ben.pair
        assert len(await ana.blocked()) == 1


async def test_a_server_without_its_database_goes_on(tmp_path: Path, postgres: Postgres) -> None:
    """Who is known meets others; a block is refused for now, and leaves all the same; a newcomer does not search."""
    url = await postgres.new_database()
    await upgrade(read_address(url))
    async with open_town(tmp_path, database=DatabaseSettings(url=SecretStr(url))) as town:
        ana, ben = await town.person(), await town.person()
        with postgres.down():
            await talk(ana, ben)
            with pytest.raises(CommandRefused) as refused:
                await ana.block()
            assert (refused.value.error.code, refused.value.error.temporary) == (ErrorCode.UNAVAILABLE, True)
            await ben.expect(Ended)
            newcomer = await town.person()
            with pytest.raises(CommandRefused):
                await newcomer.find(TEXT)

        await newcomer.find(TEXT)
        assert await newcomer.blocked() == []
