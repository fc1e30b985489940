"""Somebody else wrote in our Redis: it hurts who needs that record, and nobody else; and it is told by its name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from duologue.errors import Damaged
from duologue.ids import CallId, GatewayId, PairId
from duologue.ledger import (
    Attention,
    Caller,
    Claim,
    Committed,
    Idle,
    Outcome,
    Proposal,
    Rejected,
    Ringing,
    TicketArrived,
)
from duologue.matching.estimate import QueueStatus
from duologue.metrics import definitions as metrics
from duologue.ports import ResyncNeeded
from duologue.safety.ratelimit import Rate
from duologue.store.redis import RedisLimiter, RedisStore
from duologue.store.redis.keys import LONGEST_RECORD
from tests.builders import ANA, BEN, CLEO, DAN
from tests.contract.stores import CALL, GATEWAY, MATCHER, PAIR, SHARD, World, assert_done, shared_redis
from tests.figures import Counted
from tests.store.redis.keyspace import Keyspace
from tests.store.redis.rig import AT_MOST_S, REALMS, error_of, store_at, world_of

GARBAGE: dict[str, Callable[[Keyspace, str], object]] = {
    "no record": lambda kept, key: kept.redis.set(key, "hello"),
    "no version": lambda kept, key: kept.redis.set(key, '\n{"id":"ana"}'),
    "no JSON": lambda kept, key: kept.redis.set(key, "17\n{"),
    "other JSON": lambda kept, key: kept.redis.set(key, '17\n{"id":1}'),
    "no UTF-8": lambda kept, key: kept.redis.set(key, b'17\n{"id":"\xff"}'),
    "another type": lambda kept, key: kept.redis.delete(key) and kept.redis.rpush(key, "x"),
    "a version without end": lambda kept, key: kept.redis.set(key, b"9" * 5_000 + b"\n{}"),
    "a link to nothing": lambda kept, key: kept.redis.set(key, b"17 person:\xff\n{"),
    "too long": lambda kept, key: kept.redis.set(key, b"17\n" + b"x" * LONGEST_RECORD),
}


class Damage:
    """A store, and somebody who writes in its keyspace."""

    def __init__(self, store: RedisStore, kept: Keyspace) -> None:
        self.store = store
        self.kept = kept
        self.world: World = world_of(store)

    def spoil(self, name: str, how: str = "no JSON") -> None:
        """Write garbage there."""
        GARBAGE[how](self.kept, self.kept.prefix + name)

    async def told_of(self, name: str, work: object) -> None:
        """This is refused, and the text names the key and what to do."""
        error = await error_of(work)  # type: ignore[arg-type]
        assert isinstance(error, Damaged)
        assert self.kept.prefix + name in str(error)
        assert "delete" in str(error)


@pytest.fixture
async def damage() -> AsyncIterator[Damage]:
    """An empty store with a gateway."""
    realm = f"damage{next(REALMS)}"
    kept = Keyspace(shared_redis(), realm)
    async with store_at(shared_redis().url, realm) as store:
        await store.keep_alive(GATEWAY)
        yield Damage(store, kept)
    kept.clear()


@pytest.mark.parametrize("how", list(GARBAGE))
async def test_only_they_are_hurt_whose_record_it_is(damage: Damage, how: str) -> None:
    """Ana is told which key it is; Ben waits on; without the key Ana comes in again."""
    world, ana = damage.world, await damage.world.here(ANA)
    ben = await world.here(BEN)
    damage.spoil("person:ana", how)

    await damage.told_of("person:ana", world.find(ana))
    await damage.told_of("person:ana", world.arrive(ANA))
    assert await world.find(ben) is Outcome.DONE

    damage.kept.redis.delete(f"{damage.kept.prefix}person:ana")
    await world.waiting(ANA)


@pytest.mark.parametrize("how", list(GARBAGE))
async def test_a_matcher_leaves_out_whom_it_cannot_read(damage: Damage, how: str) -> None:
    """The others of the same commit are matched; who was matched with them is offered again."""
    world = damage.world
    for person in (ANA, BEN, CLEO, DAN):
        await world.waiting(person)
    queue = await world.queue()
    damage.spoil("person:ana", how)

    names = ("Heron", "Otter")
    results = await world.commit_all(
        Proposal(PairId("p1"), (queue[ANA], queue[BEN]), names),
        Proposal(PairId("p2"), (queue[CLEO], queue[DAN]), names),
    )

    assert results == [Rejected((queue[BEN],)), Committed(PairId("p2"))]
    events, _ = await damage.store.read_queue(SHARD, 0, 0)
    assert [event.ticket.person for event in events if isinstance(event, TicketArrived)] == [BEN]


async def test_blocks_that_cannot_be_read_keep_one_person_from_matching(damage: Damage) -> None:
    """Whether the two may meet is not known, so they do not; the other one is offered again."""
    world = damage.world
    ana, _ = await world.talking()
    await damage.store.block(ana, PAIR)
    await world.find(ana, 9)
    await world.waiting(CLEO)
    queue = await world.queue()
    damage.spoil("blocks:ana")

    assert await world.commit(queue[ANA], queue[CLEO], PairId("p9")) == Rejected((queue[CLEO],))


async def test_a_pair_that_cannot_be_read_hurts_its_two(damage: Damage) -> None:
    """And the sweep of rooms goes on for the other pairs."""
    world = damage.world
    ana, _ = await world.talking()
    cleo, dan = await world.waiting(CLEO), await world.waiting(DAN)
    await world.match(CLEO, DAN, PairId("p2"))
    damage.spoil("pair:p1")

    await damage.told_of("pair:p1", damage.store.leave(ana, PAIR))
    assert [pair.id for pair in await damage.store.live_pairs([PAIR, PairId("p2")])] == ["p2"]
    assert await damage.store.connected(cleo, PairId("p2")) is Outcome.DONE
    assert await damage.store.connected(dan, PairId("p2")) is Outcome.DONE


async def test_a_call_that_somebody_deleted_rings_for_nobody(damage: Damage) -> None:
    """Both come in again, and can be called."""
    world = damage.world
    ana, _ = await world.ringing()
    damage.kept.redis.delete(f"{damage.kept.prefix}call:{CALL}")

    assert (await world.snapshot(BEN)).state == Idle()
    assert_done(await world.call(ana, BEN, CallId("c2")))
    assert isinstance((await world.snapshot(BEN)).state, Ringing)


async def test_what_is_due_and_cannot_be_read_is_let_go(damage: Damage) -> None:
    """Others have their turn in the same round, and the next round does not stumble over it again."""
    world = damage.world
    await damage.store.depart(await world.here(ANA), 1)
    await damage.store.depart(await world.here(BEN), 1)
    damage.spoil("person:ana")
    damage.kept.redis.zadd(
        f"{damage.kept.prefix}due", {"what is this": 1, "seat:": 1, "seat:cleo": "-inf", b"seat:\xff": 1}
    )

    async with asyncio.timeout(AT_MOST_S):
        while "seat:ben" in _due(damage) or "seat:ana" in _due(damage):
            await damage.store.expire()

    assert await damage.store.expire() == []
    assert [member for member in _due(damage) if not member.startswith(("forget:", "gateway:"))] == []


def _due(damage: Damage) -> list[str]:
    return [member.decode(errors="replace") for member in damage.kept.redis.zrange(f"{damage.kept.prefix}due", 0, -1)]


async def test_a_dead_gateway_is_buried_past_somebody_who_cannot_be_read(damage: Damage) -> None:
    """All the others lose their sockets."""
    gone = GatewayId("gone")
    await damage.world.here(ANA, gone)
    ben = await damage.world.here(BEN, gone)
    damage.spoil("person:ana")
    damage.kept.redis.delete(f"{damage.kept.prefix}gateway:gone")
    damage.kept.redis.zadd(f"{damage.kept.prefix}due", {"gateway:gone": 1})

    await damage.store.expire()

    assert await damage.world.find(ben) is Outcome.GONE
    assert "gateway:gone" not in _due(damage)


async def test_a_gateway_vouches_past_somebody_who_cannot_be_read(damage: Damage) -> None:
    """Only they begin anew; else one of them would keep a whole gateway from serving."""
    world = damage.world
    claims = []
    for person in (ANA, BEN):
        arrival = await world.arrive(person)
        assert arrival is not None
        session = world.session(Caller(person, arrival.generation))
        words = (arrival.generation, True, arrival.rev, arrival.state, 0, None, Attention.VISIBLE)
        claims.append(Claim(person, session, *words))
    damage.spoil("person:ana")

    assert await damage.store.vouch(GATEWAY, claims) == [claims[0].session]


async def test_an_index_of_another_type_stops_a_transition_before_it_wrote(damage: Damage) -> None:
    """Half a transition would be worse than none."""
    world = damage.world
    ana = await world.here(ANA)
    damage.kept.redis.set(f"{damage.kept.prefix}offered:{SHARD}", "x")
    before = damage.kept.redis.get(f"{damage.kept.prefix}person:ana")

    await damage.told_of(f"offered:{SHARD}", world.find(ana))

    assert damage.kept.redis.get(f"{damage.kept.prefix}person:ana") == before
    assert f"queue:{SHARD}" not in damage.kept.names()


@pytest.mark.parametrize("spoil", ["foreign id", "another type"])
async def test_a_stream_in_which_somebody_wrote_begins_anew(damage: Damage, spoil: str) -> None:
    """Readers are told of a gap, and hear all that comes after."""
    world, stream = damage.world, f"{damage.kept.prefix}queue:{SHARD}"
    await world.waiting(ANA)
    if spoil == "foreign id":
        damage.kept.redis.xadd(stream, {"x": "y"})
        await damage.told_of(f"queue:{SHARD}", damage.store.read_queue(SHARD, 1, 0))
    else:
        damage.kept.redis.set(stream, "x")
        await damage.told_of(f"queue:{SHARD}", damage.store.read_queue(SHARD, 1, 0))
        await damage.told_of(f"queue:{SHARD}", damage.store.read_queue(SHARD, 1, 20))

    await world.waiting(BEN)
    await world.waiting(CLEO)

    with pytest.raises(ResyncNeeded):
        await damage.store.read_queue(SHARD, 5, 0)
    events, position = await damage.store.read_queue(SHARD, 0, 0)
    assert {event.ticket.person for event in events if isinstance(event, TicketArrived)} == {ANA, BEN, CLEO}
    await world.waiting(DAN)
    assert len((await damage.store.read_queue(SHARD, position, 0))[0]) == 1


@pytest.mark.parametrize("what", ["queue", "outbox"])
async def test_an_entry_that_says_nothing_is_a_gap(damage: Damage, what: str) -> None:
    """Whoever reads it begins with a snapshot, past the entry: it does not stop them again."""
    stream = {"queue": f"queue:{SHARD}", "outbox": f"outbox:{GATEWAY}"}[what]
    damage.kept.redis.xadd(damage.kept.prefix + stream, {"t": "garbage"}, id="0-*")
    damage.kept.redis.xadd(damage.kept.prefix + stream, {"t": "garbage"}, id="0-*")
    read = damage.store.read_queue(SHARD, 1, 0) if what == "queue" else damage.store.read_news(GATEWAY, 1, 0)
    errors_counted = Counted(metrics.STORE_ERRORS)

    with pytest.raises(ResyncNeeded) as gap:
        await read

    assert gap.value.position == 2
    assert errors_counted() == {"broken": 1}


async def test_counts_that_are_none_count_as_nothing(damage: Damage) -> None:
    """A matcher that reads `use` does not stumble."""
    await damage.store.lease(SHARD, MATCHER)
    damage.kept.redis.hset(
        f"{damage.kept.prefix}use",
        mapping={"slots n1": "many", "pairs n1": "1.5", "pairs n2": "--5", "pairs n3": "9" * 5_000, b"\xff": 1},
    )

    assert await damage.store.commit(SHARD, await damage.store.lease(SHARD, MATCHER) or 0, []) == []


async def test_a_rate_that_is_none_is_begun_anew(damage: Damage) -> None:
    """And one of another type is told by its name."""
    limiter = RedisLimiter(damage.store._line, damage.store._keys)
    damage.kept.redis.set(f"{damage.kept.prefix}rate:a", "often")
    damage.kept.redis.rpush(f"{damage.kept.prefix}rate:b", "x")

    assert await limiter.admit("a", Rate(1_000, 1)) == 0
    await damage.told_of("rate:b", limiter.admit("b", Rate(1_000, 1)))


@pytest.mark.parametrize("stored", [b"inf", b"1e300", b"99999999999999999"])
async def test_a_rate_keeps_nobody_out_for_longer_than_it_can(damage: Damage, stored: bytes) -> None:
    """Whatever somebody wrote there."""
    limiter = RedisLimiter(damage.store._line, damage.store._keys)
    damage.kept.redis.set(f"{damage.kept.prefix}rate:a", stored)

    assert 0 < await limiter.admit("a", Rate(1_000, 5)) <= 1_000


async def test_figures_that_cannot_be_read_are_not_known(damage: Damage) -> None:
    """Those of other cohorts are; else no process would be ready, nor start, until somebody deleted them."""
    await damage.store.publish_status({"c1": QueueStatus(waiting_count=3)})
    damage.kept.redis.hset(f"{damage.kept.prefix}status", mapping={"c2": "junk", b"\xff": "[1,{}]"})

    assert await damage.store.read_status() == {"c1": QueueStatus(waiting_count=3)}


async def test_names_that_are_no_text_are_nobodys(damage: Damage) -> None:
    """Of those who wait, and of those on a gateway that is dead: the others are found."""
    world, gone = damage.world, GatewayId("gone")
    await world.waiting(ANA)
    await world.here(BEN, gone)
    damage.kept.redis.sadd(f"{damage.kept.prefix}offered:{SHARD}", b"\xff")
    damage.kept.redis.sadd(f"{damage.kept.prefix}people:gone", b"\xff")
    damage.kept.redis.delete(f"{damage.kept.prefix}gateway:gone")
    damage.kept.redis.zadd(f"{damage.kept.prefix}due", {"gateway:gone": 1})

    events, _ = await damage.store.read_queue(SHARD, 0, 0)
    await damage.store.expire()

    assert [event.ticket.person for event in events if isinstance(event, TicketArrived)] == [ANA]
    assert "seat:ben" in _due(damage)
