"""Memory and Redis side by side: the same is asked of both, and what they say and keep is compared."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from itertools import count
from typing import Any, TypeVar

import msgspec

from duologue.clock import SystemClock
from duologue.errors import DuologueError
from duologue.ids import GatewayId, PersonId
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
        assert actual == expected
        return expected

    def expire(self) -> list[Pair]:
        """Everything that is due, one after the other: at once, Redis may take them in another order."""
        expected = self.runner.run(self.memory.expire())
        actual = self.runner.run(_expire_in_order(self.redis))
        assert actual == expected
        return expected

    def compare(self) -> None:
        """What both keep is the same, and indexes say what the records say."""
        records, kept = self.memory.records, self.keyspace
        people = kept.records("person", Person)
        assert people == dict(records.people)
        assert [list(people[name].standby) for name in records.people] == [
            list(who.standby) for who in records.people.values()
        ]
        assert kept.records("pair", Pair) == dict(records.pairs)
        assert kept.records("blocks", Blocks) == dict(records.blocks)
        assert kept.records("lease", Lease) == dict(records.leases)
        assert kept.sets("offered") == _by(
            (who.ticket.cohort.key, who.id) for who in people.values() if who.offered and who.ticket
        )
        assert kept.sets("people") == _by((gateway, who.id) for who in people.values() for _, gateway in who.addresses)
        assert kept.sets("carried") == _by((pair.node, pair.id) for pair in records.pairs.values() if pair.node)
        assert kept.pairs_in_use() == {name: n for name, n in records.nodes.counts().items() if n}


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


async def _expire_in_order(store: RedisStore) -> list[Pair]:
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
