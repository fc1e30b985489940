"""Reports over the wire, with the whole server and its database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from duologue.client.session import CommandRefused, RandomChatSession
from duologue.protocol.codes import EndReason, ErrorCode
from duologue.protocol.server import ChatLine, Ended
from duologue.safety.report import Report
from duologue.settings import DatabaseSettings
from duologue.store.sql import Address, read_address, sqlite_address, upgrade
from tests.conftest import Town, open_town
from tests.contract.safety_stores import opened
from tests.postgres import Postgres
from tests.test_blocks import talk


async def kept(address: Address) -> Sequence[Report]:
    """What the operator can read."""
    async with opened(address) as store:
        return await store.reports(0, 100)


async def gets_away(who: RandomChatSession, pair: str | None = None) -> CommandRefused | None:
    """Report, and tell how it was refused."""
    try:
        await who.report("spam", "sells things", pair)
    except CommandRefused as refused:
        return refused
    return None


async def test_a_report_reaches_the_operator(town: Town, tmp_path: Path) -> None:
    """With the last lines; the one whom it is about reads that the other left."""
    ana, ben = await town.person(), await town.person()
    alias = await talk(ana, ben)
    await ben.chat("buy!")
    await ana.expect(ChatLine)
    pair = ana.pair
    await ana.report("spam", "sells things")
    ended = await ben.expect(Ended)
    (report,) = await kept(sqlite_address(tmp_path / "duologue.sqlite"))

    assert (ended.reason, ended.by) == (EndReason.LEFT, "peer")
    assert (report.complaint.alias, report.complaint.pair, report.complaint.text) == (alias, pair, "sells things")
    assert [line.text for line in report.complaint.lines] == ["buy!"]
    assert len(await ana.blocked()) == 1


async def test_without_the_database_one_gets_away_and_reports_later(tmp_path: Path, postgres: Postgres) -> None:
    """The pair ends at once, and the report is refused for now; said again, it is kept."""
    address = read_address(url := await postgres.new_database())
    await upgrade(address)
    async with open_town(tmp_path, database=DatabaseSettings(url=SecretStr(url))) as town:
        ana, ben = await town.person(), await town.person()
        await talk(ana, ben)
        pair = ana.pair
        with postgres.down():
            refused = await gets_away(ana)
            assert refused is not None
            assert (refused.error.code, refused.error.temporary) == (ErrorCode.UNAVAILABLE, True)
            await ben.expect(Ended)

        assert await gets_away(ana, pair) is None
        assert len(await ana.blocked()) == 1
    assert [report.complaint.pair for report in await kept(address)] == [pair]


async def test_who_reports_too_often_gets_away_all_the_same(tmp_path: Path) -> None:
    """They are told that it is not kept, and when it could be."""
    async with open_town(tmp_path, limits={"report": "1/h burst 1"}) as town:
        ana, ben, cy = await town.person(), await town.person(), await town.person()
        await talk(ana, ben)
        assert await gets_away(ana) is None
        await ben.expect(Ended)
        await ben.cancel()
        await talk(ana, cy)
        with pytest.raises(CommandRefused) as refused:
            await ana.report("spam")
        assert refused.value.error.code is ErrorCode.RATE_LIMITED
        assert (await asyncio.wait_for(cy.expect(Ended), 5)).by == "peer"

        assert len(await ana.blocked()) == 2
    assert len(await kept(sqlite_address(tmp_path / "duologue.sqlite"))) == 1
