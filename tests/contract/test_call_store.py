"""Direct calls, in every store."""

from __future__ import annotations

import pytest

from duologue.calls.call import Call
from duologue.ids import CallId, PairId, PersonId
from duologue.ledger import (
    RESUME_WINDOW_MS,
    Arrival,
    Attention,
    CallEnded,
    Caller,
    CallRings,
    Claim,
    Closed,
    Idle,
    Outcome,
    Paired,
    PairEnded,
    PairFormed,
    Partner,
    Queued,
    Relayed,
    Ringing,
    Superseded,
    Waiting,
)
from duologue.nodes import NodeHealth, NoSlot
from duologue.protocol.codes import CallEnd, EndReason, Mode, PeerEvent
from duologue.protocol.server import PeerChanged
from tests.builders import ANA, BEN, CLEO, NODE
from tests.contract.stores import CALL, ELSEWHERE, GATEWAY, PAIR, RING_MS, MakeStore, World, asking, assert_done, wish

OTHER_CALL, OTHER_PAIR = CallId("c2"), PairId("p2")


async def state(world: World, person: PersonId) -> type:
    """What a new session of theirs starts from."""
    return type((await world.snapshot(person)).state)


async def call_now(world: World, person: PersonId) -> Call:
    """The call in their snapshot."""
    now = (await world.snapshot(person)).state
    assert isinstance(now, Ringing)
    return now.call


async def ends(world: World, caller: Caller) -> list[CallEnd]:
    """How calls ended, by the news of this session."""
    return [news.reason for news in await world.news(caller) if isinstance(news, CallEnded)]


async def accepted(world: World, mode: Mode = Mode.TEXT) -> tuple[Caller, Caller]:
    """Ana's call, taken by Ben."""
    ana, ben = await world.ringing(mode)
    assert_done(await world.store.accept(ben, CALL, PAIR))
    return ana, ben


# -- ringing ----------------------------------------------------------------------------------------------------------


async def test_both_hear_that_it_rings(world: World) -> None:
    """The same call, with an alias for each."""
    ana, ben = await world.here(ANA), await world.here(BEN)
    closed = assert_done(await world.call(ana, BEN, mode=Mode.VOICE))

    (told,), (heard,) = await world.news(ana), await world.news(ben)
    assert isinstance(told, CallRings)
    assert told.call == closed.call
    assert told == heard
    assert (told.call.mode, told.call.caller.alias, told.call.callee.alias) == (Mode.VOICE, "Heron", "Otter")
    assert told.call.expires_ms - told.call.since_ms == RING_MS


async def test_all_sessions_of_the_callee_ring(world: World) -> None:
    """Those that stand by, too, on whatever gateway."""
    ana = await world.here(ANA)
    phone, laptop = await world.here(BEN, ELSEWHERE), await world.here(BEN)
    await world.news(phone)
    await world.call(ana, BEN)

    assert [type(news) for news in await world.news(phone)] == [CallRings]
    assert [type(news) for news in await world.news(laptop)] == [CallRings]


async def test_sessions_of_the_caller_that_stand_by_hear_nothing(world: World) -> None:
    """It is the active one that calls."""
    phone, laptop = await world.here(ANA), await world.here(ANA)
    await world.here(BEN)
    await world.news(phone)
    await world.call(laptop, BEN)

    assert await world.news(phone) == []


async def test_somebody_without_a_socket_finds_it_ringing(world: World) -> None:
    """Whoever has never been heard of, and is woken by a push."""
    ana = await world.here(ANA)
    await world.call(ana, BEN)
    await world.advance(RING_MS - 1)

    assert (await call_now(world, BEN)).id == CALL


async def test_an_ended_call_never_rings_late(world: World) -> None:
    """Not even before the reaper came by."""
    ana = await world.here(ANA)
    await world.call(ana, BEN)
    await world.advance(RING_MS)

    assert await state(world, BEN) is Idle
    assert await ends(world, ana) == [CallEnd.MISSED]


