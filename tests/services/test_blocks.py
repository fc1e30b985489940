"""Blocks: durable first, then at hand; and nobody is matched while it is not known whom they have blocked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from duologue.errors import Unavailable
from duologue.ids import BlockId, PairId, PersonId
from duologue.ledger import Attention, Caller, Claim, Outcome, Paired, Rejected
from duologue.matching.rules import Rules
from duologue.media.fake import FakeMedia
from duologue.protocol.client import Filters
from duologue.protocol.codes import Mode
from duologue.services.blocks import Blocks
from duologue.services.identity import Grant, Identity, TokenOffice
from duologue.services.lobby import Lobby
from duologue.services.pairs import Pairs
from duologue.store.memory import MemoryStore
from duologue.store.memory.safety import MemorySafetyStore
from duologue.tasks import Tasks
from tests.builders import ANA, BEN
from tests.contract.stores import GATEWAY, PAIR, StoreUnderTest, World
from tests.fakes import CountingRng, ManualClock
from tests.services.test_lobby import newcomer

TEXT = Filters(Mode.TEXT)


class MayFail:
    """A store that is away while a test says so; `before` runs before each of its methods that is named."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.away = False
        self.before: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any) -> Any:
            if self.away:
                raise Unavailable("a store of this test")
            if name in self.before:
                await self.before.pop(name)()
            return await getattr(self.store, name)(*args)

        return call


class House(World):
    """Blocks and a lobby, over a ledger and a safety store that may be away."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        super().__init__(StoreUnderTest(MemoryStore(self.clock), self.clock.sleep_ms))
        self.ledger: Any = MayFail(self.store)
        self.safety: Any = MayFail(MemorySafetyStore(self.clock, CountingRng()))
        self.tasks = Tasks()
        self.open_gateway()

    def open_gateway(self) -> None:
        """A process that remembers nothing."""
        pairs = Pairs(self.store, FakeMedia(), self.clock, self.tasks)
        self.blocks = Blocks(self.ledger, self.safety, pairs)
        tokens = TokenOffice(b"k" * 32, self.clock, CountingRng())
        self.lobby = Lobby(self.store, tokens, pairs, self.blocks, Rules(), frozenset([Mode.TEXT]), self.clock)

    async def enter(self, person: PersonId, session: str = "s1") -> Caller:
        await self.store.keep_alive(GATEWAY)
        grant = Grant(Identity(person), self.clock.now_ms() + 60_000)
        entry = await self.lobby.enter(grant, newcomer(session))
        return Caller(person, entry.arrival.generation)

    async def search(self, caller: Caller, attempt: int = 1) -> Outcome:
        return await self.lobby.find(caller, Identity(caller.person), attempt, TEXT)

    async def forget_while(self, method: str, caller: Caller) -> None:
        """The ledger begins anew, and is told of this caller's talk just before this method."""
        (pair,) = await self.store.live_pairs([PAIR])
        self.ledger.store.records.begin_anew()

        async def vouch() -> None:
            session, generation = self.session(caller), caller.generation
            await self.store.keep_alive(GATEWAY)
            claim = Claim(caller.person, session, generation, True, 9, Paired(pair), 1, None, Attention.VISIBLE)
            await self.store.vouch(GATEWAY, [claim])

        self.ledger.before[method] = vouch

    async def are_matched(self) -> bool:
        """Whether the ledger takes a match of Ana and Ben, who wait."""
        queue = await self.queue()
        return not isinstance(await self.commit(queue[ANA], queue[BEN], PairId("next")), Rejected)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    yield house
    await house.tasks.cancel_all()


async def test_a_block_is_durable_and_at_hand(house: House) -> None:
    """With the name that the partner had; the pair is over, and they do not meet again."""
    ana, ben = await house.paired()
    assert await house.blocks.block(ana, PAIR) is Outcome.DONE
    (block,) = await house.blocks.list(ANA)

    assert (block.person, block.alias) == (BEN, "Otter")
    assert await house.store.live_pairs([PAIR]) == []
    await house.find(ana, 2)
    await house.find(ben, 2)
    assert not await house.are_matched()


