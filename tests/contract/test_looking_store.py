"""`ports.LookingStore`: what there is to see of people, and that looking changes nothing."""

from __future__ import annotations

from duologue.ids import GatewayId, PersonId
from duologue.ledger import GATEWAY_LEASE_MS, RESUME_WINDOW_MS, Attention, Idle, Paired, PersonView, Sample, Waiting
from duologue.protocol.codes import Mode
from tests.builders import ANA, BEN, CLEO, DAN, cohort
from tests.contract.stores import GATEWAY, PAIR, SHARD, World

MANY = 100
OTHER = GatewayId("g2")


async def seen(world: World, person: PersonId) -> PersonView:
    """Somebody who is known."""
    view = await world.store.look(person)
    assert view is not None
    return view


def people(sample: Sample) -> set[PersonId]:
    """Who they are."""
    return {ticket.person for ticket in sample.tickets}


# -- one person -----------------------------------------------------------------------------


async def test_of_a_stranger_nothing_is_known(world: World) -> None:
    """And nothing is afterwards."""
    assert await world.store.look(ANA) is None
    assert await world.store.look(ANA) is None


async def test_somebody_who_waits_is_seen_with_their_ticket(world: World) -> None:
    """Where they are, and that they are offered."""
    await world.waiting(ANA)
    view = await seen(world, ANA)

    assert view.state == Waiting((await world.queue())[ANA])
    assert (view.gateway, view.vouched, view.offered, view.attention) == (GATEWAY, True, True, Attention.VISIBLE)
    assert (view.seen_ms, view.at_ms, view.standby) == (view.at_ms, view.at_ms, 0)


async def test_somebody_in_a_pair_is_seen_with_it(world: World) -> None:
    """And with how they had waited."""
    await world.talking()
    view = await seen(world, ANA)

    assert isinstance(view.state, Paired)
    assert (view.state.pair.id, view.offered) == (PAIR, False)
    assert view.wishes is not None


async def test_somebody_who_does_nothing_is_seen(world: World) -> None:
    """They are here, on a gateway."""
    await world.here(ANA)
    view = await seen(world, ANA)

    assert (view.state, view.wishes, view.gateway) == (Idle(), None, GATEWAY)


async def test_somebody_away_is_seen_until_they_are_forgotten(world: World) -> None:
    """With how long their seat is held."""
    ana = await world.waiting(ANA)
    await world.store.depart(ana, 15_000)
    view = await seen(world, ANA)

    assert isinstance(view.state, Waiting)
    assert (view.gateway, view.vouched, view.offered) == (None, False, False)
    assert view.seat_until_ms == view.at_ms + 15_000

    await world.advance(15_000)
    await world.store.expire()
    view = await seen(world, ANA)
    assert (view.state, view.forget_at_ms) == (Idle(), view.at_ms + RESUME_WINDOW_MS)

    await world.advance(RESUME_WINDOW_MS)
    await world.store.expire()
    assert await world.store.look(ANA) is None


async def test_who_does_not_answer_pings_is_seen_not_to_be_offered(world: World) -> None:
    """They wait, and no matcher hears of them."""
    ana = await world.waiting(ANA)
    await world.store.attend(ana, Attention.QUIET)
    view = await seen(world, ANA)

    assert (view.attention, view.offered) == (Attention.QUIET, False)


async def test_whom_a_dead_gateway_holds_is_vouched_for_by_nobody(world: World) -> None:
    """Before anybody has given it up, its lease still stands; after, they are away."""
    await world.waiting(ANA, cohort=cohort())
    await world.silence(GATEWAY, GATEWAY_LEASE_MS)
    await world.store.expire()
    view = await seen(world, ANA)

    assert (view.gateway, view.vouched) == (None, False)


async def test_after_the_store_began_anew_nobody_is_vouched_for(world: World) -> None:
    """What it says of people is of a life before."""
    await world.waiting(ANA)
    world.begin_anew()

    assert not (await seen(world, ANA)).vouched


async def test_sessions_that_stand_by_are_counted(world: World) -> None:
    """A second tab made the first one stand by."""
    await world.here(ANA)
    await world.here(ANA, OTHER)
    view = await seen(world, ANA)

    assert (view.gateway, view.standby) == (OTHER, 1)


async def test_looking_changes_nothing(world: World) -> None:
    """No news, no revision, no other ticket."""
    ana = await world.waiting(ANA)
    await world.news(ana)
    queue = await world.queue()
    views = [await seen(world, ANA), await seen(world, ANA)]
    await world.store.sample_waiting(SHARD, MANY)
    await world.store.sample_paired(SHARD, MANY)

    assert views[0] == views[1]
    assert await world.queue() == queue
    assert await world.news(ana) == []


# -- many -----------------------------------------------------------------------------------


async def test_of_those_who_wait_all_are_seen_where_there_are_few(world: World) -> None:
    """With the tickets that matchers see; not who waits elsewhere, or is not offered."""
    await world.waiting(ANA)
    await world.waiting(BEN)
    await world.store.attend(await world.waiting(CLEO), Attention.QUIET)
    await world.waiting(DAN, cohort=cohort(Mode.VIDEO))
    queue = await world.queue()
    sample = await world.store.sample_waiting(SHARD, 2)

    assert {ticket.person: ticket for ticket in sample.tickets} == {who: queue[who] for who in (ANA, BEN)}
    assert (sample.looked_at, sample.whole) == (2, True)


async def test_of_many_who_wait_some_are_seen(world: World) -> None:
    """And it is said that there are more."""
    for person in (ANA, BEN, CLEO):
        await world.waiting(person)
    sample = await world.store.sample_waiting(SHARD, 2)

    assert (len(people(sample)), sample.looked_at, sample.whole) == (2, 2, False)


async def test_those_who_talk_are_seen_on_whatever_gateway(world: World) -> None:
    """With how they had waited; not who waits, and not a pair of another cohort."""
    for person, gateway in ((ANA, GATEWAY), (BEN, OTHER)):
        await world.find(await world.here(person, gateway), facets={"language": "en"})
    await world.match(ANA, BEN)
    await world.waiting(CLEO)
    sample = await world.store.sample_paired(SHARD, MANY)

    assert people(sample) == {ANA, BEN}
    assert {ticket.facets["language"] for ticket in sample.tickets} == {"en"}
    assert (sample.looked_at, sample.whole) == (3, True)
    assert (await world.store.sample_paired(cohort(Mode.VIDEO).key, MANY)).tickets == ()


async def test_who_is_away_from_a_talk_would_not_come_free(world: World) -> None:
    """Only those who are here are counted."""
    ana, _ = await world.talking()
    await world.store.depart(ana, 15_000)

    assert people(await world.store.sample_paired(SHARD, MANY)) == {BEN}


async def test_of_many_people_some_are_looked_at(world: World) -> None:
    """However many gateways there are."""
    await world.talking()
    await world.here(CLEO)
    await world.here(DAN)
    sample = await world.store.sample_paired(SHARD, 3)

    assert (sample.looked_at, sample.whole) == (3, False)
    assert people(sample) <= {ANA, BEN}


async def test_in_an_empty_world_nobody_is_seen(world: World) -> None:
    """No gateway ever was."""
    nobody = Sample((), 0, whole=True)

    assert await world.store.sample_waiting(SHARD, MANY) == nobody
    assert await world.store.sample_paired(SHARD, MANY) == nobody
