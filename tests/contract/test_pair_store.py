"""`ports.PairStore`: who talks with whom, and how that ends."""

from __future__ import annotations

import msgspec
import pytest

from duologue.ids import PairId, PersonId
from duologue.ledger import (
    Caller,
    Closed,
    Committed,
    Dequeued,
    Idle,
    Outcome,
    Paired,
    PairEnded,
    Partner,
    Rejected,
    Relayed,
    RoomIsOpen,
    TalkStarted,
    TicketArrived,
    Waiting,
)
from duologue.matching.ticket import FAILED_APART_MS
from duologue.protocol.codes import EndReason, Mode, PeerEvent
from duologue.protocol.server import ChatLine, PeerChanged, PeerTyping
from tests.builders import ANA, BEN, CLEO, DAN, NODE
from tests.contract.stores import GATEWAY, PAIR, SHARD, World, asking, assert_done, wish


async def ended(world: World, caller: Caller) -> PairEnded:
    """The one thing that this person heard: that their pair is over."""
    (news,) = await world.news(caller)
    assert isinstance(news, PairEnded)
    return news


# -- next -----------------------------------------------------------------------------------


async def test_next_ends_the_pair_and_waits_in_one_step(world: World) -> None:
    """Both sides hear the end together with their new ticket; nobody is idle in between."""
    ana, ben = await world.talking()
    closed = await world.store.next(ana, PAIR, 2, wish(ana, 2, interests=frozenset(["chess"])))
    for_ana, for_ben = await ended(world, ana), await ended(world, ben)
    queue = await world.queue()

    assert closed.ended is not None
    assert (closed.outcome, closed.ended.id, closed.ended.ended) == (Outcome.DONE, PAIR, EndReason.NEXT)
    assert (for_ana.reason, for_ana.by, for_ana.ticket) == (EndReason.NEXT, "me", queue[ANA])
    assert (for_ben.reason, for_ben.by, for_ben.ticket) == (EndReason.NEXT, "peer", queue[BEN])
    assert (queue[ANA].attempt, queue[ANA].interests) == (2, frozenset(["chess"]))


async def test_who_presses_next_is_in_the_queue_first(world: World) -> None:
    """The one who acted is offered before the one who was left."""
    ana, _ = await world.talking()
    _, position = await world.store.read_queue(SHARD, 0, 0)
    await world.store.next(ana, PAIR, 2, None)
    events, _ = await world.store.read_queue(SHARD, position, 0)

    assert [event.ticket.person for event in events if isinstance(event, TicketArrived)] == [ANA, BEN]


async def test_leave_after_next_stops_the_waiting(world: World) -> None:
    """Stop right after Next: also where Next found the pair over already."""
    ana, ben = await world.talking()
    await world.store.leave(ben, PAIR)
    await world.store.next(ana, PAIR, 2, None)
    await world.store.leave(ana, PAIR)

    assert await world.queue() == {}


async def test_next_without_a_ticket_uses_the_last_wishes(world: World) -> None:
    """A person does not have to say again whom they look for."""
    ana, _ = await world.talking(interests=frozenset(["chess"]), wants={"language": frozenset(["en"])})
    await world.store.next(ana, PAIR, 2, None)
    ticket = (await world.queue())[ANA]

    assert (ticket.attempt, ticket.interests, ticket.wants) == (
        2,
        frozenset(["chess"]),
        {"language": frozenset(["en"])},
    )


async def test_next_starts_a_new_wait(world: World) -> None:
    """Nobody keeps seniority by skipping."""
    ana, _ = await world.talking()
    await world.advance(60_000)
    before = (await world.snapshot(BEN)).state
    await world.store.next(ana, PAIR, 2, None)
    queue = await world.queue()

    assert isinstance(before, Paired)
    assert queue[ANA].since_ms == before.pair.matched_ms + 60_000
    assert queue[BEN].since_ms == before.pair.matched_ms + 60_000


async def test_next_before_the_talk_costs_the_other_no_place(world: World) -> None:
    """Who was left while connecting keeps the original wait."""
    ana = await world.waiting(ANA)
    await world.waiting(BEN)
    since_ms = (await world.queue())[BEN].since_ms
    await world.advance(5_000)
    await world.match(ANA, BEN)
    await world.store.next(ana, PAIR, 2, None)

    assert (await world.queue())[BEN].since_ms == since_ms


