"""How many bytes of Redis a person takes: idle, waiting, in a talk; and how many an entry of a stream takes.

Streams are cut off before the people are weighed: they are bounded by their length, not by how many people there are.
Each round has a Redis of its own, empty at its start.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple, TypeVar

from benchmarks.report import Report, run
from duologue.clock import SystemClock
from duologue.ids import GatewayId, MatcherId, PairId, PersonId, SessionId
from duologue.ledger import Caller, Committed, Outcome, Proposal
from duologue.matching.ticket import Cohort, Ticket
from duologue.ports import Store
from duologue.protocol.codes import Mode
from duologue.settings import RedisSettings
from duologue.store.ledger import Terms
from duologue.store.redis import open_store
from tests.redis_server import RedisServer, redis_server

T = TypeVar("T")

PEOPLE = 1_000
"""By default; more take longer, and weigh a little less each."""
ROUNDS = 3
AT_ONCE = 100
LINES = 20
LINE = "so you have been to the mountains, too? tell me which ones"
GATEWAY, MATCHER = GatewayId(secrets.token_urlsafe(16)), MatcherId(secrets.token_urlsafe(16))
COHORT = Cohort("default", Mode.TEXT, "adult", "open")
"""Text, so that no media server has to be reported; a pair with video has the name of one more."""


class Weights(NamedTuple):
    """Of one round."""

    idle: float
    waiting: float
    paired: float
    written: float
    """In a talk with all the lines that are kept."""
    queue_entry: float
    outbox_entry: float


class House:
    """People on one gateway."""

    def __init__(self, store: Store, server: RedisServer, people: int) -> None:
        self._count = people
        self._store = store
        self._server = server
        self._people: list[Caller] = []
        self._pairs: list[PairId] = []
        self._empty = 0

    async def weigh(self) -> Weights:
        """One state after the other."""
        await self._store.keep_alive(GATEWAY)
        self._empty = self._used()
        await self._arrive()
        idle = self._each()
        await _all(self._store.find(caller, _wish(caller.person)) for caller in self._people)
        queue_entry = self._entry(f"queue:{COHORT.key}")
        waiting = self._each()
        await self._pair()
        outbox_entry = self._entry(f"outbox:{GATEWAY}")
        paired = self._each()
        for n in range(LINES // 2):
            await _all(self._store.write(c, self._pairs[at // 2], n + 1, LINE) for at, c in enumerate(self._people))
        return Weights(idle, waiting, paired, self._each(), queue_entry, outbox_entry)

    async def _arrive(self) -> None:
        async def one() -> Caller:
            person = PersonId(secrets.token_urlsafe(16))
            arrival = await self._store.arrive(person, SessionId(secrets.token_urlsafe(16)), GATEWAY)
            assert arrival is not None
            return Caller(person, arrival.generation)

        self._people = await _all(one() for _ in range(self._count))

    async def _pair(self) -> None:
        fence = await self._store.lease(COHORT.key, MATCHER)
        assert fence is not None
        arrived, _ = await self._store.read_queue(COHORT.key, 0, 0)
        by_person = {event.ticket.person: event.ticket for event in arrived}  # type: ignore[union-attr]  # all wait
        tickets = [by_person[caller.person] for caller in self._people]
        self._pairs = [PairId(secrets.token_urlsafe(16)) for _ in tickets[::2]]
        two = zip(self._pairs, zip(tickets[::2], tickets[1::2], strict=True), strict=True)
        results = await self._store.commit(
            COHORT.key, fence, [Proposal(pair, both, ("Heron", "Otter")) for pair, both in two]
        )
        assert all(isinstance(result, Committed) for result in results)
        done = await _all(self._store.connected(c, self._pairs[at // 2]) for at, c in enumerate(self._people))
        assert set(done) == {Outcome.DONE}

    def _each(self) -> float:
        """Bytes for each person, without the streams."""
        for stream in self._server.cli("--scan", "--pattern", "*box:*").split():
            self._server.cli("XTRIM", stream, "MAXLEN", "0")
        for stream in self._server.cli("--scan", "--pattern", "*queue:*").split():
            self._server.cli("XTRIM", stream, "MAXLEN", "0")
        return (self._used() - self._empty) / self._count

    def _entry(self, stream: str) -> float:
        """Bytes for each entry of it."""
        key = f"{{duologue}}:{stream}"
        return int(self._server.cli("MEMORY", "USAGE", key, "SAMPLES", "0")) / int(self._server.cli("XLEN", key))

    def _used(self) -> int:
        info = self._server.cli("INFO", "memory").splitlines()
        return next(int(line.partition(":")[2]) for line in info if line.startswith("used_memory:"))


def _wish(person: PersonId) -> Ticket:
    """Of somebody with a language, a wish about it and three interests."""
    return Ticket(
        person, 1, 0, COHORT, 0,
        facets={"language": "en"},
        wants={"language": frozenset({"en"})},
        interests=frozenset({"hiking", "music", "films"}),
    )  # fmt: skip


async def _all(work: Iterable[Awaitable[T]]) -> list[T]:
    pending, done = list(work), []
    for at in range(0, len(pending), AT_ONCE):
        done += await asyncio.gather(*pending[at : at + AT_ONCE])
    return done


@asynccontextmanager
async def house(people: int) -> AsyncIterator[House]:
    """An empty one."""
    with redis_server() as server:
        async with open_store(RedisSettings(url=server.url), SystemClock(), terms=Terms(settle_ms=0)) as (store, _):
            yield House(store, server, people)


async def _round(people: int) -> Weights:
    async with house(people) as empty:
        return await empty.weigh()


def measure(report: Report) -> None:
    """Weigh people and entries."""
    rounds: list[Weights] = []
    with redis_server() as server:
        report.names_version("redis-server", server.cli("INFO", "server").partition("redis_version:")[2].split()[0])
    with report.progress("weighing", report.options.rounds) as advance:
        for _ in range(report.options.rounds):
            rounds.append(asyncio.run(_round(report.options.people)))
            advance(1)
    _report(report, rounds)


def _report(report: Report, rounds: Sequence[Weights]) -> None:
    words = (
        "a person who is idle", "a person who waits", "a person in a talk", f"a person in a talk of {LINES} lines",
        "an entry of a queue", "an entry of an outbox",
    )  # fmt: skip
    for name, values in zip(words, zip(*rounds, strict=True), strict=True):
        report.add(name, values, "bytes")


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--rounds", type=int, default=ROUNDS)


if __name__ == "__main__":
    sys.exit(run("memory", measure, options=_options, packages=("redis",)))
