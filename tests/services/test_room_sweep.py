"""Rooms against pairs: what slipped through is found."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from duologue.errors import Unavailable
from duologue.ids import NodeName, PairId
from duologue.ledger import PairEnded
from duologue.media.fake import FakeMedia
from duologue.metrics import definitions as metrics
from duologue.nodes import NodeHealth
from duologue.ports import Room
from duologue.protocol.codes import Mode
from duologue.safety.ratelimit import UNLIMITED
from duologue.services.node_watch import NodeWatch
from duologue.services.pairs import Pairs
from duologue.services.room_sweep import STRAY_FOR_MS, Findings, RoomSweep, compare
from duologue.store.memory import MemoryStore
from duologue.tasks import Tasks
from tests.builders import BEN, NODE, NOW
from tests.contract.stores import PAIR, StoreUnderTest, World
from tests.fakes import CountingRng, ManualClock
from tests.figures import Counted

OTHER = NodeName("other")
STRAY = PairId("stray")
OLD = NOW - STRAY_FOR_MS


@pytest.mark.parametrize(
    ("rooms", "live", "strays", "found"),
    [
        ([Room(PAIR, OLD)], {PAIR}, set(), Findings([], frozenset(), [])),
        ([Room(STRAY, OLD)], set(), set(), Findings([], frozenset([STRAY]), [])),
        ([Room(STRAY, OLD)], set(), {STRAY}, Findings([STRAY], frozenset([STRAY]), [])),
        ([Room(STRAY, OLD + 1)], set(), {STRAY}, Findings([], frozenset([STRAY]), [])),
        ([], {PAIR}, set(), Findings([], frozenset(), [PAIR])),
    ],
    ids=["in order", "seen once", "a zombie", "too young", "lost"],
)
def test_rooms_against_pairs(rooms: list[Room], live: set[PairId], strays: set[PairId], found: Findings) -> None:
    """A room has to be seen without a pair twice, and be old."""
    assert compare(rooms, live, strays, NOW) == found


class House(World):
    """A store, two nodes, and a sweeper."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        super().__init__(StoreUnderTest(MemoryStore(self.clock), self.clock.sleep_ms))
        self.media = FakeMedia({NODE: UNLIMITED, OTHER: UNLIMITED}, now_ms=self.clock.now_ms)
        self.tasks = Tasks()
        self.pairs = Pairs(self.store, self.media, self.clock, self.tasks)
        watch = NodeWatch(self.store, self.media, self.pairs, self.clock, CountingRng(), self.tasks)
        self.sweep = RoomSweep(self.store, self.media, self.pairs, watch, self.clock)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    yield house
    await house.tasks.cancel_all()


async def test_a_zombie_goes_and_is_counted(house: House) -> None:
    """Its owner died before it could delete it."""
    await house.media.open_room(STRAY, NODE)
    zombies = Counted(metrics.ZOMBIE_ROOMS)
    await house.sweep.sweep(NODE)
    assert house.media.open == {STRAY}
    house.clock.advance(STRAY_FOR_MS)
    await house.sweep.sweep(NODE)

    assert house.media.open == set()
    assert zombies() == {"": 1}


async def test_a_room_of_a_pair_that_moved_goes_and_the_pair_stays(house: House) -> None:
    """At most one room per pair."""
    await house.paired(Mode.VIDEO)
    await house.media.open_room(PAIR, NODE)
    await house.report_nodes({NODE: NodeHealth.UP, OTHER: NodeHealth.UP})
    await house.store.refused(PAIR, NODE)
    await house.media.open_room(PAIR, OTHER)
    await house.store.opened(PAIR, OTHER)
    for _ in range(2):
        house.clock.advance(STRAY_FOR_MS)
        for node in (NODE, OTHER):
            await house.sweep.sweep(node)

    assert (list(house.media.on[NODE].rooms), list(house.media.on[OTHER].rooms)) == ([], [PAIR])
    assert await house.store.live_pairs([PAIR])


async def test_a_pair_whose_room_is_gone_ends_by_the_server(house: House) -> None:
    """LiveKit restarted faster than anybody looked."""
    _, ben = await house.paired(Mode.VIDEO)
    await house.media.open_room(PAIR, NODE)
    await house.store.opened(PAIR, NODE)
    await house.news(ben)
    await house.sweep.sweep(NODE)
    assert await house.news(ben) == []
    house.media.on[NODE].die()
    house.media.on[NODE].come_back()
    lost = Counted(metrics.ROOMS_LOST)
    await house.sweep.sweep(NODE)
    (ended,) = await house.news(ben)

    assert isinstance(ended, PairEnded)
    assert (ended.by, ended.ticket and ended.ticket.person) == ("server", BEN)
    assert lost() == {"": 1}


async def test_a_pair_whose_room_is_still_being_made_is_left_alone(house: House) -> None:
    """There is nothing to miss yet."""
    await house.paired(Mode.VIDEO)
    await house.sweep.sweep(NODE)

    assert await house.store.live_pairs([PAIR])


async def test_a_node_that_does_not_answer_ends_nothing(house: House) -> None:
    """That is the watcher's to judge."""
    await house.paired(Mode.VIDEO)
    await house.media.open_room(PAIR, NODE)
    await house.store.opened(PAIR, NODE)
    house.media.on[NODE].down = True
    with pytest.raises(Unavailable):
        await house.sweep.sweep(NODE)

    assert await house.store.live_pairs([PAIR])
