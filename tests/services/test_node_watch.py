"""One process looks at the media nodes, and the store hears what it saw."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from duologue.ids import NodeName, PairId
from duologue.ledger import NODES_LEASE, SHARD_LEASE_MS
from duologue.media.fake import FakeMedia
from duologue.nodes import NodeHealth
from duologue.ports import Rng
from duologue.protocol.codes import Mode
from duologue.safety.ratelimit import UNLIMITED, Rate
from duologue.services.node_watch import NodeWatch
from duologue.services.pairs import Pairs
from duologue.store.memory import MemoryStore
from duologue.tasks import Tasks
from tests.builders import ANA, BEN, cohort
from tests.contract.stores import PAIR, StoreUnderTest, World
from tests.fakes import CountingRng, ManualClock, wait_until

A, B = NodeName("a"), NodeName("b")


class Field(World):
    """A store, two nodes, and as many watchers as a test starts. Time moves by hand."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.memory = MemoryStore(self.clock)
        super().__init__(StoreUnderTest(self.memory, self.clock.sleep_ms))
        self.nodes_were_reported = True
        self.media = FakeMedia({A: UNLIMITED, B: UNLIMITED})
        self.tasks = Tasks()
        self.pairs = Pairs(self.store, self.media, self.clock, self.tasks)
        self.rng: Rng = CountingRng()

    def watcher(self) -> NodeWatch:
        return NodeWatch(self.store, self.media, self.pairs, self.clock, self.rng, self.tasks)

    @property
    def health(self) -> dict[str, NodeHealth]:
        """As the store believes it."""
        return {name: state.report.health for name, state in self.memory.ledger.nodes.states.items()}


@pytest.fixture
async def field(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Field]:
    monkeypatch.setattr("duologue.services.node_watch.ANSWER_WITHIN_MS", 20)  # real time: somebody hangs
    field = Field()
    yield field
    await field.tasks.cancel_all()


async def test_its_figures_are_of_the_nodes_that_it_looks_at(field: Field) -> None:
    """A node that takes any number of pairs has no number of slots."""
    field.media = FakeMedia({A: UNLIMITED, B: Rate(interval_ms=100, burst=1)})
    watcher = field.watcher()
    watcher.start()
    await wait_until(lambda: len(watcher.working) == 2, description="both are seen")

    assert watcher.up() == {("a",): True, ("b",): True}
    assert watcher.slots_per_s() == {("b",): 10}


async def test_the_store_hears_who_works(field: Field) -> None:
    """From the first look."""
    field.media.on[B].die()
    watch = field.watcher()
    await watch._look()

    assert field.health == {A: NodeHealth.UP, B: NodeHealth.DOWN}
    assert watch.working == [A]


async def test_a_dead_node_is_down_at_once(field: Field) -> None:
    """Its pairs end in the same look; the others go on."""
    watch = field.watcher()
    await watch._look()
    await field.paired(Mode.VIDEO)
    (pair,) = await field.store.live_pairs([PAIR])
    assert pair.node is not None
    field.media.on[pair.node].die()
    await watch._look()

    assert field.health[pair.node] is NodeHealth.DOWN
    assert await field.store.live_pairs([PAIR]) == []
    assert set(await field.queue()) == {ANA, BEN}


async def test_a_node_that_hangs_is_down_after_the_second_look(field: Field) -> None:
    """The first only keeps new pairs away."""
    watch = field.watcher()
    await watch._look()
    field.media.on[A].hang()
    seen = []
    for _ in range(2):
        await watch._look()
        seen.append(field.health[A])
    field.media.on[A].come_back()
    await watch._look()

    assert [*seen, field.health[A]] == [NodeHealth.SILENT, NodeHealth.DOWN, NodeHealth.UP]


async def test_a_look_for_which_we_had_no_time_says_nothing(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was stopped takes nobody down."""
    watch = field.watcher()
    await watch._look()
    field.media.on[A].hang()
    monkeypatch.setattr(field.clock, "monotonic_ms", iter(range(0, 10**9, 10_000)).__next__)
    await watch._look()
    await watch._look()

    assert field.health[A] is NodeHealth.UP


async def test_one_watches_and_another_takes_over(field: Field) -> None:
    """When the first is silent for as long as its lease, or stops."""
    first, second = field.watcher(), field.watcher()
    await first._look()
    await second._look()
    assert (first.owns, second.owns) == (True, False)
    await field.advance(SHARD_LEASE_MS)
    await second._look()
    await first._look()
    assert (first.owns, second.owns) == (False, True)
    await second.stop()
    await first._look()

    assert first.owns


async def test_who_takes_over_takes_nobody_down_for_one_silence(field: Field) -> None:
    """What the one before saw is not known, and the node may only be busy."""
    first, second = field.watcher(), field.watcher()
    await first._look()
    await field.paired(Mode.VIDEO)
    await first.stop()
    for node in field.media.on.values():
        node.hang()
    await second._look()

    assert set(field.health.values()) == {NodeHealth.SILENT}
    assert await field.store.live_pairs([PAIR])


async def test_who_is_deposed_in_mid_look_changes_nothing(field: Field) -> None:
    """Its news is refused, and it goes on trying."""
    first = field.watcher()
    await first._look()
    field.media.on[A].hang()
    looking = asyncio.create_task(first._look())
    await asyncio.sleep(0)
    await field.advance(SHARD_LEASE_MS)
    second = field.watcher()
    assert await field.store.lease(NODES_LEASE, second.id) is not None
    await looking

    assert not first.owns
    assert field.health[A] is NodeHealth.UP


async def test_it_runs_by_itself_and_looks_again_when_told(field: Field) -> None:
    """A child of ours that exits is known at once."""
    watch = field.watcher()
    watch.start()
    async with asyncio.timeout(10):
        while field.health.get(A) is not NodeHealth.UP:
            await asyncio.sleep(0)
    field.media.on[A].die()
    watch.look_now()
    async with asyncio.timeout(10):
        while field.health[A] is not NodeHealth.DOWN:
            await asyncio.sleep(0)


async def test_the_log_says_what_changed_and_no_more(field: Field) -> None:
    """Not each look."""
    watch = field.watcher()
    with capture_logs() as logs:
        for _ in range(3):
            await watch._look()
        field.media.on[A].die()
        for _ in range(3):
            await watch._look()
    told = [(line["node"], line["event"]) for line in logs]

    assert told == [(A, "media_node_up"), (B, "media_node_up"), (A, "media_node_down")]


async def test_pairs_of_other_cohorts_and_text_are_left_alone(field: Field) -> None:
    """All nodes are gone, and people write on."""
    watch = field.watcher()
    await watch._look()
    await field.paired()
    for node in field.media.on.values():
        node.die()
    await watch._look()

    assert [pair.id for pair in await field.store.live_pairs([PAIR, PairId("p2")])] == [PAIR]
    assert cohort().mode is Mode.TEXT


async def test_who_stops_takes_the_lease_not_again(field: Field) -> None:
    """Its loop goes on for a moment, and somebody else is to look from now on."""
    first, second = field.watcher(), field.watcher()
    await first._look()
    await first.stop()
    await first._look()
    await second._look()

    assert second.owns