async def test_a_call_that_nobody_answers_is_missed(world: World) -> None:
    """Both hear so, and go on."""
    ana, ben = await world.ringing()
    await world.advance(RING_MS)
    (closed,) = await world.store.expire()

    assert closed.call is not None
    assert closed.call.ended is CallEnd.MISSED
    assert (await ends(world, ana), await ends(world, ben)) == ([CallEnd.MISSED], [CallEnd.MISSED])
    assert await world.store.expire() == []


async def test_somebody_whom_only_a_call_made_known_is_forgotten(world: World) -> None:
    """A call to anybody leaves nothing behind."""
    ana = await world.here(ANA)
    await world.call(ana, BEN)
    for _ in range(3):
        await world.advance(RING_MS)
        await world.store.expire()
    arrival = await world.snapshot(BEN)

    assert arrival.rev == 1


async def test_a_callee_who_is_gone_is_not_forgotten_while_it_rings(world: World) -> None:
    """They may come back to it until the end."""
    ana, ben = await world.here(ANA), await world.here(BEN)
    await world.store.depart(ben, 0)
    await world.advance(RESUME_WINDOW_MS - 1)
    await world.call(ana, BEN)
    await world.advance(2)
    await world.store.expire()

    assert (await call_now(world, BEN)).id == CALL


async def test_who_calls_themselves_is_refused(world: World) -> None:
    """By their own link."""
    ana = await world.here(ANA)

    assert await world.call(ana, ANA) == Closed(Outcome.REFUSED)


async def test_who_is_in_a_pair_or_another_call_calls_nobody(world: World) -> None:
    """One thing at a time."""
    ana, _ = await accepted(world)
    assert await world.call(ana, CLEO, OTHER_CALL) == Closed(Outcome.REFUSED)
    await world.store.leave(ana, PAIR)
    await world.call(ana, BEN)

    assert await world.call(ana, CLEO, OTHER_CALL) == Closed(Outcome.REFUSED)


async def test_a_call_that_is_asked_for_again_rings_once(world: World) -> None:
    """By the id of the request, and by whom it is for."""
    ana, ben = await world.here(ANA), await world.here(BEN)
    first = await world.call(asking(ana, "r1"), BEN)
    assert await world.call(asking(ana, "r1"), BEN, OTHER_CALL) == first
    assert_done(await world.call(asking(ana, "r2"), BEN, OTHER_CALL))

    assert len(await world.news(ben)) == 1


# -- who is not to be rung --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blocker", [ANA, BEN])
async def test_who_has_blocked_or_is_blocked_rings_unheard(world: World, blocker: PersonId) -> None:
    """In either direction, and they hear what they would hear of somebody who is not there."""
    ana, ben = await world.here(ANA), await world.here(BEN)
    await world.store.remember_blocks(blocker, [BEN if blocker == ANA else ANA])
    assert_done(await world.call(ana, BEN))
    assert [type(news) for news in await world.news(ana)] == [CallRings]
    await world.advance(RING_MS)
    await world.store.expire()

    assert await ends(world, ana) == [CallEnd.MISSED]
    assert await world.news(ben) == []
    assert await state(world, BEN) is Idle


async def test_who_is_blocked_does_not_hear_that_somebody_is_busy(world: World) -> None:
    """Nor anything else of what they do."""
    await accepted(world)
    cleo = await world.here(CLEO)
    assert_done(await world.call(cleo, ANA, OTHER_CALL, apart=True))

    assert [type(news) for news in await world.news(cleo)] == [CallRings]
    assert await state(world, ANA) is Paired


async def test_nobody_answers_a_call_that_they_are_not_to_hear(world: World) -> None:
    """Not even by its name, and not by calling back."""
    ana, ben = await world.here(ANA), await world.here(BEN)
    await world.call(ana, BEN, apart=True)
    assert_done(await world.store.accept(ben, CALL, PAIR))
    assert_done(await world.store.decline(ben, CALL))
    await world.call(ben, ANA, OTHER_CALL, apart=True)

    assert (await call_now(world, ANA)).id == CALL
    assert (await call_now(world, BEN)).id == OTHER_CALL


