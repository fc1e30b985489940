"""`ports.Outbox`: news from transitions to the gateways that hold the sockets."""

from __future__ import annotations

import asyncio

import pytest

from duologue.ids import GatewayId
from duologue.ledger import GATEWAY_LEASE_MS, Delivery, PairFormed, Queued
from duologue.ports import ResyncNeeded
from tests.builders import ANA, BEN
from tests.contract.stores import GATEWAY, PAIR, MakeStore, World

OTHER = GatewayId("g2")


async def test_news_is_read_in_order_and_once(world: World) -> None:
    """A position is all that a gateway has to remember."""
    ana = await world.here(ANA)
    for attempt in (1, 2, 3):
        await world.find(ana, attempt)
    first, position = await world.store.read_news(GATEWAY, 0, 0)

    assert [d.news.ticket.attempt for d in first if isinstance(d.news, Queued)] == [1, 2, 3]
    assert await world.store.read_news(GATEWAY, position, 0) == ([], position)


async def test_reading_from_an_older_position_repeats(world: World) -> None:
    """What was read but not delivered is not lost."""
    ana = await world.here(ANA)
    await world.find(ana, 1)
    _, middle = await world.store.read_news(GATEWAY, 0, 0)
    await world.find(ana, 2)
    once, _ = await world.store.read_news(GATEWAY, middle, 0)
    again, _ = await world.store.read_news(GATEWAY, middle, 0)

    assert once == again
    assert len(once) == 1


async def test_news_goes_to_the_gateway_of_the_session(world: World) -> None:
    """Each gateway hears of its own people only."""
    ana, ben = await world.here(ANA, GATEWAY), await world.here(BEN, OTHER)
    await world.find(ana)
    await world.find(ben)
    await world.match(ANA, BEN)
    here, _ = await world.store.read_news(GATEWAY, 0, 0)
    there, _ = await world.store.read_news(OTHER, 0, 0)

    assert len({d.session for d in here}) == 1
    assert len({d.session for d in there}) == 1
    for deliveries in (here, there):
        formed = [d.news for d in deliveries if isinstance(d.news, PairFormed)]
        assert [news.pair.id for news in formed] == [PAIR]


async def test_revisions_only_grow(world: World) -> None:
    """Each change of what somebody does has a greater revision than the one before."""
    ana, ben = await world.talking()
    await world.store.next(ben, PAIR, 2, None)
    await world.find(ana, 2)
    await world.store.cancel(ana, 2)
    revs = [rev for rev, _ in await world.deliveries(ana)]

    assert len(revs) == 3
    assert revs == sorted(set(revs))


async def test_the_revision_of_a_ticket_is_the_revision_of_its_news(world: World) -> None:
    """So a gateway can tell which snapshot already knows it."""
    ana = await world.waiting(ANA)
    ((rev, news),) = await world.deliveries(ana)

    assert isinstance(news, Queued)
    assert rev == news.ticket.rev


async def test_reading_waits_for_the_first_news(world: World) -> None:
    """A gateway hears at once, without asking again and again."""
    ana = await world.here(ANA)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        reading = group.create_task(world.store.read_news(GATEWAY, 0, 4_000))
        await asyncio.sleep(0)
        await world.find(ana)

    deliveries, position = reading.result()
    assert [type(delivery) for delivery in deliveries] == [Delivery]
    assert position > 0


async def test_two_gateways_may_wait_at_once(world: World) -> None:
    """News for one does not wake the other with nothing."""
    ana = await world.here(ANA, GATEWAY)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        mine = group.create_task(world.store.read_news(GATEWAY, 0, 4_000))
        theirs = group.create_task(world.store.read_news(OTHER, 0, 50))
        await asyncio.sleep(0)
        await world.find(ana)

    assert len(mine.result()[0]) == 1
    assert theirs.result() == ([], 0)


async def test_reading_in_vain_ends_after_the_wait(world: World) -> None:
    """Nothing came: the position stays."""
    assert await world.store.read_news(GATEWAY, 0, 20) == ([], 0)


async def test_a_gateway_that_fell_behind_is_told(make_store: MakeStore) -> None:
    """Trimmed news is never skipped in silence; after a snapshot they go on from the newest."""
    async with make_store(keeps=3) as under_test:
        world = World(under_test)
        ana = await world.here(ANA)
        for attempt in range(1, 40):
            await world.find(ana, attempt)

        with pytest.raises(ResyncNeeded) as behind:
            await world.store.read_news(GATEWAY, 0, 0)
        await world.find(ana, 40)
        deliveries, _ = await world.store.read_news(GATEWAY, behind.value.position, 0)

        assert [d.news.ticket.attempt for d in deliveries if isinstance(d.news, Queued)] == [40]


async def test_news_that_was_read_may_be_trimmed(make_store: MakeStore) -> None:
    """A gateway that keeps up is not bothered by the bound."""
    async with make_store(keeps=3) as under_test:
        world = World(under_test)
        ana = await world.here(ANA)
        position = heard = 0
        for attempt in range(1, 40):
            await world.find(ana, attempt)
            deliveries, position = await world.store.read_news(GATEWAY, position, 0)
            heard += len(deliveries)

        assert heard == 39


async def test_no_news_is_skipped_by_a_gateway_that_was_given_up_and_lives(world: World) -> None:
    """It slept, its people were lost, and more happens to them since than it had heard before."""
    ana = await world.here(ANA)
    await world.find(ana, 1)
    _, place = await world.store.read_news(GATEWAY, 0, 0)
    word = await world.word_of(ana)
    await world.silence(GATEWAY, GATEWAY_LEASE_MS + 1_000)
    await world.store.expire()
    assert not await world.store.keep_alive(GATEWAY)
    await world.store.vouch(GATEWAY, [word])

    for attempt in range(2, 9):
        await world.find(ana, attempt)
    deliveries, _ = await world.store.read_news(GATEWAY, place, 0)
    told = [d.news.ticket.attempt for d in deliveries if isinstance(d.news, Queued)]
    assert told[-7:] == list(range(2, 9))


async def test_a_store_says_what_it_is(world: World, request: pytest.FixtureRequest) -> None:
    """Memory must never be mistaken for Redis."""
    assert f"[{world.store.kind}]" in request.node.name