async def test_two_who_parted_by_next_have_met(world: World) -> None:
    """They do not get each other again at once, even if they never spoke."""
    ana, _ = await world.paired()
    await world.store.next(ana, PAIR, 2, None)
    queue = await world.queue()

    assert (queue[ANA].met, queue[BEN].met) == (frozenset([BEN]), frozenset([ANA]))


async def test_next_after_the_pair_is_over_only_waits(world: World) -> None:
    """The partner was quicker; the press of the button still means the same."""
    ana, ben = await world.talking(auto_next=False)
    await world.store.leave(ben, PAIR)
    await world.news(ana)

    assert await world.store.next(ana, PAIR, 2, None) == Closed(Outcome.DONE)
    assert (await world.queue())[ANA].attempt == 2


async def test_next_after_the_pair_is_over_keeps_a_wait_that_has_begun(world: World) -> None:
    """Who already waits again waits on, with the new attempt."""
    ana, ben = await world.talking()
    await world.store.leave(ben, PAIR)
    before = (await world.queue())[ANA]
    await world.advance(3_000)
    await world.store.next(ana, PAIR, 2, None)
    after = (await world.queue())[ANA]

    assert (after.attempt, after.since_ms) == (2, before.since_ms)


async def test_next_that_names_an_old_pair_keeps_the_newer_one(world: World) -> None:
    """A late press of the button does not throw away a partner whom one has not seen yet."""
    ana, ben = await world.talking()
    await world.store.leave(ben, PAIR)
    await world.waiting(CLEO)
    await world.match(ANA, CLEO, PairId("p2"))

    assert await world.store.next(ana, PAIR, 2, None) == Closed(Outcome.DONE)
    state = (await world.snapshot(ANA)).state
    assert isinstance(state, Paired)
    assert state.pair.id == "p2"


async def test_a_repeated_next_does_nothing(world: World) -> None:
    """The attempt is known already."""
    ana, ben = await world.talking()
    await world.store.next(ana, PAIR, 2, None)
    await world.news(ben)
    before = await world.queue()

    assert await world.store.next(ana, PAIR, 2, None) == Closed(Outcome.DONE)
    assert await world.queue() == before
    assert await world.news(ben) == []


async def test_a_repeated_request_repeats_the_pair_that_ended(world: World) -> None:
    """Who lost the answer still learns that a room has to go."""
    ana, _ = await world.talking()
    first = await world.store.next(asking(ana, "r1"), PAIR, 2, None)

    assert first.ended is not None
    assert await world.store.next(asking(ana, "r1"), PAIR, 2, None) == first


async def test_a_session_that_comes_back_into_a_talk_is_told_the_last_wishes(world: World) -> None:
    """So that its gateway can say them to a store that has forgotten."""
    ana, _ = await world.talking()
    arrival = await world.store.arrive(ana.person, world.session(ana), GATEWAY)

    assert arrival is not None
    assert arrival.wishes is not None
    assert arrival.wishes.person == ana.person


async def test_next_without_any_wishes_is_refused(world: World) -> None:
    """Somebody who never searched cannot go on as before."""
    ana = await world.here(ANA)

    assert await world.store.next(ana, PAIR, 1, None) == Closed(Outcome.REFUSED)


# -- leave ----------------------------------------------------------------------------------


async def test_leave_ends_the_pair_and_is_idle(world: World) -> None:
    """Who leaves does not wait; the other does, as their ticket wishes."""
    ana, ben = await world.talking()
    closed = await world.store.leave(ana, PAIR)
    for_ana, for_ben = await ended(world, ana), await ended(world, ben)

    assert closed.ended is not None
    assert closed.ended.id == PAIR
    assert (for_ana.reason, for_ana.by, for_ana.ticket) == (EndReason.LEFT, "me", None)
    assert (for_ben.reason, for_ben.by, for_ben.ticket) == (EndReason.LEFT, "peer", (await world.queue())[BEN])
    assert (await world.snapshot(ANA)).state == Idle()