async def test_a_callee_in_a_pair_is_busy(world: World) -> None:
    """The caller hears so, and the callee nothing."""
    ana, _ = await accepted(world)
    await world.news(ana)
    cleo = await world.here(CLEO)
    closed = assert_done(await world.call(cleo, ANA, OTHER_CALL))

    assert closed.call is not None
    assert closed.call.ended is CallEnd.BUSY
    assert await ends(world, cleo) == [CallEnd.BUSY]
    assert await world.news(ana) == []


@pytest.mark.parametrize("busy", [ANA, BEN])
async def test_who_rings_with_somebody_is_busy(world: World, busy: PersonId) -> None:
    """As a caller or as a callee."""
    await world.ringing()
    cleo = await world.here(CLEO)
    await world.call(cleo, busy, OTHER_CALL)

    assert await ends(world, cleo) == [CallEnd.BUSY]
    assert await state(world, CLEO) is Idle


async def test_a_caller_of_a_call_can_be_blocked(world: World) -> None:
    """By the name of the call: it ends, and they are never heard again."""
    ana, ben = await world.ringing()
    partner = await world.store.partner(ben, PairId(CALL))
    assert isinstance(partner, Partner)
    assert (partner.person, partner.alias) == (ANA, "Heron")
    await world.store.block(ben, PairId(CALL))
    assert await ends(world, ana) == [CallEnd.DECLINED]
    await world.news(ben)
    await world.call(ana, BEN, OTHER_CALL)

    assert await world.news(ben) == []


async def test_a_block_that_a_call_overtook_ends_the_call(world: World) -> None:
    """It names the pair in which they met; by now one of them rings the other."""
    ana, ben = await world.talking()
    assert_done(await world.store.leave(ana, PAIR))
    assert_done(await world.call(ana, BEN))

    blocked = await world.store.block(ana, PAIR)

    assert (blocked.outcome, blocked.call is not None) == (Outcome.DONE, True)
    assert await ends(world, ben) == [CallEnd.CANCELLED]
    assert await state(world, ANA) is not Ringing


async def test_a_caller_can_be_blocked_when_the_call_is_over(world: World) -> None:
    """Of the last one."""
    ana, ben = await world.ringing()
    await world.store.cancel_call(ana, CALL)
    assert (await world.store.block(ben, PairId(CALL))).outcome is Outcome.DONE
    await world.news(ben)
    await world.call(ana, BEN, OTHER_CALL)

    assert await world.news(ben) == []


# -- the answer -------------------------------------------------------------------------------------------------------


async def test_an_accepted_call_is_a_pair(world: World) -> None:
    """Both hear of it, and what it came of."""
    ana, ben = await accepted(world)

    (told,), (heard,) = await world.news(ana), await world.news(ben)
    assert isinstance(told, PairFormed)
    assert told == heard
    assert (told.pair.id, told.pair.call, told.pair.mode) == (PAIR, CALL, Mode.TEXT)
    assert told.pair.peer(ANA).alias == "Otter"
    assert await state(world, ANA) is Paired


async def test_a_call_with_media_takes_a_join_slot(world: World) -> None:
    """And the pair names the node."""
    await world.report_nodes({NODE: NodeHealth.UP})
    await accepted(world, Mode.VIDEO)

    (pair,) = await world.store.live_pairs([PAIR])
    assert pair.node == NODE


async def test_without_a_slot_it_rings_on(world: World) -> None:
    """It may be accepted again in a moment."""
    await world.report_nodes({NODE: NodeHealth.DOWN})
    _, ben = await world.ringing(Mode.VIDEO)
    assert isinstance(await world.store.accept(asking(ben, "r1"), CALL, PAIR), NoSlot)
    await world.report_nodes({NODE: NodeHealth.UP})
    assert_done(await world.store.accept(asking(ben, "r1"), CALL, PAIR))

    assert await state(world, BEN) is Paired


