"""One realm as an operator runs it: several gateways and matchers that share nothing but a Redis.

They live in this process, each with connections and tasks of its own, so that a test can stop one at any point.
`tests/app/test_serve.py` has them as processes.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from duologue.app.roles import World, start_gateway, start_matcher, start_reaper
from duologue.calls.call import Call
from duologue.client import ConnectionEnded, Invitation, RandomChatSession
from duologue.clock import SystemClock, SystemRng
from duologue.gateway import sockets
from duologue.ids import PersonId
from duologue.media.fake import FakeMedia
from duologue.protocol.codes import CloseCode, Mode
from duologue.services.identity import TokenOffice
from duologue.settings import GatewaySettings, LimitSettings, RedisSettings, Settings
from duologue.store.ledger import Terms
from duologue.store.ledger.records import Person
from duologue.store.memory.safety import MemorySafetyStore
from duologue.store.port import Key
from duologue.store.redis import RedisStore, open_store
from duologue.tasks import Tasks
from tests.fakes import free_port

OFFICE = TokenOffice(b"a key of this test, long enough!", SystemClock(), SystemRng())
SAFETY = MemorySafetyStore(SystemClock(), SystemRng())


class Door(NamedTuple):
    """A gateway, from outside."""

    url: str
    tasks: Tasks


class Realm:
    """Gateways, matchers, and a way to look at the ledger."""

    def __init__(self, redis_url: str, realm: str, settle_ms: int, stack: AsyncExitStack) -> None:
        self.settings = RedisSettings(url=redis_url, realm=realm)
        self._terms = Terms(settle_ms=settle_ms)
        self._stack = stack
        self.gateways: list[Door] = []
        self.told: list[Call] = []
        """What whoever sends webhooks was told of calls, by any process."""

    async def store(self) -> RedisStore:
        """One more process' own connections."""
        store, _ = await self._stack.enter_async_context(open_store(self.settings, SystemClock()))
        return store

    async def start_gateway(self) -> None:
        """One more, on a port of its own."""
        port, world = free_port(), await self._world()
        settings = world.settings.model_copy(update={"gateway": GatewaySettings(port=port, drain_per_s=10_000)})
        gateway = start_gateway(world._replace(settings=settings))
        start_reaper(world)
        self._stack.push_async_callback(gateway.drain)
        listener = await sockets.listen(gateway)
        self._stack.callback(listener.close)
        self.gateways.append(Door(f"ws://127.0.0.1:{port}", world.tasks))

    async def start_matcher(self) -> None:
        """One more."""
        start_matcher(await self._world())

    async def person(self, gateway: int = 0) -> RandomChatSession:
        """Somebody new."""
        session = RandomChatSession(Invitation(self.gateways[gateway].url, OFFICE.mint_guest({}).token))
        await come_in(session)
        self._stack.callback(session.close, goodbye=False)
        return session

    async def record(self, store: RedisStore, person: PersonId) -> Person | None:
        """What the ledger says of somebody."""
        return await store._transact(lambda now: now.ledger.people.get(person), Key("person", person))

    async def _world(self) -> World:
        settings, tasks = Settings(limits=LimitSettings(profile="load")), Tasks()
        opened = open_store(self.settings, SystemClock(), terms=self._terms)
        store, limiter = await self._stack.enter_async_context(opened)
        self._stack.push_async_callback(tasks.cancel_all)
        return World(
            settings,
            store,
            SAFETY,
            FakeMedia(),
            frozenset([Mode.TEXT]),
            limiter,
            OFFICE,
            SystemClock(),
            SystemRng(),
            tasks,
            on_calls=(self.told.append,),
        )


async def come_in(session: RandomChatSession, *, resume: bool = False) -> None:
    """As a client does: again, where it is told to come back."""
    async with asyncio.timeout(20):
        while True:
            try:
                await session.connect(resume=resume)
            except ConnectionEnded as ended:
                if ended.code not in (CloseCode.BACKEND_UNAVAILABLE, CloseCode.RESYNC):
                    raise
                await asyncio.sleep(0.05)
            else:
                return


@asynccontextmanager
async def realm(redis_url: str, *, gateways: int = 3, matchers: int = 2, settle_ms: int = 0) -> AsyncIterator[Realm]:
    """A realm of its own on this Redis."""
    async with AsyncExitStack() as stack:
        town = Realm(redis_url, f"r{random.getrandbits(40):x}", settle_ms, stack)
        for _ in range(gateways):
            await town.start_gateway()
        for _ in range(matchers):
            await town.start_matcher()
        yield town