async def test_without_auto_next_who_was_left_is_idle(world: World) -> None:
    """Waiting again by itself is a wish, not a rule."""
    ana, ben = await world.talking(auto_next=False)
    await world.store.leave(ana, PAIR)

    assert (await ended(world, ben)).ticket is None
    assert await world.queue() == {}


async def test_leave_stops_the_waiting_that_followed(world: World) -> None:
    """Stop crossed the partner's Next: the person pressed Stop, so they do not wait."""
    ana, ben = await world.talking()
    await world.store.next(ben, PAIR, 2, None)
    await world.news(ana)

    assert await world.store.leave(ana, PAIR) == Closed(Outcome.DONE)
    assert await world.news(ana) == [Dequeued()]
    assert list(await world.queue()) == [BEN]


async def test_leave_of_an_older_pair_does_nothing(world: World) -> None:
    """A late Stop does not end the pair that came after."""
    ana, ben = await world.talking()
    await world.store.leave(ben, PAIR)
    await world.waiting(CLEO)
    await world.match(ANA, CLEO, PairId("p2"))

    assert await world.store.leave(ana, PAIR) == Closed(Outcome.DONE)
    assert isinstance((await world.snapshot(ANA)).state, Paired)


async def test_leave_of_an_older_pair_keeps_the_waiting_that_follows_a_newer_one(world: World) -> None:
    """Only the wait that this very pair led to stops with it."""
    ana, ben = await world.talking()
    await world.store.leave(ben, PAIR)
    cleo = await world.waiting(CLEO)
    await world.match(ANA, CLEO, PairId("p2"))
    await world.store.leave(cleo, PairId("p2"))

    await world.store.leave(ana, PAIR)
    assert ANA in await world.queue()


async def test_leave_does_not_stop_a_search_of_ones_own(world: World) -> None:
    """A search that the person started after the pair is theirs, not what followed from it."""
    ana, ben = await world.talking(auto_next=False)
    await world.store.leave(ben, PAIR)
    await world.find(ana, 2)
    await world.store.leave(ana, PAIR)

    assert list(await world.queue()) == [ANA]


# -- opened --------------------------------------------------------------------------------


async def test_opened_tells_both(world: World) -> None:
    """Nobody joins before the room is there, and each side learns it from the ledger."""
    ana, ben = await world.paired(Mode.VIDEO)

    assert await world.store.opened(PAIR, NODE)
    assert await world.news(ana) == [RoomIsOpen(PAIR, NODE)]
    assert await world.news(ben) == [RoomIsOpen(PAIR, NODE)]


async def test_opened_twice_is_told_once(world: World) -> None:
    """Both gateways may make the room."""
    ana, _ = await world.paired(Mode.VIDEO)
    await world.store.opened(PAIR, NODE)
    await world.news(ana)

    assert await world.store.opened(PAIR, NODE)
    assert await world.news(ana) == []


async def test_opened_after_the_end_says_so(world: World) -> None:
    """Whoever made the room has to delete it."""
    ana, _ = await world.paired(Mode.VIDEO)
    await world.store.leave(ana, PAIR)

    assert not await world.store.opened(PAIR, NODE)


async def test_an_open_room_is_in_the_snapshot(world: World) -> None:
    """Who reloads may join at once."""
    await world.paired(Mode.VIDEO)
    await world.store.opened(PAIR, NODE)
    state = (await world.snapshot(ANA)).state

    assert isinstance(state, Paired)
    assert state.pair.room_open


# -- connected, media_failed ----------------------------------------------------------------


async def test_one_side_connected_is_not_a_talk(world: World) -> None:
    """Nobody hears anything until both are there."""
    ana, ben = await world.paired()
    await world.store.connected(ana, PAIR)
    await world.store.connected(ana, PAIR)

    assert (await world.news(ana), await world.news(ben)) == ([], [])


async def test_both_connected_is_a_talk(world: World) -> None:
    """Both hear the same start."""
    ana, ben = await world.paired()
    await world.store.connected(ana, PAIR)
    await world.advance(700)
    await world.store.connected(ben, PAIR)
    (for_ana,), (for_ben,) = await world.news(ana), await world.news(ben)
    state = (await world.snapshot(ANA)).state

    assert isinstance(state, Paired)
    assert for_ana == for_ben == TalkStarted(PAIR, state.pair.matched_ms + 700)


