"""The stores that the contract suite runs on, and short words for what people do in them.

A further store takes one more line in `STORES`: a function that makes a `StoreUnderTest`.
"""

from __future__ import annotations

import atexit
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from functools import cache
from itertools import count
from typing import Any, NamedTuple, Protocol

import msgspec

from duologue.calls.call import Ring
from duologue.clock import SystemClock
from duologue.ids import CallId, GatewayId, MatcherId, NodeName, PairId, PersonId, RequestId, SessionId
from duologue.ledger import (
    GATEWAY_LEASE_MS,
    NODES_LEASE,
    Arrival,
    Attention,
    Caller,
    Claim,
    Closed,
    CommitResult,
    Committed,
    News,
    Outcome,
    Proposal,
    TicketArrived,
    Waiting,
)
from duologue.matching.ticket import Ticket
from duologue.nodes import NodeHealth, NodeReport, NoSlot
from duologue.pairs.pair import Pair
from duologue.ports import ResyncNeeded, Store
from duologue.protocol.codes import Mode
from duologue.safety.ratelimit import UNLIMITED, Rate
from duologue.settings import RedisSettings
from duologue.store.ledger import Terms
from duologue.store.memory import MemoryStore
from duologue.store.memory.store import OUTBOX_LENGTH, QUEUE_LENGTH
from duologue.store.redis import open_store
from duologue.store.redis.permissions import acl_rule
from duologue.store.redis.records import Bounds
from tests.builders import ANA, BEN, NODE, cohort, ticket
from tests.fakes import ManualClock
from tests.redis_server import RedisServer, redis_server

GATEWAY, ELSEWHERE = GatewayId("g1"), GatewayId("g2")
MATCHER = MatcherId("m1")
PAIR = PairId("p1")
CALL = CallId("c1")
RING_MS = 60_000
SHARD = cohort().key
KEEP_ALIVE_MS = GATEWAY_LEASE_MS // 3


class BeginAnew(Protocol):
    """From now on it is another life of this store, as after a restart, or the one so called. What it knows stays."""

    def __call__(self, life: str | None = None) -> None: ...


class StoreUnderTest(NamedTuple):
    """A store, and the hand on its clock."""

    store: Store
    advance: Callable[[int], Awaitable[None]]
    """Let this many milliseconds pass, as the store sees time."""
    begin_anew: BeginAnew = lambda life=None: None


class MakeStore(Protocol):
    """`keeps`: how many entries the queue and each outbox keep at most; None: as usual."""

    def __call__(self, keeps: int | None = None) -> AbstractAsyncContextManager[StoreUnderTest]: ...


@asynccontextmanager
async def memory_store(keeps: int | None = None) -> AsyncIterator[StoreUnderTest]:
    """The store in this process, on a clock that stands still."""
    clock = ManualClock()

    async def advance(duration_ms: int) -> None:
        clock.advance(duration_ms)

    store = MemoryStore(clock, queue_length=keeps or QUEUE_LENGTH, outbox_length=keeps or OUTBOX_LENGTH)

    def begin_anew(life: str | None = None) -> None:
        store.records.store_id = life or f"{store.records.store_id}'"

    yield StoreUnderTest(store, advance, begin_anew)


@cache
def shared_redis() -> RedisServer:
    """One server for all tests of this process; each store has a realm of its own there."""
    stack = ExitStack()
    atexit.register(stack.close)
    server = stack.enter_context(redis_server())
    # Whoever uses it may do no more than `docs/howto/redis.md` asks for.
    assert server.cli("ACL", "SETUSER", ACL_USER, "on", f">{ACL_PASSWORD}", *acl_rule("t*")).strip() == "OK"
    return server


@asynccontextmanager
async def redis_store(keeps: int | None = None) -> AsyncIterator[StoreUnderTest]:
    """The store on a real Redis, whose clock stands still as far as the store is concerned."""
    clock = ManualClock()

    async def advance(duration_ms: int) -> None:
        clock.advance(duration_ms)

    bounds = Bounds() if keeps is None else Bounds(queue=keeps, outbox=keeps)
    url = f"redis://{ACL_USER}:{ACL_PASSWORD}@127.0.0.1:{shared_redis().port}/0"
    settings = RedisSettings(url=url, realm=f"t{next(REALMS)}")
    terms = Terms(settle_ms=0)
    opened = open_store(settings, SystemClock(), terms=terms, bounds=bounds, time=lambda _: clock.now_ms())
    async with opened as (store, _):

        def begin_anew(life: str | None = None) -> None:
            link = store._line._link
            assert link is not None, "nobody asked it anything yet"
            store._line._link = link._replace(store_id=life or f"{link.store_id}'")

        yield StoreUnderTest(store, advance, begin_anew)