async def test_the_last_partner_can_be_blocked_too(house: House) -> None:
    """Whoever was unkind has often left first."""
    ana, ben = await house.paired()
    await house.store.leave(ben, PAIR)
    await house.blocks.block(ana, PAIR)

    assert [(each.person, each.alias) for each in await house.blocks.list(ANA)] == [(BEN, "Otter")]


@pytest.mark.parametrize("pair", ["somebody-elses", ""])
async def test_a_pair_of_others_blocks_nobody(house: House, pair: str) -> None:
    """Clients may name what they like; and nobody shall believe that they have blocked somebody, and have not."""
    ana, _ = await house.paired()

    assert await house.blocks.block(ana, PairId(pair)) is Outcome.REFUSED
    assert await house.blocks.list(ANA) == []
    assert await house.store.live_pairs([PAIR]) != []


async def test_a_block_that_cannot_be_kept_ends_the_pair_all_the_same(house: House) -> None:
    """The person is told, and may ask again: with the same id, and after the pair."""
    ana, _ = await house.paired()
    ana = ana._replace(request="r1")  # type: ignore[arg-type]
    house.safety.away = True
    with pytest.raises(Unavailable):
        await house.blocks.block(ana, PAIR)
    assert await house.store.live_pairs([PAIR]) == []

    house.safety.away = False
    assert await house.blocks.block(ana, PAIR) is Outcome.DONE
    assert await house.blocks.list(ANA) != []
    assert (await house.snapshot(ANA)).generation
    queue = {person: await house.waiting(person, attempt=9) for person in (ANA, BEN)}
    assert queue
    assert not await house.are_matched()


async def test_a_block_that_cannot_be_kept_stops_no_search(house: House) -> None:
    """Who was left waits for somebody else by now."""
    ana, ben = await house.talking()
    await house.store.next(ben, PAIR, 2, None)
    house.safety.away = True
    with pytest.raises(Unavailable):
        await house.blocks.block(ana, PAIR)

    assert ANA in await house.queue()


async def test_nothing_is_blocked_in_a_store_that_was_not_told_of_the_pair(house: House) -> None:
    """It may be told between two questions: then the ledger alone would know of the block, and forget it again."""
    ana, _ = await house.paired()
    await house.forget_while("block", ana)

    assert await house.blocks.block(ana, PAIR) is Outcome.GONE
    await house.ledger.before["block"]()
    assert await house.blocks.block(ana, PAIR) is Outcome.DONE
    assert await house.safety.blocked_by(ANA) == {BEN}


async def test_too_many_blocks_are_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pair ends all the same."""
    monkeypatch.setattr("duologue.store.memory.safety.MAX_BLOCKS", 0)
    ana, _ = await house.paired()

    assert await house.blocks.block(ana, PAIR) is Outcome.REFUSED
    assert await house.store.live_pairs([PAIR]) == []


async def test_a_session_that_was_superseded_still_blocks(house: House) -> None:
    """It was durable when the other session took over, so the ledger has to know it."""
    ana, _ = await house.paired()

    async def take_over() -> None:
        await house.arrive(ANA)

    house.ledger.before["block"] = take_over

    assert await house.blocks.block(ana, PAIR) is Outcome.STALE
    assert (await house.snapshot(ANA)).blocks_known
    assert await house.safety.blocked_by(ANA) == {BEN}


async def test_a_block_can_be_taken_back(house: House) -> None:
    """Both may meet again, also those who wait already."""
    ana, ben = await house.paired()
    await house.blocks.block(ana, PAIR)
    await house.find(ana, 2)
    await house.find(ben, 2)
    (block,) = await house.blocks.list(ANA)
    await house.blocks.unblock(ANA, block.id)

    assert await house.blocks.list(ANA) == []
    assert await house.are_matched()


async def test_taking_back_twice_is_fine(house: House) -> None:
    """Whoever lost the answer asks again; what is not there is not there."""
    await house.blocks.unblock(ANA, BlockId("gone"))
    await house.blocks.unblock(ANA, BlockId("gone"))


async def test_a_ledger_that_forgot_is_told(house: House) -> None:
    """As after a Redis that came back empty: before anybody is matched."""
    await house.safety.block(ANA, BEN, "Otter")
    ana, ben = await house.enter(ANA), await house.enter(BEN, "s2")
    await house.search(ana)
    await house.search(ben)

    assert not await house.are_matched()
    assert (await house.snapshot(ANA)).blocks_known


async def test_a_block_in_between_is_not_overwritten(house: House) -> None:
    """What was read for an arrival is old when the session before blocks somebody just then."""

    async def block_just_then() -> None:
        await house.safety.block(ANA, BEN, "Otter")

    house.ledger.before["remember_blocks"] = block_just_then
    ana, ben = await house.enter(ANA), await house.enter(BEN, "s2")
    await house.search(ana)
    await house.search(ben)

    assert not await house.are_matched()


async def test_without_a_database_people_come_in_and_do_not_search(house: House) -> None:
    """They might meet somebody they have blocked. As soon as it is back, a search works by itself."""
    await house.safety.block(ANA, BEN, "Otter")
    house.safety.away = True
    ana, ben = await house.enter(ANA), await house.enter(BEN, "s2")
    for search in (house.search(ana), house.lobby.next(ana, Identity(ANA), PAIR, 1, TEXT)):
        with pytest.raises(Unavailable):
            await search
    assert await house.queue() == {}

    house.safety.away = False
    assert await house.search(ana) is Outcome.DONE
    assert await house.search(ben) is Outcome.DONE
    assert not await house.are_matched()


async def test_who_is_known_needs_no_database(house: House) -> None:
    """The ledger's own knowledge holds on, over a reconnect and on another gateway."""
    ana = await house.enter(ANA)
    house.safety.away = True
    house.open_gateway()
    again = await house.enter(ANA, "s2")

    assert again.generation > ana.generation
    assert await house.search(again) is Outcome.DONE