async def test_connected_in_an_old_pair_does_nothing(world: World) -> None:
    """A late report is DONE."""
    ana, ben = await world.paired()
    await world.store.leave(ben, PAIR)
    await world.news(ana)

    assert await world.store.connected(ana, PAIR) is Outcome.DONE
    assert await world.news(ana) == []


async def test_media_failed_ends_the_pair_and_blames_one(world: World) -> None:
    """This side starts again later, the other keeps its place."""
    ana = await world.waiting(ANA)
    ben = await world.waiting(BEN)
    since_ms = (await world.queue())[BEN].since_ms
    await world.advance(4_000)
    await world.match(ANA, BEN)
    await world.news(ana)
    await world.news(ben)
    closed = await world.store.media_failed(ana, PAIR)
    for_ana, for_ben = await ended(world, ana), await ended(world, ben)

    assert closed.ended is not None
    assert closed.ended.id == PAIR
    assert (for_ana.reason, for_ana.by) == (EndReason.MEDIA_FAILED, "me")
    assert (for_ben.reason, for_ben.by) == (EndReason.MEDIA_FAILED, "peer")
    assert for_ana.ticket is not None
    assert for_ben.ticket is not None
    assert for_ana.ticket.since_ms == since_ms + 4_000
    assert for_ana.ticket.not_before_ms == since_ms + 14_000
    assert (for_ben.ticket.since_ms, for_ben.ticket.not_before_ms) == (since_ms, 0)


async def test_two_whose_media_failed_stay_apart_for_a_while(world: World) -> None:
    """Nobody waits for the same failure twice in a row, and nobody is kept from somebody for long."""
    ana, ben = await world.paired()
    await world.store.media_failed(ana, PAIR)
    queue = await world.queue()
    until_ms = queue[ANA].since_ms + FAILED_APART_MS

    assert (queue[ANA].failed_with, queue[BEN].failed_with) == ({BEN: until_ms}, {ANA: until_ms})
    assert (queue[ANA].met, queue[BEN].met) == (frozenset([BEN]), frozenset([ANA]))
    await world.advance(FAILED_APART_MS)
    for caller in (ana, ben):
        await world.store.cancel(caller, 1)
        await world.find(caller, 2)
    queue = await world.queue()
    assert queue[ANA].failed_with == queue[BEN].failed_with == {}
    assert queue[ANA].met == queue[BEN].met == frozenset()


async def test_failing_again_and_again_backs_off_and_gives_up(world: World) -> None:
    """10, 30, 60 seconds; then the person is idle and is told what to check."""
    ana = await world.waiting(ANA)
    ben = await world.waiting(BEN)
    back_offs = []
    for n in range(1, 5):
        pair = PairId(f"p{n}")
        await world.match(ANA, BEN, pair)
        await world.news(ana)
        await world.store.media_failed(ana, pair)
        ticket = (await ended(world, ana)).ticket
        back_offs.append(ticket.not_before_ms - ticket.since_ms if ticket is not None else None)
        await world.advance(60_000)

    assert back_offs == [10_000, 30_000, 60_000, None]
    assert (await world.snapshot(ANA)).state == Idle()
    assert ben.person in await world.queue()


async def test_a_new_search_does_not_wash_off_a_back_off(world: World) -> None:
    """Stop and Start again is no way around it."""
    ana = await world.waiting(ANA)
    await world.waiting(BEN)
    await world.match(ANA, BEN)
    await world.store.media_failed(ana, PAIR)
    before = (await world.queue())[ANA]
    await world.store.cancel(ana, 1)
    await world.find(ana, 2)
    after = (await world.queue())[ANA]

    assert (after.failures, after.not_before_ms) == (1, before.not_before_ms)


async def test_a_talk_forgives_earlier_failures(world: World) -> None:
    """Who got through starts from the shortest back-off again."""
    ana = await world.waiting(ANA)
    ben = await world.waiting(BEN)
    await world.match(ANA, BEN)
    await world.store.media_failed(ana, PAIR)
    await world.match(ANA, BEN, PairId("p2"))
    await world.store.connected(ana, PairId("p2"))
    await world.store.connected(ben, PairId("p2"))
    await world.store.leave(ben, PairId("p2"))
    ticket = (await world.queue())[ANA]

    assert (ticket.failures, ticket.not_before_ms) == (0, 0)