async def test_only_the_callee_accepts(world: World) -> None:
    """And of a call that rings."""
    ana, _ = await world.ringing()
    cleo = await world.here(CLEO)
    for caller in (ana, cleo):
        assert_done(await world.store.accept(caller, CALL, PAIR))
        assert_done(await world.store.accept(caller, CallId("never"), PAIR))

    assert (await call_now(world, BEN)).id == CALL


@pytest.mark.parametrize("end", ["decline", "cancel_call"])
async def test_who_says_no_ends_it_for_both(world: World, end: str) -> None:
    """The callee declines, the caller cancels."""
    ana, ben = await world.ringing()
    closed = await (world.store.decline(ben, CALL) if end == "decline" else world.store.cancel_call(ana, CALL))

    reason = CallEnd.DECLINED if end == "decline" else CallEnd.CANCELLED
    assert closed.call is not None
    assert closed.call.ended is reason
    assert (await ends(world, ana), await ends(world, ben)) == ([reason], [reason])
    assert (await state(world, ANA), await state(world, BEN)) == (Idle, Idle)


async def test_old_calls_are_answered_by_nothing(world: World) -> None:
    """Crossing commands are normal: they are done, and change nothing."""
    ana, ben = await world.ringing()
    await world.store.cancel_call(ana, CALL)
    await world.call(ana, BEN, OTHER_CALL)
    assert_done(await world.store.accept(ben, CALL, PAIR))
    assert_done(await world.store.decline(ben, CALL))
    assert_done(await world.store.cancel_call(ana, CALL))

    assert (await call_now(world, BEN)).id == OTHER_CALL


async def test_a_cancel_that_crosses_the_answer_ends_the_pair(world: World) -> None:
    """Whoever does not want it any more is not in it."""
    ana, ben = await accepted(world)
    closed = await world.store.cancel_call(ana, CALL)

    assert closed.ended is not None
    assert closed.ended.ended is EndReason.LEFT
    assert [news.by for news in await world.news(ben) if isinstance(news, PairEnded)] == ["peer"]


async def test_who_calls_somebody_who_calls_them_accepts(world: World) -> None:
    """There is one call, and one pair."""
    ana, ben = await world.ringing()
    assert_done(await world.call(ben, ANA, OTHER_CALL, pair=OTHER_PAIR))

    (formed,) = await world.news(ana)
    assert isinstance(formed, PairFormed)
    assert (formed.pair.id, formed.pair.call) == (OTHER_PAIR, CALL)
    assert [type(news) for news in await world.news(ben)] == [PairFormed]


async def test_a_stale_session_has_no_say(world: World) -> None:
    """Of the caller: another one took over."""
    ana, _ = await world.ringing()
    await world.here(ANA)

    assert (await world.store.cancel_call(ana, CALL)).outcome is Outcome.STALE
    assert (await call_now(world, BEN)).id == CALL


# -- several devices --------------------------------------------------------------------------------------------------


async def two_devices(world: World) -> tuple[Caller, Caller, Caller]:
    """Ana calls Ben, who has a phone that stands by and an active laptop."""
    ana = await world.here(ANA)
    phone, laptop = await world.here(BEN, ELSEWHERE), await world.here(BEN)
    await world.call(ana, BEN)
    for caller in (ana, phone, laptop):
        await world.news(caller)
    return ana, phone, laptop


async def test_devices_that_did_not_answer_hear_so(world: World) -> None:
    """The first answer counts."""
    _, phone, laptop = await two_devices(world)
    assert_done(await world.store.accept(laptop, CALL, PAIR))

    assert await ends(world, phone) == [CallEnd.ANSWERED_ELSEWHERE]
    assert [type(news) for news in await world.news(laptop)] == [PairFormed]


