"""Sessions that stand by from the start, as after a lost socket: they ring, and speak for nobody."""

from __future__ import annotations

import pytest

from duologue.errors import Unavailable
from duologue.ids import GatewayId, SessionId
from duologue.ledger import (
    MAX_SESSIONS,
    RESUME_WINDOW_MS,
    Arrival,
    Attention,
    CallEnded,
    Caller,
    CallRings,
    Claim,
    Dropped,
    Idle,
    Outcome,
    Paired,
)
from duologue.protocol.codes import CallEnd, Mode
from tests.builders import ANA, BEN
from tests.contract.stores import CALL, ELSEWHERE, GATEWAY, PAIR, RING_MS, World, assert_done

SEAT_MS = 15_000


async def standbys(world: World) -> int:
    """How many of Ben's sessions stand by."""
    view = await world.store.look(BEN)
    return view.standby if view is not None else 0


async def test_what_the_person_does_goes_on(world: World) -> None:
    """The active session hears nothing of it, and keeps its say; who stands by has none."""
    ana, _ = await world.talking()
    device = await world.stands_by(ANA)

    assert await world.news(ana) == []
    assert await world.store.write(ana, PAIR, 1, "hi") is Outcome.DONE
    assert (await world.store.leave(device, PAIR)).outcome is Outcome.STALE
    assert await world.find(device) is Outcome.STALE


async def test_a_held_seat_stays_the_one_of_who_lost_it(world: World) -> None:
    """Only the session that was active may go on with the talk."""
    ana, _ = await world.talking()
    await world.store.depart(ana, SEAT_MS)
    await world.stands_by(ANA)
    back = await world.arrive(ANA, resumes=ana.generation)

    assert back is not None
    assert isinstance(back.state, Paired)


async def test_a_call_that_comes_later_rings_there(world: World) -> None:
    """As with whoever stood by before, on whatever gateway."""
    ana, ben = await world.here(ANA), await world.here(BEN)
    device = await world.stands_by(BEN, ELSEWHERE)
    await world.call(ana, BEN)
    assert_done(await world.store.accept(ben, CALL, PAIR))
    rings, over = await world.news(device)

    assert isinstance(rings, CallRings)
    assert over == CallEnded(CALL, CallEnd.ANSWERED_ELSEWHERE, None)


async def test_a_call_that_rings_already_is_told(world: World) -> None:
    """Who lost the socket meanwhile may still answer; the caller's own devices have nothing to answer."""
    await world.ringing()
    called = await world.store.stand_by(BEN, SessionId("b"), GATEWAY)
    calls = await world.store.stand_by(ANA, SessionId("a"), GATEWAY)

    assert called.call is not None
    assert called.call.id == CALL
    assert called.rev == (await world.snapshot(BEN)).rev - 1
    assert calls.call is None


async def test_a_call_whose_time_is_over_does_not_ring(world: World) -> None:
    """Not even before the reaper came by."""
    await world.ringing()
    await world.advance(RING_MS)

    assert (await world.store.stand_by(BEN, SessionId("b"), GATEWAY)).call is None


async def test_who_stands_by_may_answer_and_is_the_active_one_then(world: World) -> None:
    """Also while the device that was active is away."""
    _, ben = await world.ringing()
    await world.store.depart(ben, SEAT_MS)
    device = await world.stands_by(BEN, ELSEWHERE)
    taken = await world.store.answer(BEN, world.session(device), ELSEWHERE, CALL, PAIR)

    assert isinstance(taken, Arrival)
    assert taken.generation > ben.generation
    assert_done(await world.store.leave(Caller(BEN, taken.generation), PAIR))
    assert await standbys(world) == 0


async def test_an_answer_that_was_not_heard_is_given_again(world: World) -> None:
    """The device took the call, lost the socket in the same moment, and is back: the talk is its own."""
    await world.ringing()
    device = await world.stands_by(BEN)
    taken = await world.store.answer(BEN, world.session(device), GATEWAY, CALL, PAIR)
    assert isinstance(taken, Arrival)
    back = await world.stands_by(BEN)
    assert await world.store.answer(BEN, world.session(back), GATEWAY, CALL, PAIR) is None, "somebody talks there"
    await world.store.depart(Caller(BEN, taken.generation), SEAT_MS)
    again = await world.store.answer(BEN, world.session(back), GATEWAY, CALL, PAIR)

    assert isinstance(again, Arrival)
    assert isinstance(again.state, Paired)
    assert await world.store.answer(BEN, SessionId("a stranger"), GATEWAY, CALL, PAIR) is None