async def test_media_that_breaks_during_a_talk_ends_it(world: World) -> None:
    """The other goes on as after any talk: with a new wait, if they wish so."""
    ana, ben = await world.talking()
    await world.advance(60_000)
    await world.store.media_failed(ana, PAIR)
    for_ana, for_ben = await ended(world, ana), await ended(world, ben)

    assert (for_ana.by, for_ben.by) == ("me", "peer")
    assert for_ana.ticket is not None
    assert for_ben.ticket is not None
    assert for_ana.ticket.not_before_ms == for_ana.ticket.since_ms + 10_000
    assert for_ben.ticket.since_ms == for_ana.ticket.since_ms


# -- write, relay ---------------------------------------------------------------------------


async def test_a_line_reaches_the_partner(world: World) -> None:
    """Under no name: the pair says who it is."""
    ana, ben = await world.talking()
    assert await world.store.write(ana, PAIR, 1, "hello") is Outcome.DONE
    (news,) = await world.news(ben)

    assert isinstance(news, Relayed)
    assert isinstance(news.message, ChatLine)
    assert (news.message.pair, news.message.n, news.message.text) == (PAIR, 1, "hello")
    assert await world.news(ana) == []


async def test_a_number_that_was_there_is_the_same_line(world: World) -> None:
    """A line sent again because its reply was lost appears once."""
    ana, ben = await world.talking()
    await world.store.write(ana, PAIR, 1, "hello")
    await world.store.write(ana, PAIR, 1, "hello")
    await world.store.write(ben, PAIR, 1, "hi")

    assert len(await world.news(ben)) == 1
    assert len(await world.news(ana)) == 1


async def test_the_last_twenty_lines_are_kept(world: World) -> None:
    """Who reloads sees where they were, no more."""
    ana, _ = await world.talking()
    for n in range(1, 26):
        await world.store.write(ana, PAIR, n, f"line {n}")
    state = (await world.snapshot(BEN)).state

    assert isinstance(state, Paired)
    assert [line.n for line in state.pair.lines] == list(range(6, 26))


async def test_lines_may_be_written_before_both_are_connected(world: World) -> None:
    """Text needs no media."""
    ana, ben = await world.paired()
    await world.store.write(ana, PAIR, 1, "hello")

    assert len(await world.news(ben)) == 1


async def test_a_line_for_an_old_pair_goes_nowhere(world: World) -> None:
    """Nobody reads what was meant for somebody else."""
    ana, ben = await world.talking()
    await world.store.leave(ben, PAIR)
    await world.waiting(CLEO)
    await world.match(ANA, CLEO, PairId("p2"))
    await world.news(ben)

    assert await world.store.write(ana, PAIR, 1, "hello") is Outcome.DONE
    assert await world.news(ben) == []
    state = (await world.snapshot(CLEO)).state
    assert isinstance(state, Paired)
    assert state.pair.lines == ()


async def test_relay_passes_a_message_on(world: World) -> None:
    """The partner hears it as it is."""
    ana, ben = await world.talking()

    assert await world.store.relay(ana, PAIR, PeerTyping(PAIR)) is Outcome.DONE
    assert await world.news(ben) == [Relayed(PeerTyping(PAIR))]
    assert await world.news(ana) == []


async def test_the_partner_hears_what_was_switched_off(world: World) -> None:
    """Silence is not mistaken for a fault."""
    ana, ben = await world.talking()

    assert await world.store.mute(ana, PAIR, audio_off=True, video_off=False) is Outcome.DONE
    assert await world.news(ben) == [Relayed(PeerChanged(PAIR, PeerEvent.MUTED, audio=True, video=False))]
    assert await world.news(ana) == []


async def test_what_was_switched_off_is_in_the_snapshot(world: World) -> None:
    """Who reloads knows it too; the last word counts."""
    ana, _ = await world.talking()
    await world.store.mute(ana, PAIR, audio_off=True, video_off=True)
    await world.store.mute(ana, PAIR, audio_off=False, video_off=True)
    state = (await world.snapshot(BEN)).state

    assert isinstance(state, Paired)
    assert (state.pair.side(ANA).audio_off, state.pair.side(ANA).video_off) == (False, True)


