"""Memory and Redis side by side: the same is asked of both, and what they say and keep is compared."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from itertools import count
from typing import Any, TypeVar

import msgspec

from duologue.calls.call import Call
from duologue.clock import SystemClock
from duologue.errors import DuologueError
from duologue.ids import GatewayId, PersonId
from duologue.ledger import Closed
from duologue.pairs.pair import Pair
from duologue.ports import ResyncNeeded, Store
from duologue.settings import RedisSettings
from duologue.store.ledger import Terms
from duologue.store.ledger.records import Blocks, Due, Lease, Person
from duologue.store.memory import MemoryStore
from duologue.store.redis import RedisStore, open_store
from tests.contract.stores import shared_redis
from tests.fakes import ManualClock
from tests.store.redis.keyspace import Keyspace

REALMS = count()
Result = TypeVar("Result")
Ask = Callable[[Store], Coroutine[Any, Any, Result]]


class SideBySide:
    """Two stores on one clock that stands still."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.memory = MemoryStore(self.clock)
        self.runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        settings = RedisSettings(url=shared_redis().url, realm=f"both{next(REALMS)}")
        opened = open_store(settings, SystemClock(), terms=Terms(settle_ms=0), time=lambda _: self.clock.now_ms())
        self.redis, _ = self.runner.run(self._stack.enter_async_context(opened))
        self.keyspace = Keyspace(shared_redis(), settings.realm)
        for store in (self.memory, self.redis):
            _bury_in_order(store)

    def close(self) -> None:
        """The end of both."""
        self.runner.run(self._stack.aclose())
        self.keyspace.clear()
        self.runner.close()

    def ask(self, ask: Ask[Result]) -> Result | str:
        """The answer of both: what Memory says, once Redis says the same. An error is an answer, by its name."""
        expected, actual = self.runner.run(_outcome(ask(self.memory))), self.runner.run(_outcome(ask(self.redis)))
        assert actual == expected, f"Redis says {actual}, and memory {expected}"
        return expected

    def pass_time(self, duration_ms: int) -> None:
        """Whatever becomes due becomes so alone: of several that are due at once, either store may take any first."""
        until_ms, due = self.clock.now_ms() + duration_ms, self.memory.records._due
        while due and due[0].at_ms <= until_ms:
            self.clock.advance(max(0, due[0].at_ms - self.clock.now_ms()))
            self.expire()
        self.clock.advance(until_ms - self.clock.now_ms())

    def expire(self) -> list[Closed]:
        """Everything that is due, in order."""
        expected = self.runner.run(self.memory.expire())
        actual = self.runner.run(_expire_in_order(self.redis))
        assert actual == expected
        return expected

    def compare(self) -> None:
        """What both keep is the same, and indexes say what the records say."""
        records, kept = self.memory.records, self.keyspace
        people = kept.records("person", Person)
        same("people", people, dict(records.people))
        standby = {who.id: list(who.standby) for who in records.people.values()}
        same("order of standby", {who.id: list(who.standby) for who in people.values()}, standby)
        same("pairs", kept.records("pair", Pair), dict(records.pairs))
        same("calls", kept.records("call", Call), dict(records.calls))
        same("blocks", kept.records("blocks", Blocks), dict(records.blocks))
        same("leases", kept.records("lease", Lease), dict(records.leases))
        offered = _by((who.ticket.cohort.key, who.id) for who in people.values() if who.offered and who.ticket)
        same("who is offered", kept.sets("offered"), offered)
        on_gateways = _by((gateway, who.id) for who in people.values() for _, gateway in who.addresses)
        same("who is on which gateway", kept.sets("people"), on_gateways)
        living = {b.decode() for b in kept.redis.smembers(f"{kept.prefix}gateways")}
        assert living == set(records.gateways), "which gateways live"
        carried = _by((pair.node, pair.id) for pair in records.pairs.values() if pair.node)
        same("who carries what", kept.sets("carried"), carried)
        same("pairs on nodes", kept.pairs_in_use(), {name: n for name, n in records.nodes.counts().items() if n})


def same(what: str, in_redis: dict[Any, Any], in_memory: dict[Any, Any]) -> None:
    """Says which entries are not."""
    differ = {name for name in in_redis.keys() | in_memory.keys() if in_redis.get(name) != in_memory.get(name)}
    assert not differ, f"{what}: " + "; ".join(
        f"{name} is {in_redis.get(name)} in Redis and {in_memory.get(name)} in memory" for name in sorted(differ)
    )


def _by(items: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    grouped: dict[str, set[str]] = {}
    for key, item in items:
        grouped.setdefault(key, set()).add(item)
    return grouped


async def _outcome(work: Coroutine[Any, Any, Result]) -> Result | str:
    try:
        return await work
    except ResyncNeeded as behind:
        return f"resync from {behind.position}"
    except DuologueError as error:
        return type(error).__name__


def _bury_in_order(store: Any) -> None:
    """People of a dead gateway leave in an order, so that the news have one."""
    people_on = store._people_on

    async def in_order(gateway: GatewayId) -> list[PersonId]:
        return sorted(await people_on(gateway))

    store._people_on = in_order


async def _expire_in_order(store: RedisStore) -> list[Closed]:
    take_due, ended = store._take_due, []
    for due in await take_due():

        async def only(due: Due = due) -> Sequence[Due]:
            return [due]

        setattr(store, "_take_due", only)  # noqa: B010 - a method of one object
        ended += await store.expire()
    setattr(store, "_take_due", take_due)  # noqa: B010 - same
    return ended


def same_order(events: Any) -> Any:
    """What a queue begins with comes in any order."""
    if isinstance(events, str):
        return events
    entries, position = events
    return sorted(entries, key=msgspec.json.encode), position
