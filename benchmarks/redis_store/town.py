"""People in a ledger, and what they ask of it in the life of a match, as gateways and a matcher would.

Every transition goes through the port. Nobody pauses: whoever has an answer asks the next thing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import NamedTuple

import msgspec

from benchmarks.crowd import MIXES, Crowd
from duologue.clock import SystemClock, SystemRng
from duologue.ids import GatewayId, MatcherId, NodeName, PairId, PersonId, RequestId, SessionId
from duologue.ledger import NODES_LEASE, Caller, Committed, Outcome, Proposal, TicketArrived
from duologue.matching.ticket import Ticket
from duologue.nodes import NodeHealth, NodeReport
from duologue.ports import Store
from duologue.safety.ratelimit import UNLIMITED
from duologue.settings import RedisSettings
from duologue.store.ledger import Terms
from duologue.store.redis import open_store
from duologue.store.redis.store import COMMIT_AT_ONCE

NOW_MS = 1_800_000_000_000
NODE = NodeName("node")
SEED = 1
ARRIVE_AT_ONCE = 200
READ_AT_ONCE = 1_000
"""Events of the queue; where fewer come there are no more."""
LINE = "A line of chat, as long as such lines are."
_rng = SystemRng()
_requests = count(1)


@asynccontextmanager
async def store_at(url: str) -> AsyncIterator[Store]:
    """The store as every process of ours has it, but that time stands still in the ledger: no lease ends meanwhile."""
    settings, terms = RedisSettings(url=url, realm="bench"), Terms(settle_ms=0)
    async with open_store(settings, SystemClock(), terms=terms, time=lambda _: NOW_MS) as (store, _):
        yield store


@dataclass(eq=False, slots=True)
class Somebody:
    """A person who is here."""

    caller: Caller
    wish: Ticket
    attempt: int = 0

    def asks(self) -> Caller:
        """The caller of a command: each has an id of its own, which the client made."""
        return self.caller._replace(request=RequestId(f"aWkbp7yNQ8C1-{next(_requests)}"))

    def next_wish(self) -> Ticket:
        """The ticket of another search."""
        self.attempt += 1
        return msgspec.structs.replace(self.wish, attempt=self.attempt)


class Couple(NamedTuple):
    """A pair."""

    pair: PairId
    people: tuple[Somebody, Somebody]


class Town:
    """Everybody in one ledger. `done` counts transitions by kind; a commit counts once for each pair."""

    def __init__(self, store: Store, people: int) -> None:
        self.store = store
        self.done: Counter[str] = Counter()
        self.commits = 0
        self.people: list[Somebody] = []
        self._size = people
        self._by_name: dict[PersonId, Somebody] = {}
        self._fence = 0
        self._position = 0
        self._shard = ""
        self._unpaired: list[Ticket] = []

    async def settle(self) -> None:
        """A gateway, a matcher and a media node are known, and everybody is here. Not counted."""
        gateway, matcher = GatewayId(_rng.token()), MatcherId(_rng.token())
        await self.store.keep_alive(gateway)
        nodes_fence = await self.store.lease(NODES_LEASE, matcher)
        assert nodes_fence is not None, "nobody else is here"
        await self.store.report_nodes(nodes_fence, [NodeReport(NODE, NodeHealth.UP, UNLIMITED)])
        wishes = Crowd(MIXES[1], SEED).arrivals(self._size)
        await at_once(ARRIVE_AT_ONCE, [partial(self._enter, wish, gateway) for wish in wishes])
        self._shard = self.people[0].wish.cohort.key
        fence = await self.store.lease(self._shard, matcher)
        assert fence is not None, "nobody else is here"
        self._fence = fence
        await self._begin_queue(self.people[0])

    async def _enter(self, wish: Ticket, gateway: GatewayId) -> None:
        """A wish of the crowd in the names that people really have; nobody is blocked."""
        person = PersonId(_rng.token())
        arrival = await self.store.arrive(person, SessionId(_rng.token()), gateway)
        assert arrival is not None, "nobody resumes"
        own = msgspec.structs.replace(wish, person=person, avoid=frozenset(), auto_next=False)
        self._by_name[person] = Somebody(Caller(person, arrival.generation), own)
        self.people.append(self._by_name[person])

    async def _begin_queue(self, somebody: Somebody) -> None:
        """The queue has a past, so that it is read on from there, and not from the records of all who wait."""
        await self.store.find(somebody.asks(), somebody.next_wish())
        await self.store.cancel(somebody.asks(), somebody.attempt)
        _, self._position = await self.store.read_queue(self._shard, 0, 0)

    # -- transitions, each as the process asks that needs it ----------------------------------

    async def find(self, who: Somebody) -> None:
        """Wait."""
        _check(await self.store.find(who.asks(), who.next_wish()))
        self.done["find"] += 1

    async def opened(self, couple: Couple) -> None:
        """The room is there."""
        await self.store.opened(couple.pair, NODE)
        self.done["opened"] += 1

    async def connected(self, who: Somebody, couple: Couple) -> None:
        """The media of this side is up. It is a signal, and has no id."""
        _check(await self.store.connected(who.caller, couple.pair))
        self.done["connected"] += 1

    async def write(self, who: Somebody, couple: Couple) -> None:
        """A line."""
        _check(await self.store.write(who.asks(), couple.pair, 1, LINE))
        self.done["write"] += 1

    async def next(self, who: Somebody, couple: Couple) -> None:
        """On to the next: this one waits, the other is idle."""
        closed = await self.store.next(who.asks(), couple.pair, who.attempt + 1, who.next_wish())
        _check(closed.outcome)
        self.done["next"] += 1

    async def leave(self, who: Somebody, couple: Couple) -> None:
        """It is over, and both are idle."""
        closed = await self.store.leave(who.asks(), couple.pair)
        _check(closed.outcome)
        self.done["leave"] += 1

    async def talk_and_part(self, couple: Couple) -> None:
        """Until both are idle. Who leaves before the talk began leaves somebody who waits."""
        await self.opened(couple)
        for who in couple.people:
            await self.connected(who, couple)
        await self.leave(couple.people[0], couple)

    async def proposals(self, at_most: int) -> list[Proposal]:
        """Who waits, two by two as they came; the rules have a benchmark of their own."""
        while len(self._unpaired) < 2 * at_most:
            events, self._position = await self.store.read_queue(self._shard, self._position, 0)
            self._unpaired += [event.ticket for event in events if isinstance(event, TicketArrived)]
            if len(events) < READ_AT_ONCE:
                break
        count = min(at_most, len(self._unpaired) // 2)
        some, self._unpaired = self._unpaired[: 2 * count], self._unpaired[2 * count :]
        aliases = ("Quiet Heron", "Bright Otter")
        return [Proposal(PairId(_rng.token()), both, aliases) for both in zip(some[::2], some[1::2], strict=True)]

    async def commit(self, proposals: Sequence[Proposal]) -> list[Couple]:
        """All of them become pairs."""
        results = await self.store.commit(self._shard, self._fence, proposals)
        assert all(isinstance(result, Committed) for result in results), f"nobody else moves them: {results}"
        self.done["commit"] += len(proposals)
        self.commits += 1
        return [self._couple(proposal) for proposal in proposals]

    def _couple(self, proposal: Proposal) -> Couple:
        first, second = (self._by_name[ticket.person] for ticket in proposal.tickets)
        return Couple(proposal.pair, (first, second))


def _check(outcome: Outcome) -> None:
    assert outcome is Outcome.DONE, f"the ledger says {outcome}"


# -- all at once ----------------------------------------------------------------------------------


class Lives:
    """One match after the other, many at once, until so many have begun and ended.

    The two of a pair ask one after the other, as two whose cameras take their time; those of many pairs at once.
    """

    def __init__(self, town: Town, pairs: int) -> None:
        self._town = town
        self._to_begin = pairs
        self._arrived = asyncio.Event()

    async def run(self) -> None:
        """Until the last of these pairs is over; then everybody waits."""
        async with asyncio.TaskGroup() as group:
            for who in self._town.people:
                group.create_task(self._find(who))
            while self._to_begin:
                for number, couple in enumerate(await self._commit_some()):
                    group.create_task(self._live(couple, by_next=number % 2 == 0))

    async def _commit_some(self) -> list[Couple]:
        """As a matcher does it: those who have arrived, at most as many as the store takes in one go."""
        self._arrived.clear()
        proposals = await self._town.proposals(min(COMMIT_AT_ONCE, self._to_begin))
        if not proposals:
            await self._arrived.wait()
            return []
        self._to_begin -= len(proposals)
        return await self._town.commit(proposals)

    async def _live(self, couple: Couple, *, by_next: bool) -> None:
        await self._town.opened(couple)
        for who in couple.people:
            await self._town.connected(who, couple)
        for who in couple.people:
            await self._town.write(who, couple)
        who, other = couple.people
        await (self._town.next if by_next else self._town.leave)(who, couple)
        for idle in [other] if by_next else [who, other]:
            await self._find(idle)

    async def _find(self, who: Somebody) -> None:
        await self._town.find(who)
        self._arrived.set()


async def at_once(number: int, calls: Iterable[Callable[[], Awaitable[None]]]) -> None:
    """All of them, so many at the same time."""
    left = iter(calls)

    async def some() -> None:
        for call in left:
            await call()

    async with asyncio.TaskGroup() as group:
        for _ in range(number):
            group.create_task(some())