async def test_a_device_that_stands_by_takes_the_call_and_over(world: World) -> None:
    """In one step: its snapshot has the pair, and the one that was active hears where it went."""
    ana, phone, laptop = await two_devices(world)
    arrival = await world.store.answer(BEN, world.session(phone), ELSEWHERE, CALL, PAIR)

    assert isinstance(arrival, Arrival)
    assert isinstance(arrival.state, Paired)
    assert (arrival.state.pair.id, arrival.generation > laptop.generation) == (PAIR, True)
    assert arrival.answered is not None, "nobody else could tell that the call was taken"
    assert (arrival.answered.id, arrival.answered.pair) == (CALL, PAIR)
    assert [type(news) for news in await world.news(laptop)] == [Superseded, CallEnded]
    assert [type(news) for news in await world.news(ana)] == [PairFormed]
    assert [rev for rev, _ in await world.deliveries(phone) if rev >= arrival.rev] == []
    assert await world.store.answer(BEN, world.session(phone), ELSEWHERE, CALL, OTHER_PAIR) == arrival


async def test_the_second_device_to_answer_changes_nothing(world: World) -> None:
    """It goes on standing by."""
    _, phone, laptop = await two_devices(world)
    await world.store.accept(laptop, CALL, PAIR)

    assert await world.store.answer(BEN, world.session(phone), ELSEWHERE, CALL, OTHER_PAIR) is None
    assert (await world.store.connected(laptop, PAIR)) is Outcome.DONE


async def test_a_device_that_stands_by_declines_for_all(world: World) -> None:
    """Everybody hears so."""
    ana, phone, laptop = await two_devices(world)
    assert_done(await world.store.decline(phone, CALL))

    for caller in (ana, phone, laptop):
        assert await ends(world, caller) == [CallEnd.DECLINED]


async def test_a_device_that_is_not_known_answers_nothing(world: World) -> None:
    """Only a session that stands by may take over so."""
    await two_devices(world)

    assert await world.store.answer(BEN, world.session(await world.here(ANA)), GATEWAY, CALL, PAIR) is None
    assert await world.store.answer(CLEO, world.session(await world.here(ANA)), GATEWAY, CALL, PAIR) is None


async def test_without_a_slot_a_device_that_stands_by_goes_on_standing_by(world: World) -> None:
    """Nothing has changed."""
    await world.report_nodes({NODE: NodeHealth.DOWN})
    ana = await world.here(ANA)
    phone, laptop = await world.here(BEN, ELSEWHERE), await world.here(BEN)
    await world.call(ana, BEN, mode=Mode.VIDEO)

    assert isinstance(await world.store.answer(BEN, world.session(phone), ELSEWHERE, CALL, PAIR), NoSlot)
    assert_done(await world.store.decline(laptop, CALL))


# -- people who wait --------------------------------------------------------------------------------------------------


async def test_who_waits_is_not_offered_while_it_rings_and_waits_on_afterwards(world: World) -> None:
    """Both of them, with the wait of before."""
    ana, ben = await world.waiting(ANA), await world.waiting(BEN)
    before = await world.queue()
    await world.advance(5_000)
    await world.call(ana, BEN)
    assert await world.queue() == {}
    await world.store.decline(ben, CALL)

    after = await world.queue()
    assert {who: ticket.since_ms for who, ticket in after.items()} == {
        who: ticket.since_ms for who, ticket in before.items()
    }
    for caller in (ana, ben):
        (ended,) = [news for news in await world.news(caller) if isinstance(news, CallEnded)]
        assert ended.ticket == after[caller.person]


async def test_a_match_that_was_found_before_it_rang_is_stale(world: World) -> None:
    """Nobody is in a pair and in a call."""
    ana = await world.waiting(ANA)
    await world.waiting(CLEO)
    queue = await world.queue()
    await world.here(BEN)
    await world.call(ana, BEN)
    await world.commit(queue[ANA], queue[CLEO])

    assert await state(world, ANA) is Ringing


