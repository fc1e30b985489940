"""`ports.TicketStore`, the part about shards: one owner at a time, and a fence for who was too late."""

from __future__ import annotations

import pytest

from duologue.errors import Deposed
from duologue.ids import MatcherId
from duologue.ledger import SHARD_LEASE_MS, Paired, Proposal
from duologue.protocol.codes import Mode
from tests.builders import ANA, BEN, cohort
from tests.contract.stores import MATCHER, PAIR, SHARD, World

FIRST, SECOND = MatcherId("first"), MatcherId("second")


async def test_a_shard_has_one_owner(world: World) -> None:
    """Another one has to wait until the lease is over."""
    assert await world.store.lease(SHARD, FIRST) is not None
    assert await world.store.lease(SHARD, SECOND) is None
    await world.advance(SHARD_LEASE_MS)

    assert await world.store.lease(SHARD, SECOND) is not None
    assert await world.store.lease(SHARD, FIRST) is None


async def test_renewing_keeps_the_fence_and_the_shard(world: World) -> None:
    """As long as the owner comes in time."""
    fence = await world.store.lease(SHARD, FIRST)
    for _ in range(4):
        await world.advance(SHARD_LEASE_MS - 1)
        assert await world.store.lease(SHARD, FIRST) == fence
        assert await world.store.lease(SHARD, SECOND) is None


async def test_each_owner_has_a_greater_fence(world: World) -> None:
    """Also one that owned the shard before."""
    fences = []
    for matcher in (FIRST, SECOND, FIRST):
        fences.append(await world.store.lease(SHARD, matcher))
        await world.advance(SHARD_LEASE_MS)

    assert None not in fences
    assert fences == sorted(set(fences), key=lambda fence: fence or 0)


async def test_a_shard_that_was_released_is_free_at_once(world: World) -> None:
    """And nobody can release what is not theirs."""
    await world.store.lease(SHARD, FIRST)
    await world.store.release(SHARD, SECOND)
    assert await world.store.lease(SHARD, SECOND) is None
    await world.store.release(SHARD, FIRST)

    assert await world.store.lease(SHARD, SECOND) is not None


async def test_who_was_deposed_commits_nothing(world: World) -> None:
    """A matcher that slept through its lease learns it at its next commit; nothing has happened."""
    for person in (ANA, BEN):
        await world.waiting(person)
    queue = await world.queue()
    proposal = Proposal(PAIR, (queue[ANA], queue[BEN]), ("Heron", "Otter"))
    late = await world.store.lease(SHARD, FIRST)
    await world.advance(SHARD_LEASE_MS)
    fence = await world.store.lease(SHARD, SECOND)
    assert late is not None
    assert fence is not None

    with pytest.raises(Deposed):
        await world.store.commit(SHARD, late, [proposal])
    assert await world.queue() == queue


async def test_who_is_late_but_was_not_replaced_still_owns(world: World) -> None:
    """A lease that ended by itself deposes nobody: there is no other owner to clash with."""
    for person in (ANA, BEN):
        await world.waiting(person)
    queue = await world.queue()
    fence = await world.store.lease(SHARD, FIRST)
    await world.advance(2 * SHARD_LEASE_MS)
    assert fence is not None
    proposal = Proposal(PAIR, (queue[ANA], queue[BEN]), ("Heron", "Otter"))

    assert len(await world.store.commit(SHARD, fence, [proposal])) == 1
    assert await world.queue() == {}


async def test_a_pair_knows_the_fence_that_made_it(world: World) -> None:
    """So that a checker can see that owners followed one another."""
    await world.waiting(ANA)
    await world.waiting(BEN)
    await world.match(ANA, BEN)
    fence = await world.store.lease(SHARD, world.matcher)
    state = (await world.snapshot(ANA)).state

    assert isinstance(state, Paired)
    assert state.pair.fence == fence


async def test_each_cohort_is_a_shard(world: World) -> None:
    """A shard becomes known with the first ticket in it, once."""
    await world.waiting(ANA)
    shards, position = await world.store.read_shards(0, 0)
    ben = await world.waiting(BEN, cohort=cohort(Mode.VIDEO))
    await world.find(ben, 2, cohort=cohort(Mode.VIDEO))

    assert shards == [SHARD]
    assert (await world.store.read_shards(position, 0))[0] == [cohort(Mode.VIDEO).key]


async def test_moving_to_another_cohort_leaves_the_old_one(world: World) -> None:
    """Nobody waits in two queues."""
    ana = await world.waiting(ANA)
    _, position = await world.store.read_queue(SHARD, 0, 0)
    await world.find(ana, 2, cohort=cohort(Mode.VIDEO))
    events, _ = await world.store.read_queue(SHARD, position, 0)

    assert [type(event).__name__ for event in events] == ["TicketGone"]
    assert list(await world.queue()) == [ANA]


async def test_an_owner_of_before_a_restart_has_to_begin_anew(world: World) -> None:
    """The restored snapshot does not know who came after: its fence may be older than theirs."""
    first = await world.store.lease(SHARD, MATCHER)
    assert first is not None
    await world.advance(10)
    world.begin_anew()
    with pytest.raises(Deposed):
        await world.store.commit(SHARD, first, [])
    again = await world.store.lease(SHARD, MATCHER)

    assert again is not None
    assert again > first
