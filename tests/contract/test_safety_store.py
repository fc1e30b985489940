"""What outlives the ledger, held in SQLite and in a real PostgreSQL alike."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from duologue.ids import BlockId, PairId, PersonId
from duologue.ports import SafetyStore
from duologue.protocol.codes import Mode
from duologue.safety.block import Block
from duologue.safety.report import Complaint, Evidence, Report
from tests.builders import ANA, BEN
from tests.contract.safety_stores import SafetyUnderTest

CY = PersonId("cy")
MOST = 100


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """A bound that a test can reach soon."""
    bound = 3
    for module in ("duologue.store.sql.safety", "duologue.store.memory.safety"):
        monkeypatch.setattr(f"{module}.MAX_BLOCKS", bound)
    for module in ("duologue.store.sql.reports", "duologue.store.memory.safety"):
        monkeypatch.setattr(f"{module}.MAX_REPORTS", bound)
    return bound


def complaint(pair: str = "p1", reporter: PersonId = ANA, **more: Any) -> Complaint:
    """Ana says something of Ben."""
    lines = (Evidence(mine=False, text="psst \u202e\N{PILE OF POO}", at_ms=7), Evidence(mine=True, text="no", at_ms=8))
    said = Complaint(reporter, BEN, "Heron", PairId(pair), "default", Mode.TEXT, "spam", "he\nsells \N{GHOST}", lines)
    return said._replace(**more)


async def blocked(store: SafetyStore, blocker: PersonId, person: PersonId, alias: str = "Heron") -> Block:
    """A block that was made."""
    block = await store.block(blocker, person, alias)
    assert block is not None
    return block


async def test_a_block_is_kept(safety: SafetyUnderTest) -> None:
    """With whom, what they were called, and when."""
    block = await blocked(safety.store, ANA, BEN)

    assert (block.person, block.alias, block.at_ms) == (BEN, "Heron", safety.clock.now_ms())
    assert await safety.store.blocks_of(ANA) == [block]
    assert await safety.store.blocked_by(ANA) == {BEN}


async def test_a_block_is_its_makers_alone(safety: SafetyUnderTest) -> None:
    """Who was blocked does not see it."""
    await blocked(safety.store, ANA, BEN)

    assert await safety.store.blocks_of(BEN) == []
    assert await safety.store.blocked_by(BEN) == frozenset()


async def test_a_block_outlives_its_process(safety: SafetyUnderTest) -> None:
    """That is what this store is for."""
    block = await blocked(safety.store, ANA, BEN)

    async with safety.reopened() as later:
        assert await later.blocks_of(ANA) == [block]


async def test_blocking_again_changes_nothing(safety: SafetyUnderTest) -> None:
    """Whoever lost the answer asks again, and gets the same block."""
    first = await blocked(safety.store, ANA, BEN)
    safety.clock.advance(5)

    assert await blocked(safety.store, ANA, BEN, alias="Otter") == first
    assert await safety.store.blocks_of(ANA) == [first]


async def test_the_newest_block_comes_first(safety: SafetyUnderTest) -> None:
    """Also of those made in the same millisecond."""
    blocks = [await blocked(safety.store, ANA, PersonId(f"p{n}")) for n in range(4)]

    assert await safety.store.blocks_of(ANA) == blocks[::-1]


async def test_an_id_says_nothing(safety: SafetyUnderTest) -> None:
    """Neither who is meant, nor how many blocks there are, nor the id of the next one."""
    ids = [(await blocked(safety.store, ANA, PersonId(f"p{n}"))).id for n in range(20)]

    assert len(set(ids)) == 20
    assert all(len(id_) == 22 for id_ in ids)
    assert len({id_[:4] for id_ in ids}) > 15


async def test_a_block_can_be_taken_back(safety: SafetyUnderTest) -> None:
    """It says who may be met again, and only that block goes."""
    first, second = await blocked(safety.store, ANA, BEN), await blocked(safety.store, ANA, CY)

    assert await safety.store.unblock(ANA, first.id) == BEN
    assert await safety.store.blocks_of(ANA) == [second]


@pytest.mark.parametrize("id_", ["gone", "x" * 64, "'; DROP TABLE duologue_blocks; --", "a\0b", "😀" * 64])
async def test_a_block_that_is_not_there_frees_nobody(safety: SafetyUnderTest, id_: str) -> None:
    """Clients may send anything as an id."""
    await blocked(safety.store, ANA, BEN)

    assert await safety.store.unblock(ANA, BlockId(id_)) is None
    assert await safety.store.blocked_by(ANA) == {BEN}


async def test_nobody_frees_themselves(safety: SafetyUnderTest) -> None:
    """Who was blocked could learn the id, and still cannot use it."""
    block = await blocked(safety.store, ANA, BEN)

    assert await safety.store.unblock(BEN, block.id) is None
    assert await safety.store.blocked_by(ANA) == {BEN}


async def test_beyond_the_bound_nothing_is_kept(safety: SafetyUnderTest, few: int) -> None:
    """And what was there is still there, and can be asked for again."""
    for n in range(few):
        await blocked(safety.store, ANA, PersonId(f"p{n}"))

    assert await safety.store.block(ANA, BEN, "Heron") is None
    assert len(await safety.store.blocked_by(ANA)) == few
    assert await safety.store.block(ANA, PersonId("p0"), "Heron") is not None


async def test_the_bound_is_of_each_person(safety: SafetyUnderTest, few: int) -> None:
    """What one has blocked takes no room from another."""
    for n in range(few):
        await blocked(safety.store, ANA, PersonId(f"p{n}"))

    assert await safety.store.block(CY, BEN, "Heron") is not None


async def test_many_at_once_do_not_pass_the_bound(safety: SafetyUnderTest, few: int) -> None:
    """Two gateways may count at the same moment."""
    people = [PersonId(f"p{n}") for n in range(12)]
    async with safety.reopened() as other:
        stores = [safety.store, other]
        made = await asyncio.gather(*(stores[n % 2].block(ANA, who, "Heron") for n, who in enumerate(people)))

    assert len([block for block in made if block is not None]) == few
    assert len(await safety.store.blocked_by(ANA)) == few


async def test_the_same_block_at_once_is_one(safety: SafetyUnderTest) -> None:
    """A client that sends its command twice may reach two gateways."""
    async with safety.reopened() as other:
        first, second = await asyncio.gather(blocked(safety.store, ANA, BEN), blocked(other, ANA, BEN))

    assert first == second
    assert await safety.store.blocks_of(ANA) == [first]


async def test_a_report_is_kept_with_its_evidence(safety: SafetyUnderTest) -> None:
    """Word for word, in whatever script, beyond the life of this process; and the two are kept apart."""
    assert await safety.store.report(complaint())

    async with safety.reopened() as later:
        (report,) = await later.reports(0, MOST)
        assert report == Report(report.n, safety.clock.now_ms(), complaint())
        assert await later.blocked_by(ANA) == {BEN}
        assert [block.alias for block in await later.blocks_of(ANA)] == ["Heron"]


async def test_a_report_is_made_once_for_a_pair(safety: SafetyUnderTest) -> None:
    """The first one stands: whoever lost the answer asks again. The other one of the pair has a word of their own."""
    await safety.store.report(complaint())
    assert await safety.store.report(complaint(text="more"))
    assert await safety.store.report(complaint(reporter=BEN, reported=ANA))

    found = [report.complaint for report in await safety.store.reports(0, MOST)]
    assert [(each.reporter, each.text) for each in found] == [(BEN, complaint().text), (ANA, complaint().text)]


async def test_the_same_report_at_once_is_one(safety: SafetyUnderTest) -> None:
    """A client that sends its command twice may reach two gateways."""
    async with safety.reopened() as other:
        kept = await asyncio.gather(*(store.report(complaint()) for store in (safety.store, other) * 3))

    assert all(kept)
    assert len(await safety.store.reports(0, MOST)) == 1


async def test_beyond_the_bound_of_reports_only_the_block_is_kept(safety: SafetyUnderTest, few: int) -> None:
    """Who reports everybody still meets nobody of them again; others have bounds of their own."""
    for n in range(few):
        assert await safety.store.report(complaint(f"p{n}"))

    assert not await safety.store.report(complaint("one-more", reported=CY))
    assert await safety.store.report(complaint("p0"))
    assert await safety.store.blocked_by(ANA) == {BEN, CY}
    assert await safety.store.report(complaint("one-more", reporter=CY))
    assert len(await safety.store.reports(0, MOST)) == few + 1


async def test_beyond_the_bound_of_blocks_the_report_is_kept(safety: SafetyUnderTest, few: int) -> None:
    """It is the operator who reads it."""
    for n in range(few):
        await blocked(safety.store, ANA, PersonId(f"p{n}"))

    assert await safety.store.report(complaint())
    assert len(await safety.store.reports(0, MOST)) == 1
    assert BEN not in await safety.store.blocked_by(ANA)


async def test_the_newest_reports_come_first(safety: SafetyUnderTest) -> None:
    """As many as were asked for, and none from before."""
    for n in range(4):
        await safety.store.report(complaint(f"p{n}"))
        safety.clock.advance(10)

    found = await safety.store.reports(safety.clock.now_ms() - 30, 2)
    assert [report.complaint.pair for report in found] == ["p3", "p2"]
    assert len(await safety.store.reports(safety.clock.now_ms() - 30, MOST)) == 3


async def test_old_reports_are_forgotten(safety: SafetyUnderTest) -> None:
    """They alone; the blocks stay, and what was reported before may be reported again."""
    await safety.store.report(complaint("old"))
    safety.clock.advance(10)
    await safety.store.report(complaint("new"))

    assert await safety.store.forget_reports(safety.clock.now_ms()) == 1
    assert await safety.store.forget_reports(safety.clock.now_ms()) == 0
    assert [report.complaint.pair for report in await safety.store.reports(0, MOST)] == ["new"]
    assert await safety.store.blocked_by(ANA) == {BEN}


async def test_it_says_that_it_is_well(safety: SafetyUnderTest) -> None:
    """Reachable, and with the tables that this version needs."""
    await safety.store.ping()


async def test_everybody_has_a_link_of_their_own(safety: SafetyUnderTest) -> None:
    """It leads to them, stays the same, and outlives its process."""
    ana, ben = await safety.store.link_of(ANA), await safety.store.link_of(BEN)

    async with safety.reopened() as later:
        assert ana != ben
        assert await later.link_of(ANA) == ana
        assert (await later.person_of(ana), await later.person_of(ben)) == (ANA, BEN)


async def test_a_link_that_was_renewed_leads_nowhere(safety: SafetyUnderTest) -> None:
    """Whoever has the old one rings nobody any more."""
    old = await safety.store.link_of(ANA)
    new = await safety.store.link_of(ANA, renew=True)

    assert new != old
    assert (await safety.store.person_of(old), await safety.store.person_of(new)) == (None, ANA)
    assert await safety.store.link_of(ANA) == new


@pytest.mark.parametrize("link", ["", "never", "with \0 in it"])
async def test_nobody_is_behind_what_is_no_link(safety: SafetyUnderTest, link: str) -> None:
    """Whatever strangers send."""
    assert await safety.store.person_of(link) is None


async def test_links_that_are_asked_for_at_once_are_one(safety: SafetyUnderTest) -> None:
    """Two tabs open the same page."""
    links = await asyncio.gather(*(safety.store.link_of(ANA) for _ in range(5)))

    assert len(set(links)) == 1