async def test_a_ledger_that_missed_a_block_is_told_before_the_next_search(house: House) -> None:
    """It was away just when it was to hear of it."""
    for person in (ANA, BEN):
        await house.enter(person)
    ana, ben = await house.paired()

    async def go_away() -> None:
        raise Unavailable("the ledger")

    house.ledger.before["block"] = go_away
    with pytest.raises(Unavailable):
        await house.blocks.block(ana, PAIR)
    await house.store.leave(ana, PAIR)
    await house.search(ana, 2)
    await house.find(ben, 2)

    assert not await house.are_matched()


async def test_a_ledger_that_came_back_empty_is_told_before_the_next_search(house: House) -> None:
    """Who stayed connected does not arrive again: their gateway vouches for them, and knows that it may be so."""
    ana, ben = await house.enter(ANA), await house.enter(BEN, "s2")
    await house.safety.block(ANA, BEN, "Otter")
    house.blocks.doubt(ana)
    await house.search(ana)
    await house.search(ben)

    assert not await house.are_matched()


async def test_nothing_is_left_of_who_departed(house: House) -> None:
    """A session of theirs that came later keeps its doubt, an old one takes nothing away."""
    house.safety.away = True
    old, new = await house.enter(ANA), await house.enter(ANA, "s2")
    await house.lobby.depart(old, 0)
    with pytest.raises(Unavailable):
        await house.search(new)

    await house.lobby.depart(new, 0)
    assert house.blocks._unsure == {}


async def test_who_does_not_search_is_told_of_as_well(house: House) -> None:
    """Who waits on by themselves is offered once the ledger knows; a database that is away is asked again."""
    ana = await house.enter(ANA)
    house.blocks.doubt(ana)
    house.safety.away = True
    with pytest.raises(Unavailable):
        await house.blocks.catch_up()

    house.safety.away = False
    await house.safety.block(ANA, BEN, "Otter")
    await house.blocks.catch_up()
    await house.find(ana)
    assert (await house.queue())[ANA].avoid == {BEN}
    assert house.blocks._unsure == {}


async def test_a_doubt_that_came_in_between_stays(house: House) -> None:
    """The store began anew while it was told: that was another life of it."""
    ana = await house.enter(ANA)
    house.blocks.doubt(ana)

    async def begin_anew() -> None:
        house.blocks.doubt(ana)

    house.ledger.before["remember_blocks"] = begin_anew
    await house.blocks.make_sure(ANA)

    assert list(house.blocks._unsure) == [ANA]