async def test_mute_in_an_old_pair_does_nothing(world: World) -> None:
    """A late report is DONE."""
    ana, ben = await world.talking()
    await world.store.leave(ben, PAIR)
    await world.news(ben)

    assert await world.store.mute(ana, PAIR, audio_off=True, video_off=True) is Outcome.DONE
    assert await world.news(ben) == []


async def test_relay_leaves_no_trace(world: World) -> None:
    """It changes no revision and is in no snapshot."""
    ana, ben = await world.talking()
    await world.store.depart(ben, 15_000)
    await world.store.relay(ana, PAIR, PeerTyping(PAIR))
    ben = await world.here(BEN)

    assert await world.news(ben) == []


async def test_relay_in_an_old_pair_goes_nowhere(world: World) -> None:
    """A pair that is over passes nothing on."""
    ana, ben = await world.talking()
    await world.store.leave(ana, PAIR)
    await world.news(ben)

    assert await world.store.relay(ana, PAIR, PeerTyping(PAIR)) is Outcome.DONE
    assert await world.news(ben) == []


async def test_who_was_away_when_a_pair_ended_sees_it_in_the_snapshot(world: World) -> None:
    """An absent person's waiting goes on when they are back, not before."""
    ana, ben = await world.talking()
    await world.store.depart(ben, 15_000)
    await world.store.leave(ana, PAIR)

    assert await world.queue() == {}
    assert isinstance((await world.snapshot(BEN)).state, Waiting)
    assert list(await world.queue()) == [BEN]


# -- block ----------------------------------------------------------------------------------


async def test_a_block_ends_the_pair(world: World) -> None:
    """The other one hears what anybody hears who was left, and not why."""
    ana, ben = await world.talking()
    closed = await world.store.block(ana, PAIR)

    assert (closed.outcome, closed.ended and closed.ended.ended) == (Outcome.DONE, EndReason.LEFT)
    (ended,) = [news for news in await world.news(ben) if isinstance(news, PairEnded)]
    assert (ended.reason, ended.by) == (EndReason.LEFT, "peer")


@pytest.mark.parametrize("who_blocks", [ANA, BEN])
async def test_who_was_blocked_is_never_met_again(world: World, who_blocks: PersonId) -> None:
    """In both directions, whatever the tickets say, and the owner of the shard learns it at once."""
    callers = dict(zip((ANA, BEN), await world.talking(auto_next=False), strict=True))
    await world.store.block(callers[who_blocks], PAIR)
    for caller in callers.values():
        await world.find(caller, 2)
    queue = await world.queue()
    assert queue[who_blocks].avoid == frozenset({ANA, BEN} - {who_blocks})
    blind = [msgspec.structs.replace(each, avoid=frozenset()) for each in queue.values()]

    assert isinstance(await world.commit(blind[0], blind[1]), Rejected)
    assert isinstance(await world.commit(queue[ANA], queue[BEN]), Rejected)


async def test_a_block_reaches_tickets_that_were_written_before(world: World) -> None:
    """The commit knows it; one ticket comes back anew, so that nobody proposes these two for ever."""
    ana, _ = await world.talking()
    await world.store.next(ana, PAIR, 2, None)
    queue = await world.queue()
    assert set(queue) == {ANA, BEN}
    await world.store.block(ana, PAIR)

    assert await world.commit(queue[ANA], queue[BEN]) == Rejected((queue[BEN],))
    assert (await world.queue())[ANA].avoid == {BEN}
    assert (await world.queue())[ANA].since_ms == queue[ANA].since_ms


async def test_only_the_present_and_the_last_partner_can_be_blocked(world: World) -> None:
    """Other people's pairs and old ones are nobody's business: REFUSED, and nothing happened."""
    await world.talking()
    cleo = await world.waiting(CLEO)

    assert await world.store.block(cleo, PAIR) == Closed(Outcome.REFUSED)
    assert (await world.queue())[CLEO].avoid == frozenset()
    assert isinstance((await world.snapshot(ANA)).state, Paired)


