"""What lies in Redis: every key lives for a time or is on the list, and nothing is left when everybody has gone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from duologue.clock import SystemClock
from duologue.ids import GatewayId, PairId
from duologue.ledger import GATEWAY_LEASE_MS, NODES_LEASE, RESUME_WINDOW_MS, Caller, Outcome
from duologue.matching.estimate import Estimate
from duologue.matching.rules import Rules
from duologue.protocol.codes import Mode
from duologue.safety.ratelimit import Rate
from duologue.settings import RedisSettings
from duologue.store.ledger import Terms
from duologue.store.redis import RedisStore, keys, open_store
from duologue.store.redis.records import Bounds
from tests.builders import ANA, BEN, CLEO, DAN, EVE, cohort
from tests.contract.stores import GATEWAY, MATCHER, SHARD, StoreUnderTest, World, shared_redis
from tests.fakes import ManualClock
from tests.store.redis.keyspace import Keyspace
from tests.store.redis.rig import REALMS, store_at, world_of

OTHER = GatewayId("g2")
NAMES = re.compile(
    r"(person|pair|call|blocks|lease|gateway|outbox|queue|offered|people|carried|rate):.+|nodes|epoch|shards|due|use|status|gateways|format"
)
LONGEST_MS = max(ttl for ttl in keys.RECORD_TTL_MS.values() if ttl is not None)


class Realm:
    """A store on a time of ours, and its keys."""

    def __init__(self, store: RedisStore, kept: Keyspace, clock: ManualClock) -> None:
        self.store = store
        self.kept = kept
        self.clock = clock

        async def advance(duration_ms: int) -> None:
            clock.advance(duration_ms)

        self.world = World(StoreUnderTest(store, advance))

    async def all_expires(self, duration_ms: int) -> None:
        """Let time pass in which nobody says that they live."""
        for _ in range(0, duration_ms, 10_000):
            self.clock.advance(10_000)
            await self.store.expire()


@pytest.fixture
async def realm() -> AsyncIterator[Realm]:
    """An empty one, whose streams are short."""
    clock, name = ManualClock(), f"keys{next(REALMS)}"
    kept = Keyspace(shared_redis(), name)
    settings = RedisSettings(url=shared_redis().url, realm=name)
    bounds = Bounds(queue=50, outbox=20)
    opened = open_store(settings, SystemClock(), terms=Terms(settle_ms=0), bounds=bounds, time=lambda _: clock.now_ms())
    async with opened as (store, limiter):
        await limiter.admit("everybody", Rate(60_000, 5))
        yield Realm(store, kept, clock)
    kept.clear()


async def busy(realm: Realm) -> list[Caller]:
    """All that there is: talks in video and text, a call, blocks, people who wait, stand by, are away; matchers."""
    world, store = realm.world, realm.store
    ana, ben = await world.talking()
    await store.write(ana, PairId("p1"), 1, "hello")
    await store.block(ben, PairId("p1"))
    cleo = await world.waiting(CLEO, cohort=cohort(Mode.VIDEO))
    dan = await world.waiting(DAN, cohort=cohort(Mode.VIDEO))
    await world.match(CLEO, DAN, PairId("p2"))
    await world.find(ana, 2)
    again = await world.here(BEN, OTHER)
    await store.remember_blocks(BEN, [ANA])
    await world.call(again, EVE, mode=Mode.TEXT)
    await store.publish_status({SHARD: Estimate(Rules()).status(1, {}, realm.clock.now_ms())})
    return [ana, again, cleo, dan]


async def test_each_key_expires_or_is_on_the_list(realm: Realm) -> None:
    """After everything happened at least once."""
    await busy(realm)

    names = realm.kept.names()

    kinds = {name.split(":")[0] for name in names}
    assert kinds == {
        *keys.RECORD_TTL_MS,
        "format",
        "due",
        "use",
        "status",
        "outbox",
        "queue",
        "offered",
        "people",
        "gateways",
        "carried",
        "rate",
    }
    for name in names:
        ttl_ms = realm.kept.ttl_ms(name)
        assert (ttl_ms == -1) == (name in keys.PERMANENT), name
        assert ttl_ms <= LONGEST_MS


async def test_each_key_has_a_name_that_we_know(realm: Realm) -> None:
    """`keys.py` makes all names, and all are of the one slot of the realm."""
    await busy(realm)

    assert [name for name in realm.kept.names() if not NAMES.fullmatch(name)] == []
    foreign = [key for key in realm.kept.redis.scan_iter(f"*{realm.kept.prefix[1:-2]}*") if not key.startswith(b"{")]
    assert foreign == []


async def test_nothing_is_left_when_everybody_has_left(realm: Realm) -> None:
    """People, pairs, indexes and reminders are gone; what remains ends by itself, or is bounded."""
    callers = await busy(realm)
    for caller in callers:
        await realm.store.depart(caller, 0)

    await realm.all_expires(RESUME_WINDOW_MS + GATEWAY_LEASE_MS)

    await nothing_is_left(realm)


async def test_nothing_is_left_when_all_gateways_died(realm: Realm) -> None:
    """The same where nobody said good-bye."""
    await busy(realm)

    await realm.all_expires(2 * RESUME_WINDOW_MS + GATEWAY_LEASE_MS)

    await nothing_is_left(realm)


async def nothing_is_left(realm: Realm) -> None:
    """Only blocks (for a week), leases (for a day) and streams (for minutes) outlive people, all with an end."""
    left = {name for name in realm.kept.names() if name not in keys.PERMANENT}
    assert {name.split(":")[0] for name in left} <= {"blocks", "lease", "queue", "outbox", "status", "rate"}
    assert all(realm.kept.ttl_ms(name) > 0 for name in left)
    assert realm.kept.names("due") == []
    assert realm.kept.pairs_in_use() == {}


async def test_an_index_that_people_left_is_gone(realm: Realm) -> None:
    """Sets empty themselves, and empty sets are no keys."""
    callers = [await realm.world.waiting(person) for person in (ANA, BEN)]
    for caller in callers:
        assert (await realm.store.cancel(caller, 1)).outcome is Outcome.DONE

    assert realm.kept.sets("offered") == {}


async def test_streams_are_bounded(realm: Realm) -> None:
    """However much happens and nobody reads: queue and outbox keep the newest entries alone."""
    ana = await realm.world.here(ANA)
    for attempt in range(1, 60):
        await realm.world.find(ana, attempt)
        await realm.store.cancel(ana, attempt)

    assert realm.kept.redis.xlen(f"{realm.kept.prefix}queue:{SHARD}") == 50
    assert realm.kept.redis.xlen(f"{realm.kept.prefix}outbox:{GATEWAY}") == 20


async def test_streams_of_the_usual_length_are_bounded_by_whole_nodes() -> None:
    """`~` lets a stream grow a little beyond its bound, by a node of a hundred entries at most."""
    name, bound = f"keys{next(REALMS)}", 1_000
    kept = Keyspace(shared_redis(), name)
    opened = open_store(RedisSettings(url=shared_redis().url, realm=name), SystemClock(), bounds=Bounds(queue=bound))
    async with opened as (store, _):
        ana = await world_of(store).here(ANA)
        for _ in range(bound + 10):
            kept.redis.xadd(f"{kept.prefix}queue:{SHARD}", {"t": "x"}, id="0-*")
        for attempt in range(1, 200):
            await world_of(store).find(ana, attempt)
        assert kept.redis.xlen(f"{kept.prefix}queue:{SHARD}") <= bound + 100
    kept.clear()


async def test_leases_live_as_long_as_they_are_renewed() -> None:
    """A quiet shard is not forgotten while somebody owns it, and is once nobody does."""
    name = f"keys{next(REALMS)}"
    kept = Keyspace(shared_redis(), name)
    async with store_at(shared_redis().url, name) as store:
        await world_of(store).waiting(ANA)
        kept.redis.pexpire(f"{kept.prefix}queue:{SHARD}", 5_000)
        kept.redis.pexpire(f"{kept.prefix}offered:{SHARD}", 5_000)
        await store.lease(SHARD, MATCHER)
        await store.lease(NODES_LEASE, MATCHER)
        await store.keep_alive(GATEWAY)

        for key in (f"queue:{SHARD}", f"offered:{SHARD}"):
            assert kept.ttl_ms(key) > 5_000
    kept.clear()


async def test_a_realm_that_was_emptied_is_filled_again() -> None:
    """FLUSHALL: once gateways have heard of it, people who wait are found by matchers as ever."""
    name = f"keys{next(REALMS)}"
    kept = Keyspace(shared_redis(), name)
    async with store_at(shared_redis().url, name) as store:
        await world_of(store).waiting(ANA)
        for key in kept.names():
            kept.redis.delete(kept.prefix + key)

        await world_of(store).waiting(ANA)

        assert await store.read_shards(0, 0) == ([SHARD], 1)
        assert list(await world_of(store).queue()) == [ANA]
    kept.clear()
