"""What a transition costs: one way to Redis to read, and one to write."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from duologue.clock import SharedClock, StoppedClock, SystemClock
from duologue.ids import PairId, PersonId
from duologue.ledger import MAX_BLOCKS, Attention, Committed, Outcome, Proposal, TicketArrived, TicketGone
from duologue.protocol.codes import Mode
from duologue.settings import RedisSettings
from duologue.store.redis import RedisStore, open_store
from duologue.store.redis import store as module
from duologue.store.redis.records import Bounds
from duologue.store.redis.scripts import Loaded, load
from tests.builders import ANA, NODE, cohort
from tests.contract.stores import GATEWAY, PAIR, SHARD, shared_redis, wish
from tests.store.redis.keyspace import Keyspace
from tests.store.redis.rig import REALMS, store_at, world_of


@pytest.fixture
async def store() -> AsyncIterator[RedisStore]:
    """An empty one."""
    realm = f"cost{next(REALMS)}"
    async with store_at(shared_redis().url, realm) as store:
        yield store
    Keyspace(shared_redis(), realm).clear()


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many records each way to Redis asked for."""
    counts: list[int] = []

    async def counted(line: object, prefix: str, keys: list[str]) -> Loaded:
        counts.append(len(keys))
        return await load(line, prefix, keys)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "load", counted)
    return counts


async def test_what_people_do_reads_once(store: RedisStore, loads: list[int]) -> None:
    """All that belongs to somebody comes with their record: their pair, and who is in it with them."""
    world = world_of(store)
    ana, ben = await world.talking(mode=Mode.VIDEO)
    loads.clear()

    await store.write(ana, PAIR, 1, "hello")
    await store.mute(ben, PAIR, audio_off=True, video_off=False)
    await store.opened(PAIR, NODE)
    await store.partner(ana, PAIR)
    await store.block(ben, PAIR)
    await store.next(ana, PAIR, 2, wish(ana, 2, cohort=cohort(Mode.VIDEO)))
    await store.cancel(ana, 2)
    await store.depart(ben, 5_000)

    assert len(loads) == 8


async def test_many_proposals_read_once(store: RedisStore, loads: list[int]) -> None:
    """A commit of several pairs, in video: nodes, lease and all people at one instant."""
    world = world_of(store)
    people = [PersonId(f"p{n}") for n in range(8)]
    for person in people:
        await world.waiting(person, cohort=cohort(Mode.VIDEO))
    queue = await world.queue()
    proposals = [
        Proposal(PairId(f"pair{n}"), (queue[people[2 * n]], queue[people[2 * n + 1]]), ("Heron", "Otter"))
        for n in range(4)
    ]
    await world.report_nodes()
    world.nodes_were_reported = True
    shard = proposals[0].tickets[0].cohort.key
    fence = await store.lease(shard, world.matcher) or 0
    loads.clear()

    results = await store.commit(shard, fence, proposals)

    assert results == [Committed(proposal.pair) for proposal in proposals]
    assert len(loads) == 1


async def test_coming_and_waiting_read_once(store: RedisStore, loads: list[int]) -> None:
    """The first one in a shard makes it known; after that nobody looks."""
    world = world_of(store)
    await world.waiting(PersonId("first"))
    loads.clear()

    arrival = await world.arrive(PersonId("second"))
    assert arrival is not None
    assert len(loads) == 2, "the gateway lives, and somebody arrives"
    caller = await world.here(PersonId("third"))
    loads.clear()
    assert await world.find(caller) is Outcome.DONE
    assert len(loads) == 1


async def test_a_queue_that_was_dropped_is_read_once(store: RedisStore) -> None:
    """Nobody matched for ten minutes. Who starts to is told who waits, and waits then for what happens next."""
    world = world_of(store)
    ana = await world.waiting(ANA)
    shared_redis().cli("DEL", store._keys.queue(SHARD))

    told, position = await store.read_queue(SHARD, 0, 0)
    assert [event.ticket.person for event in told if isinstance(event, TicketArrived)] == [ANA]
    assert await store.read_queue(SHARD, position, 0) == ([], position)
    await store.cancel(ana, 1)
    assert await store.read_queue(SHARD, position, 0) == ([TicketGone(ANA, SHARD)], 1)


async def test_of_long_entries_fewer_are_kept() -> None:
    """Who has blocked a thousand people has long tickets: written again and again, they do not fill Redis."""
    kept = Keyspace(shared_redis(), f"long{next(REALMS)}")
    realm = kept.prefix.strip("{}:")
    settings = RedisSettings(url=shared_redis().url, realm=realm)
    async with open_store(settings, SystemClock(), bounds=Bounds(queue=100, outbox=100)) as (store, _):
        await store.keep_alive(GATEWAY)
        ana = await world_of(store).here(PersonId("ana"))
        await store.remember_blocks(ana.person, [PersonId(f"{n:022}") for n in range(MAX_BLOCKS)])
        await store.find(ana, wish(ana))
        for turn in range(20):
            await store.attend(ana, (Attention.HIDDEN, Attention.VISIBLE)[turn % 2])

        assert 1 < kept.redis.xlen(f"{kept.prefix}queue:{SHARD}") < 10
        assert 1 < kept.redis.xlen(f"{kept.prefix}outbox:{GATEWAY}") < 10
    kept.clear()


async def test_the_time_of_redis_is_told_to_who_goes_by_it() -> None:
    """So that all processes mean the same moment, whatever their machines believe."""
    clock = SharedClock(StoppedClock(SystemClock().now_ms() - 180_000))
    settings = RedisSettings(url=shared_redis().url, realm=f"told{next(REALMS)}")
    async with open_store(settings, clock, told=clock.told) as (store, _):
        await store.read_status()

    assert abs(clock.now_ms() - SystemClock().now_ms()) < 10_000