async def test_a_pair_that_never_was_a_talk_is_not_the_last_one(world: World) -> None:
    """Whose gateway is stopped hears of neither, and blocks whom they talked with."""
    ana, ben = await world.talking()
    assert_done(await world.store.leave(ben, PAIR))
    for number, stranger in enumerate((CLEO, DAN)):
        caller, pair = await world.waiting(stranger), PairId(f"unheard{number}")
        await world.match(ANA, stranger, pair)
        assert_done(await world.store.leave(caller, pair))

    assert_done(await world.store.block(ana, PAIR))

    await world.find(ben, 2)
    queue = await world.queue()
    assert isinstance(await world.commit(queue[ANA], queue[BEN], PairId("again")), Rejected)


async def test_a_block_that_has_no_room_ends_the_pair_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the remembering is refused; and those who were blocked by many can still be blocked."""
    monkeypatch.setattr("duologue.store.ledger.blocking.MAX_BLOCKS", 0)
    ana, ben = await world.talking()
    closed = await world.store.block(ana, PAIR)

    assert (closed.outcome, closed.ended is not None) == (Outcome.REFUSED, True)
    assert any(isinstance(news, PairEnded) for news in await world.news(ben))


async def test_a_partner_is_known_in_the_pair_and_after_it(world: World) -> None:
    """By the name that they had in it; to nobody else, and not to a session that was superseded."""
    ana, ben = await world.paired()
    cleo = await world.here(CLEO)
    assert await world.store.partner(ana, PAIR) == Partner(BEN, "Otter")
    assert await world.store.partner(cleo, PAIR) is Outcome.REFUSED

    await world.store.leave(ben, PAIR)
    assert await world.store.partner(ana, PAIR) == Partner(BEN, "Otter")
    assert await world.store.partner(ben, PAIR) == Partner(ANA, "Heron")

    await world.here(ANA)
    assert await world.store.partner(ana, PAIR) is Outcome.STALE


async def test_remembered_blocks_hold_at_once(world: World) -> None:
    """Also for somebody who waits already, and for both directions."""
    await world.waiting(ANA)
    await world.waiting(BEN)
    before = await world.queue()
    await world.store.remember_blocks(ANA, {BEN})
    queue = await world.queue()

    assert await world.commit(before[ANA], before[BEN]) == Rejected((before[BEN],))
    assert await world.commit(queue[ANA], queue[BEN]) == Rejected((queue[ANA], queue[BEN]))
    assert (await world.snapshot(ANA)).blocks_known
    assert not (await world.snapshot(BEN)).blocks_known


async def test_who_is_not_among_the_remembered_is_free_again(world: World) -> None:
    """The safety store is the truth: what it has no more, the ledger forgets, in the ticket of who waits too."""
    await world.waiting(ANA)
    await world.waiting(BEN)
    await world.store.remember_blocks(ANA, {BEN})
    await world.store.remember_blocks(ANA, set())
    queue = await world.queue()

    assert queue[ANA].avoid == frozenset()
    assert await world.commit(queue[ANA], queue[BEN]) == Committed(PAIR)


async def test_what_was_written_is_known_to_who_reports_it(world: World) -> None:
    """In the pair, and after it until the next talk ends; and in no answer that a repeated request gets."""
    ana, ben = await world.talking()
    await world.store.write(ana, PAIR, 1, "hello")
    for _ in range(2):
        answer = await world.store.leave(asking(ana, "r1"), PAIR)
    assert answer.ended is not None
    assert (answer.ended.id, answer.ended.lines) == (PAIR, ())
    for caller in (ana, ben):
        partner = await world.store.partner(caller, PAIR)
        assert isinstance(partner, Partner)
        assert [(line.person, line.text) for line in partner.lines] == [(ANA, "hello")]

    for caller in (ana, ben):
        await world.find(caller, 2)
    await world.match(ANA, BEN, PairId("p2"))
    for caller in (ana, ben):
        await world.store.connected(caller, PairId("p2"))
    await world.store.leave(ben, PairId("p2"))
    assert await world.store.partner(ana, PAIR) is Outcome.REFUSED
    assert await world.store.partner(ana, PairId("p2")) == Partner(BEN, "Otter")