async def test_a_search_that_begins_while_it_rings_waits_for_its_end(world: World) -> None:
    """Nobody's search is refused because a stranger rings."""
    _, ben = await world.ringing()
    assert await world.find(ben) is Outcome.DONE
    assert await world.queue() == {}
    await world.store.decline(ben, CALL)

    assert list(await world.queue()) == [BEN]


async def test_who_stops_waiting_while_it_rings_does_not_wait_afterwards(world: World) -> None:
    """And goes on ringing."""
    ana, ben = await world.here(ANA), await world.waiting(BEN)
    await world.call(ana, BEN)
    await world.store.cancel(ben, 1)
    assert (await call_now(world, BEN)).id == CALL
    await world.store.cancel_call(ana, CALL)

    assert await world.queue() == {}
    assert await state(world, BEN) is Idle


async def test_who_had_waited_is_idle_after_the_talk(world: World) -> None:
    """It was the call that they wanted; `auto_next` is of matches."""
    ana, ben = await world.waiting(ANA, auto_next=True), await world.waiting(BEN, auto_next=True)
    await world.call(ana, BEN)
    await world.store.accept(ben, CALL, PAIR)
    for caller in (ana, ben):
        await world.store.connected(caller, PAIR)
    await world.store.leave(ana, PAIR)

    assert (await state(world, ANA), await state(world, BEN)) == (Idle, Idle)
    assert await world.queue() == {}


async def test_media_that_fails_ends_it_for_both(world: World) -> None:
    """Nobody waits again, and nobody backs off."""
    await world.report_nodes({NODE: NodeHealth.UP})
    ana, ben = await accepted(world, Mode.VIDEO)
    await world.store.media_failed(ana, PAIR)

    ended = [news for caller in (ana, ben) for news in await world.news(caller) if isinstance(news, PairEnded)]
    assert [(news.reason, news.by, news.ticket) for news in ended] == [
        (EndReason.MEDIA_FAILED, "me", None),
        (EndReason.MEDIA_FAILED, "peer", None),
    ]


async def test_next_in_a_call_searches_for_a_stranger(world: World) -> None:
    """It leaves, and finds."""
    ana, _ = await accepted(world)
    closed = await world.store.next(ana, PAIR, 1, wish(ana, 1))

    assert closed.ended is not None
    assert list(await world.queue()) == [ANA]
    assert await state(world, BEN) is Idle


async def test_an_old_cancel_does_not_end_a_call(world: World) -> None:
    """The talk did not come of that wait."""
    ana = await world.waiting(ANA)
    ben = await world.here(BEN)
    await world.call(ana, BEN)
    await world.store.accept(ben, CALL, PAIR)
    await world.store.cancel(ana, 1)

    assert await state(world, ANA) is Paired


# -- lost sockets -----------------------------------------------------------------------------------------------------


async def test_a_caller_comes_back_to_the_ringing(world: World) -> None:
    """Their seat is held."""
    ana, ben = await world.ringing()
    await world.store.depart(ana, 15_000)
    await world.advance(14_000)
    await world.store.expire()

    assert (await call_now(world, ANA)).id == CALL
    assert await world.news(ben) == []


@pytest.mark.parametrize("hold_ms", [0, 15_000])
async def test_a_caller_who_does_not_come_back_calls_no_more(world: World, hold_ms: int) -> None:
    """At once after a goodbye, else when the seat runs out."""
    ana, ben = await world.ringing()
    closed = await world.store.depart(ana, hold_ms)
    await world.advance(15_000)
    ended = [closed, *await world.store.expire()]

    assert [each.call.ended for each in ended if each.call is not None] == [CallEnd.CANCELLED]
    assert await ends(world, ben) == [CallEnd.CANCELLED]


@pytest.mark.parametrize("hold_ms", [0, 5_000])
async def test_a_callee_who_goes_may_come_back_to_it(world: World, hold_ms: int) -> None:
    """It rings on for its time."""
    ana, ben = await world.ringing()
    await world.store.depart(ben, hold_ms)
    await world.advance(30_000)
    await world.store.expire()

    assert await ends(world, ana) == []
    assert (await call_now(world, BEN)).id == CALL


