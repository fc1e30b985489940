"""Several processes, the same few people, all at once: whatever they do, nothing is lost and nothing happens twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager

import pytest

from duologue.errors import Deposed
from duologue.ids import GatewayId, PairId, PersonId, SessionId
from duologue.ledger import Caller, Committed, Delivery, Outcome, PairEnded, PairFormed, Proposal, Queued, TicketArrived
from duologue.pairs.pair import Pair
from duologue.store.ledger.records import Person
from duologue.store.redis import RedisStore, scripts
from duologue.store.redis import store as module
from tests.contract.stores import GATEWAY, MATCHER, SHARD, shared_redis, wish
from tests.store.redis.keyspace import Keyspace
from tests.store.redis.rig import REALMS, store_at

PROCESSES = 3


class Processes:
    """Stores of several processes on one realm, each with connections of its own."""

    def __init__(self, stores: Sequence[RedisStore], kept: Keyspace) -> None:
        self.stores = stores
        self.kept = kept
        self.fence = 0

    async def people(self, count: int) -> list[Caller]:
        """So many people are here, on one gateway."""
        await self.stores[0].keep_alive(GATEWAY)
        self.fence = await self.stores[0].lease(SHARD, MATCHER) or 0
        names = [PersonId(f"p{n}") for n in range(count)]
        arrivals = [await self.stores[0].arrive(name, SessionId(f"s-{name}"), GATEWAY) for name in names]
        return [Caller(name, arrival.generation) for name, arrival in zip(names, arrivals, strict=True) if arrival]

    async def waiting(self) -> dict[PersonId, TicketArrived]:
        """Who waits now, as a matcher that starts sees it."""
        events, _ = await self.stores[0].read_queue(SHARD, 0, 0)
        return {event.ticket.person: event for event in events if isinstance(event, TicketArrived)}

    async def news(self, gateway: GatewayId = GATEWAY) -> list[Delivery]:
        """All that this gateway was ever told."""
        told: list[Delivery] = []
        while True:
            more, position = await self.stores[0].read_news(gateway, len(told), 0)
            told += more
            assert position == len(told), "nothing is missing in between"
            if not more:
                return told

    def all_is_one(self) -> None:
        """Everybody is idle, waiting or in exactly one pair, and records, pairs and indexes agree."""
        people, pairs = self.kept.records("person", Person), self.kept.records("pair", Pair)
        for who in people.values():
            assert not (who.waiting and who.pair)
            assert who.pair is None or who.id in {side.person for side in pairs[who.pair].sides}
        sides = Counter(side.person for pair in pairs.values() for side in pair.sides)
        assert all(count == 1 for count in sides.values())
        assert all(people[person].pair is not None for person in sides)
        offered = self.kept.sets("offered").get(SHARD, set())
        assert offered == {who.id for who in people.values() if who.offered}


@pytest.fixture
async def processes() -> AsyncIterator[Processes]:
    """Three of them."""
    realm = f"busy{next(REALMS)}"
    kept = Keyspace(shared_redis(), realm)
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(store_at(shared_redis().url, realm)) for _ in range(PROCESSES)]
        yield Processes(stores, kept)
    kept.clear()


async def test_two_matchers_that_commit_the_same_people_take_each_ticket_once(processes: Processes) -> None:
    """Every proposal of every two of eight people, by all processes at once: at most four pairs come of it."""
    callers = await processes.people(8)
    await asyncio.gather(*(processes.stores[0].find(caller, wish(caller)) for caller in callers))
    tickets = [event.ticket for event in (await processes.waiting()).values()]
    proposals = [
        Proposal(PairId(f"pair{n}-{one.person}-{two.person}"), (one, two), ("Heron", "Otter"))
        for n in range(PROCESSES)
        for one in tickets
        for two in tickets
        if one.person < two.person
    ]
    random.Random(1).shuffle(proposals)

    async def commit(n: int, proposal: Proposal) -> PairId | None:
        (result,) = await processes.stores[n % PROCESSES].commit(SHARD, processes.fence, [proposal])
        return result.pair if isinstance(result, Committed) else None

    made = [pair for pair in await asyncio.gather(*map(commit, range(len(proposals)), proposals)) if pair]

    assert len(made) == len(set(made))
    assert set(processes.kept.records("pair", Pair)) == set(made)
    processes.all_is_one()
    assert len(made) >= 3, "whoever is left over cannot be two"
    told = [delivery.news for delivery in await processes.news() if isinstance(delivery.news, PairFormed)]
    assert Counter(news.pair.id for news in told) == dict.fromkeys(made, 2)


async def test_a_storm_of_everything_keeps_everybody_in_one_place(processes: Processes) -> None:
    """Find, Next, leave, cancel and commit of six people at once, from three processes: state and news agree."""
    callers = await processes.people(6)
    dice = random.Random(2)
    attempts = Counter[PersonId]()

    async def person(caller: Caller) -> None:
        for _ in range(12):
            store = dice.choice(processes.stores)
            attempts[caller.person] += 1
            pair = processes.kept.records("person", Person)[caller.person].pair or PairId("none")
            match dice.randrange(4):
                case 0:
                    await store.next(caller, pair, attempts[caller.person], wish(caller, attempts[caller.person]))
                case 1:
                    await store.leave(caller, pair)
                case 2:
                    await store.cancel(caller, attempts[caller.person])
                case _:
                    await store.find(caller, wish(caller, attempts[caller.person]))

    async def matcher(n: int) -> None:
        for turn in range(25):
            tickets = [event.ticket for event in (await processes.waiting()).values()]
            dice.shuffle(tickets)
            proposals = [
                Proposal(PairId(f"{n}-{turn}-{at}"), (one, two), ("Heron", "Otter"))
                for at, (one, two) in enumerate(zip(tickets[::2], tickets[1::2], strict=False))
            ]
            await processes.stores[n].commit(SHARD, processes.fence, proposals)

    await asyncio.gather(*map(person, callers), *map(matcher, range(PROCESSES)))

    processes.all_is_one()
    news = await processes.news()
    people = processes.kept.records("person", Person)
    for caller in callers:
        mine = [delivery for delivery in news if delivery.session == f"s-{caller.person}"]
        assert [delivery.rev for delivery in mine] == sorted(delivery.rev for delivery in mine)
        _ends_as_the_record_says(mine, people[caller.person])


def _ends_as_the_record_says(mine: list[Delivery], who: Person) -> None:
    """Whoever follows the news alone knows in which pair they are."""
    pair: PairId | None = None
    for delivery in mine:
        match delivery.news:
            case PairFormed(formed):
                assert pair is None, "nobody is in two pairs"
                pair = formed.id
            case PairEnded(ended):
                assert pair == ended
                pair = None
            case Queued():
                assert pair is None
    assert pair == who.pair


async def test_one_request_that_is_sent_by_two_happens_once(processes: Processes) -> None:
    """A repeated request id that races with itself: one ticket, one answer."""
    (caller,) = await processes.people(1)
    asked = caller._replace(request="r1")  # type: ignore[arg-type]

    answers = await asyncio.gather(*(store.find(asked, wish(asked)) for store in [*processes.stores] * 5))

    assert set(answers) == {Outcome.DONE}
    _, position = await processes.stores[0].read_queue(SHARD, 0, 0)
    assert position == 1


async def test_an_owner_that_was_followed_commits_nothing(processes: Processes) -> None:
    """Fencing holds across processes, whatever was on its way."""
    callers = await processes.people(2)
    for caller in callers:
        await processes.stores[0].find(caller, wish(caller))
    one, two = (event.ticket for event in (await processes.waiting()).values())
    await processes.stores[0].release(SHARD, MATCHER)
    assert await processes.stores[1].lease(SHARD, MATCHER) != processes.fence

    with pytest.raises(Deposed):
        await processes.stores[0].commit(
            SHARD, processes.fence, [Proposal(PairId("late"), (one, two), ("Heron", "Otter"))]
        )
    assert processes.kept.records("pair", Pair) == {}


@contextmanager
def counted_applies(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[scripts.Applied]]:
    """How the writes of all stores went."""
    counts: Counter[scripts.Applied] = Counter()

    async def apply(*arguments: object) -> scripts.Applied:
        applied = await scripts.apply(*arguments)  # type: ignore[arg-type]
        counts[applied] += 1
        return applied

    with monkeypatch.context() as patch:
        patch.setattr(module, "apply", apply)
        yield counts


async def test_people_who_have_nothing_to_do_with_each_other_never_make_each_other_try_again(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred who begin to wait at once in a shard that is known: a hundred writes."""
    callers = await processes.people(101)
    await asyncio.gather(*(store.find(callers[0], wish(callers[0], 1 + n)) for n, store in enumerate(processes.stores)))

    with counted_applies(monkeypatch) as counts:
        await asyncio.gather(
            *(processes.stores[n % PROCESSES].find(caller, wish(caller)) for n, caller in enumerate(callers[1:]))
        )

    assert counts == {scripts.Applied.DONE: 100}


async def test_whoever_loses_a_race_tries_again_and_wins(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    """All lines of chat of two who write at once are kept, at the price of some more tries."""
    callers = await processes.people(2)
    for caller in callers:
        await processes.stores[0].find(caller, wish(caller))
    one, two = (event.ticket for event in (await processes.waiting()).values())
    await processes.stores[0].commit(SHARD, processes.fence, [Proposal(PairId("p"), (one, two), ("Heron", "Otter"))])

    async def writes(n: int) -> set[Outcome]:
        return {await processes.stores[n].write(callers[n], PairId("p"), line, "hi") for line in range(1, 16)}

    with counted_applies(monkeypatch) as counts:
        answers = list(await asyncio.gather(writes(0), writes(1)))

    assert answers == [{Outcome.DONE}, {Outcome.DONE}]
    assert counts[scripts.Applied.CHANGED] > 0, "else this test shows nothing"
    relayed = [delivery for delivery in await processes.news() if type(delivery.news).__name__ == "Relayed"]
    assert len(relayed) == 30
