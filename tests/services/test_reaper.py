"""Who gives up what ran out: one process at a time."""

from __future__ import annotations

from duologue.ids import PairId
from duologue.ledger import SHARD_LEASE_MS
from duologue.media.fake import FakeMedia
from duologue.services.pairs import Pairs
from duologue.services.reaper import Reaper
from duologue.store.memory import MemoryStore
from duologue.tasks import Tasks
from tests.builders import ANA
from tests.contract.stores import PAIR, StoreUnderTest, World
from tests.fakes import CountingRng, ManualClock


class House(World):
    """A store with two reapers."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        store = MemoryStore(self.clock)
        super().__init__(StoreUnderTest(store, self.clock.sleep_ms))
        rng = CountingRng()
        pairs = Pairs(store, FakeMedia(), self.clock, Tasks())
        self.one, self.other = (Reaper(store, pairs, rng) for _ in range(2))

    async def lives(self) -> list[PairId]:
        return [pair.id for pair in await self.store.live_pairs([PAIR])]


async def test_one_of_two_reapers_works() -> None:
    """The other one leaves everything to it, until its lease is over."""
    house = House()
    ana, _ = await house.talking()
    await house.one.turn()
    await house.store.depart(ana, hold_ms=100)
    await house.advance(200)
    await house.other.turn()
    assert await house.lives() == [PAIR]

    await house.one.turn()
    assert await house.lives() == []


async def test_a_reaper_that_stops_leaves_its_work_to_the_other() -> None:
    """At once, and for good: its own last turns take nothing back."""
    house = House()
    ana, _ = await house.talking()
    await house.one.turn()
    await house.store.depart(ana, hold_ms=100)
    await house.advance(200)
    await house.one.stop()
    await house.one.turn()
    assert await house.lives() == [PAIR]

    await house.other.turn()
    assert await house.lives() == []


async def test_a_reaper_that_died_is_replaced() -> None:
    """Its lease ends by itself."""
    house = House()
    ana, _ = await house.talking()
    await house.one.turn()
    await house.store.depart(ana, hold_ms=100)
    await house.advance(SHARD_LEASE_MS + 1)
    await house.other.turn()

    assert await house.lives() == []
    assert ANA not in await house.queue()