REALMS = count()
ACL_USER, ACL_PASSWORD = "duologue", "made-up"
STORES: dict[str, MakeStore] = {"memory": memory_store, "redis": redis_store}


class World:
    """A store, and the people who use it through the port and nothing else."""

    matcher = MATCHER

    def __init__(self, under_test: StoreUnderTest) -> None:
        self.store = under_test.store
        self._advance = under_test.advance
        self.begin_anew = under_test.begin_anew
        self.nodes_were_reported = False
        """Whether the test is about media nodes, so that it speaks of them itself."""
        self._sessions: dict[tuple[PersonId, int], SessionId] = {}
        self._positions: dict[GatewayId, int] = defaultdict(int)
        self._heard: dict[SessionId, list[tuple[int, News]]] = defaultdict(list)

    async def advance(self, duration_ms: int) -> None:
        """Let time pass; the gateways live on."""
        await self.silence(None, duration_ms)

    async def silence(self, silent: GatewayId | None, duration_ms: int) -> None:
        """Let time pass, in which this gateway does not say that it lives."""
        while duration_ms > 0:
            await self._advance(min(duration_ms, KEEP_ALIVE_MS))
            duration_ms -= KEEP_ALIVE_MS
            for gateway in self._positions:
                if gateway != silent:
                    await self.store.keep_alive(gateway)

    async def arrive(
        self, person: PersonId, gateway: GatewayId = GATEWAY, resumes: int | None = None
    ) -> Arrival | None:
        """A new session of this person."""
        await self.store.keep_alive(gateway)
        session = SessionId(f"{person}-{len(self._sessions)}")
        arrival = await self.store.arrive(person, session, gateway, resumes)
        if arrival is not None:
            self._sessions[person, arrival.generation] = session
            self._positions.setdefault(gateway, 0)
        return arrival

    async def stands_by(self, person: PersonId, gateway: GatewayId = GATEWAY) -> Caller:
        """A new session of this person, which stands by from the start."""
        await self.store.keep_alive(gateway)
        session = SessionId(f"{person}-{len(self._sessions)}")
        arrival = await self.store.stand_by(person, session, gateway)
        self._sessions[person, arrival.generation] = session
        self._positions.setdefault(gateway, 0)
        return Caller(person, arrival.generation)

    def session(self, caller: Caller) -> SessionId:
        """The session that this caller speaks for."""
        return self._sessions[caller.person, caller.generation]

    def adopt(self, caller: Caller, session: SessionId, gateway: GatewayId = GATEWAY) -> None:
        """Listen to a session that began in another world."""
        self._sessions[caller.person, caller.generation] = session
        self._positions.setdefault(gateway, 0)

    async def here(self, person: PersonId, gateway: GatewayId = GATEWAY) -> Caller:
        """A new session of this person, which can ask for things."""
        arrival = await self.arrive(person, gateway)
        assert arrival is not None
        return Caller(person, arrival.generation)

    async def find(self, caller: Caller, attempt: int = 1, **wishes: Any) -> Outcome:
        """Wait."""
        return await self.store.find(caller, wish(caller, attempt, **wishes))

    async def waiting(self, person: PersonId, **wishes: Any) -> Caller:
        """Somebody who is here and waits."""
        caller = await self.here(person)
        assert await self.find(caller, **wishes) is Outcome.DONE
        return caller

    async def queue(self) -> dict[PersonId, Ticket]:
        """Everybody who waits now, as a matcher that starts would see it."""
        shards, _ = await self.store.read_shards(0, 0)
        queues = [await self.store.read_queue(shard, 0, 0) for shard in shards]
        return {e.ticket.person: e.ticket for events, _ in queues for e in events if isinstance(e, TicketArrived)}

    async def commit(self, first: Ticket, second: Ticket, pair: PairId = PAIR) -> CommitResult:
        """Make a pair of these two tickets."""
        (result,) = await self.commit_all(Proposal(pair, (first, second), ("Heron", "Otter")))
        return result

    async def commit_all(self, *proposals: Proposal) -> list[CommitResult]:
        """The same for several at once, as the owner of their shard."""
        shard = proposals[0].tickets[0].cohort.key
        fence = await self.store.lease(shard, MATCHER)
        assert fence is not None, "no other matcher is at work"
        if not self.nodes_were_reported:
            await self.report_nodes()
        return await self.store.commit(shard, fence, proposals)

    async def report_nodes(
        self, nodes: Mapping[NodeName, NodeHealth] | None = None, slots: Rate = UNLIMITED
    ) -> list[Pair]:
        """Tell the store how its media nodes are; one that works, unless a test says otherwise. Returns ended pairs."""
        self.nodes_were_reported = nodes is not None
        fence = await self.store.lease(NODES_LEASE, MATCHER)
        assert fence is not None, "no other watcher is at work"
        reports = [NodeReport(name, health, slots) for name, health in (nodes or {NODE: NodeHealth.UP}).items()]
        return await self.store.report_nodes(fence, reports)

    async def match(self, first: PersonId, second: PersonId, pair: PairId = PAIR) -> None:
        """Make a pair of two who wait."""
        queue = await self.queue()
        assert await self.commit(queue[first], queue[second], pair) == Committed(pair)

    async def paired(self, mode: Mode = Mode.TEXT, **wishes: Any) -> tuple[Caller, Caller]:
        """Ana and Ben in pair `PAIR`; what led there is not news any more."""
        ana = await self.waiting(ANA, cohort=cohort(mode), **wishes)
        ben = await self.waiting(BEN, cohort=cohort(mode), **wishes)
        await self.match(ANA, BEN)
        await self.news(ana)
        await self.news(ben)
        return ana, ben

    async def talking(self, **wishes: Any) -> tuple[Caller, Caller]:
        """The same, with both connected."""
        ana, ben = await self.paired(**wishes)
        for caller in (ana, ben):
            assert await self.store.connected(caller, PAIR) is Outcome.DONE
        await self.news(ana)
        await self.news(ben)
        return ana, ben

    async def call(self, caller: Caller, to: PersonId, call: CallId = CALL, **wanted: Any) -> Closed | NoSlot:
        """Ring somebody, by text unless a test says otherwise."""
        return await self.store.call(caller, ring(to, call, **wanted))

    async def ringing(self, mode: Mode = Mode.TEXT) -> tuple[Caller, Caller]:
        """Ana calls Ben, who is here; what led there is not news any more."""
        ana, ben = await self.here(ANA), await self.here(BEN)
        assert_done(await self.call(ana, BEN, mode=mode))
        await self.news(ana)
        await self.news(ben)
        return ana, ben

    async def deliveries(self, caller: Caller) -> list[tuple[int, News]]:
        """What this session heard since it was asked last: (rev, news)."""
        for gateway, position in list(self._positions.items()):
            try:
                deliveries, self._positions[gateway] = await self.store.read_news(gateway, position, 0)
            except ResyncNeeded as behind:
                deliveries, self._positions[gateway] = [], behind.position
            for delivery in deliveries:
                self._heard[delivery.session].append((delivery.rev, delivery.news))
        return self._heard.pop(self._sessions[caller.person, caller.generation], [])

    async def news(self, caller: Caller) -> list[News]:
        """The same without revisions."""
        return [news for _, news in await self.deliveries(caller)]

    async def snapshot(self, person: PersonId) -> Arrival:
        """What a new session of this person starts from."""
        arrival = await self.arrive(person)
        assert arrival is not None
        return arrival

    async def word_of(self, caller: Caller) -> Claim:
        """What the gateway of a session that is here, and heard all news, would say of it."""
        session = self.session(caller)
        known = await self.store.arrive(caller.person, session, GATEWAY)
        assert known is not None
        wishes = known.state.ticket if isinstance(known.state, Waiting) else None
        told = (known.rev, known.state, known.last_attempt, wishes, Attention.VISIBLE)
        return Claim(caller.person, session, caller.generation, True, *told)

    async def lost_pairs(self) -> list[Pair]:
        """What `expire` ends now."""
        return [closed.ended for closed in await self.store.expire() if closed.ended is not None]


def wish(caller: Caller, attempt: int = 1, **wishes: Any) -> Ticket:
    """A ticket as a session hands it in: the store fills in the rest."""
    return msgspec.structs.replace(ticket(caller.person, attempt=attempt, rev=0, since_ms=0), **wishes)


def ring(to: PersonId, call: CallId = CALL, **wanted: Any) -> Ring:
    """A call as a session hands it in."""
    return Ring(call, to, Mode.TEXT, RING_MS, ("Heron", "Otter"), PAIR)._replace(**wanted)


def assert_done(answer: Closed | NoSlot | None) -> Closed:
    """It went through."""
    assert isinstance(answer, Closed)
    assert answer.outcome is Outcome.DONE
    return answer


def asking(caller: Caller, request: str) -> Caller:
    """The same caller with a request id."""
    return caller._replace(request=RequestId(request))