async def test_who_answers_somebody_who_is_away_hears_so(world: World) -> None:
    """The seat of the caller is held in the pair."""
    ana, ben = await world.ringing()
    await world.store.depart(ana, 15_000)
    await world.store.accept(ben, CALL, PAIR)

    relayed = [news.message for news in await world.news(ben) if isinstance(news, Relayed)]
    assert [message.event for message in relayed if isinstance(message, PeerChanged)] == [PeerEvent.RECONNECTING]
    assert await state(world, ANA) is Paired


# -- a store that began anew ------------------------------------------------------------------------------------------


async def claim_of(world: World, arrival: Arrival, person: PersonId) -> Claim:
    """What a gateway says of somebody who started from this."""
    session = world.session(Caller(person, arrival.generation))
    return Claim(person, session, arrival.generation, True, arrival.rev, arrival.state, 1, None, Attention.VISIBLE)


async def test_a_call_that_the_store_forgot_is_lost_for_both(world: World, make_store: MakeStore) -> None:
    """Nobody restores it, and nobody is stuck; who had waited waits on."""
    await world.waiting(ANA)
    ana_was, ben_was = await world.snapshot(ANA), await world.snapshot(BEN)
    ana = Caller(ANA, ana_was.generation)
    await world.call(ana, BEN)
    ana_was, ben_was = await world.snapshot(ANA), await world.snapshot(BEN)
    claims = [await claim_of(world, ana_was, ANA), await claim_of(world, ben_was, BEN)]

    async with make_store() as another:
        later = World(another)
        await later.store.keep_alive(GATEWAY)
        for claim in claims:
            later.adopt(Caller(claim.person, claim.generation), claim.session)
        assert await later.store.vouch(GATEWAY, claims) == []

        callers = [Caller(claim.person, claim.generation) for claim in claims]
        (ana_hears,) = [news for news in await later.news(callers[0]) if isinstance(news, CallEnded)]
        (ben_hears,) = await later.news(callers[1])
        assert ben_hears == CallEnded(CALL, CallEnd.LOST, None)
        assert (ana_hears.reason, ana_hears.ticket is not None) == (CallEnd.LOST, True)
        assert (await state(later, ANA), await state(later, BEN)) == (Waiting, Idle)


async def test_a_call_of_before_is_lost_when_one_side_says_otherwise(world: World) -> None:
    """A store that went back in time: the other side is told, and not left ringing."""
    ana, _ = await world.ringing()
    ben_was = await world.snapshot(BEN)
    ahead = (await claim_of(world, ben_was, BEN))._replace(rev=ben_was.rev + 5, state=Idle())
    assert await world.store.vouch(GATEWAY, [ahead]) == []

    assert await ends(world, ana) == [CallEnd.LOST]
    assert await state(world, BEN) is Idle


async def test_a_call_goes_on_when_both_sides_say_so(world: World) -> None:
    """A gateway that the store had forgotten."""
    await world.ringing()
    ana_was, ben_was = await world.snapshot(ANA), await world.snapshot(BEN)
    world.begin_anew()
    await world.store.keep_alive(GATEWAY)
    claims = [await claim_of(world, ana_was, ANA), await claim_of(world, ben_was, BEN)]

    assert await world.store.vouch(GATEWAY, claims) == []
    assert (await call_now(world, BEN)).id == CALL


async def test_queued_while_it_rings_is_told_at_once_and_meant_for_later(world: World) -> None:
    """The session hears of the ticket, so that it can vouch for it."""
    _, ben = await world.ringing()
    await world.find(ben)

    assert [type(news) for news in await world.news(ben)] == [Queued]
    now = (await world.snapshot(BEN)).state
    assert isinstance(now, Ringing)
    assert now.ticket is not None