async def test_who_stands_by_may_decline(world: World) -> None:
    """For all devices."""
    ana, _ = await world.ringing()
    device = await world.stands_by(BEN)
    assert_done(await world.store.decline(device, CALL))

    assert [type(news) for news in await world.news(ana)] == [CallEnded]


async def test_where_nobody_is_here_it_rings_all_the_same(world: World) -> None:
    """Of a person of whom nobody has heard, too; and nobody is taken for active."""
    ana = await world.here(ANA)
    device = await world.stands_by(BEN)
    await world.call(ana, BEN, mode=Mode.TEXT)
    view = await world.store.look(BEN)

    assert [type(news) for news in await world.news(device)] == [CallRings]
    assert view is not None
    assert (view.gateway, view.standby) == (None, 1)


async def test_somebody_whose_only_sessions_stood_by_is_forgotten(world: World) -> None:
    """Once those are gone, and not before."""
    device = await world.stands_by(BEN)
    for _ in range(2):
        await world.advance(RESUME_WINDOW_MS)
        await world.store.expire()
    assert await standbys(world) == 1
    await world.store.depart(device, SEAT_MS)
    await world.advance(RESUME_WINDOW_MS)
    await world.store.expire()

    assert await world.store.look(BEN) is None


async def test_asking_again_makes_no_second_one(world: World) -> None:
    """The answer was lost: it is the same."""
    await world.store.keep_alive(GATEWAY)
    first = await world.store.stand_by(BEN, SessionId("s"), GATEWAY)
    again = await world.store.stand_by(BEN, SessionId("s"), GATEWAY)

    assert first == again
    assert await standbys(world) == 1


async def test_a_departure_that_is_told_twice_means_one(world: World) -> None:
    """Who came to stand by in its place stays: no generation is used twice."""
    await world.here(BEN)
    first = await world.stands_by(BEN)
    await world.store.depart(first, SEAT_MS)
    await world.advance(1)
    await world.stands_by(BEN)
    await world.store.depart(first, SEAT_MS)

    assert await standbys(world) == 1


async def test_who_may_have_come_to_stand_by_can_be_abandoned(world: World) -> None:
    """Its socket went before its gateway knew."""
    device = await world.stands_by(BEN)
    await world.store.abandon(BEN, world.session(device), SEAT_MS)

    assert await standbys(world) == 0


async def test_too_many_send_away_the_one_that_stood_by_longest(world: World) -> None:
    """The active one is none of them."""
    ben = await world.here(BEN)
    devices = [await world.stands_by(BEN) for _ in range(MAX_SESSIONS)]

    assert await world.news(devices[0]) == [Dropped()]
    assert await standbys(world) == MAX_SESSIONS - 1
    assert await world.news(ben) == []
    assert [await world.news(each) for each in devices[1:]] == [[]] * (MAX_SESSIONS - 1)


async def test_nobody_stands_by_through_a_gateway_that_was_given_up(world: World) -> None:
    """Nobody would give them up."""
    with pytest.raises(Unavailable):
        await world.store.stand_by(BEN, SessionId("s"), GatewayId("nowhere"))


async def test_a_store_that_forgot_takes_the_word_of_its_gateway(world: World) -> None:
    """It stands by again, and departs as ever."""
    device = await world.stands_by(BEN)
    session = world.session(device)
    await world.store.depart(device, SEAT_MS)
    claim = Claim(BEN, session, device.generation, False, 0, Idle(), 0, None, Attention.VISIBLE)
    assert await world.store.vouch(GATEWAY, [claim]) == []
    assert await standbys(world) == 1
    await world.store.depart(device, SEAT_MS)

    assert await standbys(world) == 0


async def test_who_departs_is_forgotten_also_by_a_store_that_went_back_in_time(world: World) -> None:
    """It believes in an older generation of theirs, or in none: the session that stood by is gone all the same."""
    await world.store.keep_alive(GATEWAY)
    claim = Claim(BEN, SessionId("s"), 5, False, 0, Idle(), 0, None, Attention.VISIBLE)
    assert await world.store.vouch(GATEWAY, [claim]) == []
    assert await standbys(world) == 1
    await world.store.depart(Caller(BEN, 5), SEAT_MS)

    assert await standbys(world) == 0
