"""`ports.PresenceStore`: who is here, and through which gateway."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import pytest

from duologue.errors import Unavailable
from duologue.ids import GatewayId, PersonId, SessionId
from duologue.ledger import (
    ABANDONED_SEAT_MS,
    GATEWAY_LEASE_MS,
    MAX_SESSIONS,
    RESUME_WINDOW_MS,
    Attention,
    Caller,
    Claim,
    Closed,
    Dropped,
    Idle,
    Outcome,
    Paired,
    PairEnded,
    Rejected,
    Relayed,
    Superseded,
    TicketGone,
    Waiting,
)
from duologue.protocol.codes import EndReason, PeerEvent
from duologue.protocol.server import PeerChanged, PeerTyping
from duologue.store.port import LedgerStore
from tests.builders import ANA, BEN
from tests.contract.stores import GATEWAY, PAIR, SHARD, World

SEAT_MS = 15_000


# -- arrive ---------------------------------------------------------------------------------


async def test_a_new_person_is_idle(world: World) -> None:
    """Somebody whom the store does not know has done nothing yet."""
    arrival = await world.snapshot(ANA)

    assert (Idle(), 0) == (arrival.state, arrival.last_attempt)


async def test_each_arrival_raises_the_generation(world: World) -> None:
    """A newer session always has the greater generation."""
    first, second = await world.snapshot(ANA), await world.snapshot(ANA)

    assert second.generation > first.generation


async def test_a_resume_of_the_last_generation_is_let_in(world: World) -> None:
    """A resume token that was not used opens the session."""
    first = await world.snapshot(ANA)

    assert await world.arrive(ANA, resumes=first.generation) is not None


async def test_a_spent_resume_is_refused_and_changes_nothing(world: World) -> None:
    """A resume token works once; who holds the session keeps it."""
    first = await world.snapshot(ANA)
    holder = await world.here(ANA)

    assert await world.arrive(ANA, resumes=first.generation) is None
    assert await world.news(holder) == []
    assert await world.find(holder) is Outcome.DONE


async def test_an_unknown_person_may_resume(world: World) -> None:
    """Resume tokens outlive the store, so a store that forgot everybody takes them all."""
    assert await world.arrive(ANA, resumes=12345) is not None


async def test_a_second_session_supersedes_the_first(world: World) -> None:
    """The older session is told that it has nothing to say any more."""
    first = await world.here(ANA)
    await world.here(ANA)

    assert await world.news(first) == [Superseded()]


async def test_a_session_on_another_gateway_is_told_there(world: World) -> None:
    """The news travels through the outbox of the gateway that holds the older socket."""
    first = await world.here(ANA, GatewayId("g2"))
    await world.here(ANA, GATEWAY)

    assert await world.news(first) == [Superseded()]


async def test_who_went_away_is_not_superseded(world: World) -> None:
    """A session whose socket is gone hears nothing."""
    first = await world.here(ANA)
    await world.store.depart(first, SEAT_MS)
    await world.here(ANA)

    assert await world.news(first) == []


async def test_a_superseded_session_changes_nothing(world: World) -> None:
    """Everything that a stale generation asks for is refused."""
    old, _ = await world.talking()
    await world.here(ANA)
    store = world.store

    assert await world.find(old, 2) is Outcome.STALE
    assert await store.connected(old, PAIR) is Outcome.STALE
    assert await store.write(old, PAIR, 1, "hi") is Outcome.STALE
    assert await store.mute(old, PAIR, audio_off=True, video_off=True) is Outcome.STALE
    assert await store.relay(old, PAIR, PeerTyping(PAIR)) is Outcome.STALE
    for closed in (
        await store.cancel(old, 1),
        await store.next(old, PAIR, 2, None),
        await store.leave(old, PAIR),
        await store.media_failed(old, PAIR),
        await store.depart(old, 0),
    ):
        assert closed == Closed(Outcome.STALE)
    assert isinstance((await world.snapshot(ANA)).state, Paired)


async def test_a_stranger_changes_nothing(world: World) -> None:
    """A caller whom the store does not know is told to come in again."""
    ana = await world.here(ANA)

    assert await world.find(ana._replace(person=BEN)) is Outcome.GONE


async def test_the_snapshot_of_somebody_who_waits(world: World) -> None:
    """It has the very ticket that is in the queue, and the last attempt."""
    await world.waiting(ANA)
    arrival = await world.snapshot(ANA)

    assert Waiting((await world.queue())[ANA]) == arrival.state
    assert arrival.last_attempt == 1


async def test_the_snapshot_of_somebody_in_a_pair(world: World) -> None:
    """It has the pair with its lines, and both sides' state."""
    ana, _ = await world.talking()
    await world.store.write(ana, PAIR, 1, "hello")
    state = (await world.snapshot(BEN)).state

    assert isinstance(state, Paired)
    assert state.pair.id == PAIR
    assert [(line.person, line.n, line.text) for line in state.pair.lines] == [(ANA, 1, "hello")]
    assert state.pair.talking_since_ms is not None
    assert {side.person for side in state.pair.sides if side.connected} == {ANA, BEN}


async def test_a_snapshot_is_newer_than_what_was_told_before(world: World) -> None:
    """The rev of an arrival is greater than that of any earlier news."""
    ana, _ = await world.talking()
    revs = [rev for rev, _ in await world.deliveries(ana)]
    before = (await world.snapshot(ANA)).rev

    assert all(rev < before for rev in revs)
    assert (await world.snapshot(ANA)).rev > before


async def test_news_after_an_arrival_is_not_older_than_it(world: World) -> None:
    """A session may drop what is older than its snapshot, and loses nothing."""
    _, ben = await world.talking()
    arrival = await world.snapshot(ANA)
    ana = ben._replace(person=ANA, generation=arrival.generation)
    await world.store.write(ben, PAIR, 1, "hello")
    await world.store.leave(ben, PAIR)

    assert all(rev >= arrival.rev for rev, _ in await world.deliveries(ana))


async def test_who_comes_back_is_offered_again(world: World) -> None:
    """A ticket that rested while its owner was away is back in the queue, with the same wait."""
    ana = await world.waiting(ANA)
    before = (await world.queue())[ANA]
    await world.store.depart(ana, SEAT_MS)
    await world.advance(1_000)
    await world.arrive(ANA)
    after = (await world.queue())[ANA]

    assert after.since_ms == before.since_ms
    assert after.rev > before.rev


async def test_the_partner_hears_of_a_return(world: World) -> None:
    """A seat that is taken again is told to who sits opposite."""
    ana, ben = await world.talking()
    await world.store.depart(ana, SEAT_MS)
    await world.news(ben)
    await world.arrive(ANA)

    assert await world.news(ben) == [Relayed(PeerChanged(PAIR, PeerEvent.BACK))]


async def test_the_partner_hears_nothing_of_a_return_without_absence(world: World) -> None:
    """A second session while the first is still here is nobody's business."""
    _, ben = await world.talking()
    await world.arrive(ANA)

    assert await world.news(ben) == []


# -- depart ---------------------------------------------------------------------------------


async def test_the_partner_hears_until_when_a_seat_is_held(world: World) -> None:
    """Who stays knows how long there is hope."""
    ana, ben = await world.talking()
    await world.store.depart(ana, SEAT_MS)
    (news,) = await world.news(ben)

    assert isinstance(news, Relayed)
    assert isinstance(news.message, PeerChanged)
    assert news.message.event is PeerEvent.RECONNECTING
    assert news.message.until is not None


async def test_a_ticket_is_not_offered_while_its_owner_is_away(world: World) -> None:
    """The queue of a matcher that starts now does not have it."""
    ana = await world.waiting(ANA)
    await world.store.depart(ana, SEAT_MS)

    assert await world.queue() == {}


async def test_depart_without_a_hold_ends_the_pair_at_once(world: World) -> None:
    """Who says goodbye has left; the caller gets the pair whose room has to go."""
    ana, ben = await world.talking()
    closed = await world.store.depart(ana, 0)

    assert closed.ended is not None
    assert (closed.outcome, closed.ended.id) == (Outcome.DONE, PAIR)
    (ended,) = await world.news(ben)
    assert isinstance(ended, PairEnded)
    assert (ended.reason, ended.by) == (EndReason.LEFT, "peer")


async def test_depart_without_a_hold_ends_waiting(world: World) -> None:
    """Nobody keeps a place in the queue who said goodbye."""
    ana = await world.waiting(ANA)
    await world.store.depart(ana, 0)

    assert await world.queue() == {}
    assert (await world.snapshot(ANA)).state == Idle()


async def test_depart_with_a_hold_ends_nothing(world: World) -> None:
    """A lost socket is not the end of a pair."""
    ana, _ = await world.talking()

    assert await world.store.depart(ana, SEAT_MS) == Closed(Outcome.DONE)
    assert isinstance((await world.snapshot(ANA)).state, Paired)


# -- expire ---------------------------------------------------------------------------------


async def test_a_seat_is_held_until_its_time(world: World) -> None:
    """Nothing is given up a moment too early."""
    ana, _ = await world.talking()
    await world.store.depart(ana, SEAT_MS)
    await world.advance(SEAT_MS - 1_000)

    assert await world.store.expire() == []


async def test_a_seat_that_runs_out_ends_the_pair_as_lost(world: World) -> None:
    """Whoever asks gets the pair, to delete its room; the partner waits again."""
    ana, ben = await world.talking()
    await world.store.depart(ana, SEAT_MS)
    await world.news(ben)
    await world.advance(SEAT_MS)

    assert [pair.id for pair in await world.lost_pairs()] == [PAIR]
    (ended,) = await world.news(ben)
    assert isinstance(ended, PairEnded)
    assert (ended.reason, ended.by) == (EndReason.LOST, "peer")
    assert ended.ticket is not None
    assert (await world.snapshot(ANA)).state == Idle()


async def test_expire_is_told_once(world: World) -> None:
    """Two processes that both look give up a seat only once."""
    ana, _ = await world.talking()
    await world.store.depart(ana, SEAT_MS)
    await world.advance(SEAT_MS)
    await world.store.expire()

    assert await world.store.expire() == []


async def test_a_seat_taken_again_does_not_run_out(world: World) -> None:
    """The time of an earlier absence means nothing to who is here."""
    ana, _ = await world.talking()
    await world.store.depart(ana, SEAT_MS)
    await world.arrive(ANA)
    await world.advance(SEAT_MS)

    assert await world.store.expire() == []
    assert isinstance((await world.snapshot(ANA)).state, Paired)


async def test_the_second_absence_has_its_own_time(world: World) -> None:
    """The clock of a seat starts anew with each lost socket."""
    ana, _ = await world.talking()
    await world.store.depart(ana, SEAT_MS)
    await world.advance(10_000)
    ana = await world.here(ANA)
    await world.store.depart(ana, SEAT_MS)
    await world.advance(10_000)

    assert await world.store.expire() == []


async def test_a_waiting_seat_that_runs_out_leaves_the_queue(world: World) -> None:
    """Who did not come back does not wait any more."""
    ana = await world.waiting(ANA)
    await world.store.depart(ana, SEAT_MS)
    await world.advance(SEAT_MS)
    await world.store.expire()

    assert (await world.snapshot(ANA)).state == Idle()


async def test_a_pair_that_misses_its_deadline_ends(world: World) -> None:
    """Nobody waits for a picture for ever: it ends, and both wait again."""
    ana, ben = await world.paired()
    await world.advance(10_000)
    (ended,) = await world.lost_pairs()

    assert (ended.id, ended.ended) == (PAIR, EndReason.MEDIA_FAILED)
    for caller in (ana, ben):
        (news,) = await world.news(caller)
        assert isinstance(news, PairEnded)
        assert news.ticket is not None


async def test_at_the_deadline_who_did_not_connect_is_at_fault(world: World) -> None:
    """The one who was there keeps the place, the other backs off."""
    ana, ben = await world.paired()
    await world.store.connected(ana, PAIR)
    await world.advance(10_000)
    await world.store.expire()
    (for_ana,), (for_ben,) = await world.news(ana), await world.news(ben)

    assert isinstance(for_ana, PairEnded)
    assert isinstance(for_ben, PairEnded)
    assert (for_ana.by, for_ben.by) == ("peer", "me")
    assert for_ana.ticket is not None
    assert for_ben.ticket is not None
    assert for_ana.ticket.not_before_ms == 0
    assert for_ben.ticket.not_before_ms == for_ben.ticket.since_ms + 10_000


async def test_a_talk_has_no_deadline(world: World) -> None:
    """Once both are connected, time alone ends nothing."""
    await world.talking()
    await world.advance(3_600_000)

    assert await world.store.expire() == []


async def test_a_person_without_a_socket_is_remembered_for_a_minute(world: World) -> None:
    """Within the resume window a spent token stays spent."""
    first = await world.here(ANA)
    second = await world.here(ANA)
    await world.store.depart(second, SEAT_MS)
    await world.advance(SEAT_MS)
    await world.store.expire()
    await world.advance(59_000)
    await world.store.expire()

    assert await world.arrive(ANA, resumes=first.generation) is None


async def test_an_earlier_goodbye_does_not_shorten_the_memory(world: World) -> None:
    """The minute counts from the last time somebody went, not from an earlier one."""
    ana = await world.here(ANA)
    await world.store.depart(ana, 0)
    await world.advance(50_000)
    ana = await world.here(ANA)
    assert await world.find(ana, 7) is Outcome.DONE
    await world.store.depart(ana, 0)
    await world.advance(11_000)
    await world.store.expire()

    assert (await world.snapshot(ANA)).last_attempt == 7


async def test_a_generation_grows_even_after_a_person_was_forgotten(world: World) -> None:
    """An old session cannot come to life again because its number is given anew."""
    ana = await world.here(ANA)
    await world.store.depart(ana, 0)
    await world.advance(61_000)
    await world.store.expire()

    assert (await world.snapshot(ANA)).generation > ana.generation


# -- several sessions -------------------------------------------------------------------------


async def test_repeating_an_arrival_repeats_its_answer(world: World) -> None:
    """The answer may be lost on the way: the same session asks again and starts no new generation."""
    await world.store.keep_alive(GATEWAY)
    first = await world.store.arrive(ANA, SessionId("s1"), GATEWAY)
    again = await world.store.arrive(ANA, SessionId("s1"), GATEWAY)

    assert again == first


async def test_a_session_that_stands_by_may_go_without_a_trace(world: World) -> None:
    """The active one keeps everything."""
    old = await world.here(ANA)
    new = await world.waiting(ANA)

    assert await world.store.depart(old, 0) == Closed(Outcome.STALE)
    assert list(await world.queue()) == [ANA]
    assert (await world.find(new, 2)) is Outcome.DONE


async def test_a_session_that_stood_by_takes_over_again(world: World) -> None:
    """On the same socket, with a new generation; the other one stands by now."""
    await world.store.keep_alive(GATEWAY)
    await world.store.arrive(ANA, SessionId("s1"), GATEWAY)
    second = await world.waiting(ANA)
    await world.news(second)
    back = await world.store.arrive(ANA, SessionId("s1"), GATEWAY)

    assert back is not None
    assert isinstance(back.state, Waiting)
    assert await world.news(second) == [Superseded()]
    assert await world.find(second, 2) is Outcome.STALE
    assert await world.find(Caller(ANA, back.generation), 2) is Outcome.DONE


async def test_a_sixth_session_drops_the_one_that_stood_by_longest(world: World) -> None:
    """A person's sessions are bounded."""
    sessions = [await world.here(ANA) for _ in range(MAX_SESSIONS + 1)]

    assert await world.news(sessions[0]) == [Superseded(), Dropped()]
    assert await world.news(sessions[1]) == [Superseded()]


async def test_a_person_is_remembered_while_a_session_stands_by(world: World) -> None:
    """It may take over later, and rings until then."""
    old = await world.here(ANA)
    active = await world.here(ANA)
    await world.store.depart(active, 0)
    await world.advance(RESUME_WINDOW_MS)
    await world.lost_pairs()
    assert (await world.arrive(ANA, resumes=1)) is None, "still known"

    await world.store.depart(await world.here(ANA), 0)
    await world.store.depart(old, 0)
    for _ in range(2):
        await world.advance(RESUME_WINDOW_MS)
        await world.lost_pairs()
    assert (await world.arrive(ANA, resumes=1)) is not None, "forgotten, so any token is welcome"


# -- attention --------------------------------------------------------------------------------


async def test_a_hidden_page_keeps_its_place(world: World) -> None:
    """The ticket says so, and that is all; coming back is the same."""
    ana = await world.waiting(ANA)
    before = (await world.queue())[ANA]
    assert await world.store.attend(ana, Attention.HIDDEN) is Outcome.DONE
    hidden = (await world.queue())[ANA]
    await world.store.attend(ana, Attention.VISIBLE)
    after = (await world.queue())[ANA]

    assert [ticket.hidden for ticket in (before, hidden, after)] == [False, True, False]
    assert before.since_ms == hidden.since_ms == after.since_ms


async def test_who_is_quiet_is_not_offered(world: World) -> None:
    """Neither are their new wishes; once something is heard again they have their old place."""
    ana = await world.waiting(ANA)
    before = (await world.queue())[ANA]
    await world.waiting(BEN)
    await world.store.attend(ana, Attention.QUIET)
    await world.find(ana, 2)
    queue = await world.queue()
    assert list(queue) == [BEN]
    assert await world.commit(before, queue[BEN]) == Rejected((queue[BEN],))
    await world.store.attend(ana, Attention.VISIBLE)

    assert (await world.queue())[ANA].since_ms == before.since_ms


async def test_the_partner_sees_a_hidden_page(world: World) -> None:
    """Once, not at each repetition; a quiet one says nothing about the page."""
    ana, ben = await world.talking()
    for attention in (Attention.HIDDEN, Attention.HIDDEN, Attention.QUIET, Attention.VISIBLE):
        await world.store.attend(ana, attention)

    hidden, visible = (Relayed(PeerChanged(PAIR, PeerEvent.HIDDEN, value=value)) for value in (True, False))
    assert await world.news(ben) == [hidden, visible]


async def test_a_new_session_is_visible(world: World) -> None:
    """What the old page did says nothing about the new one."""
    ana = await world.waiting(ANA)
    await world.store.attend(ana, Attention.QUIET)
    await world.arrive(ANA)

    assert not (await world.queue())[ANA].hidden


# -- gateways ---------------------------------------------------------------------------------


async def test_the_people_of_a_dead_gateway_lose_their_sockets(world: World) -> None:
    """Their partners elsewhere hear it, and the seats are held as after any lost socket."""
    elsewhere = GatewayId("g2")
    ana, ben = await world.here(ANA), await world.here(BEN, elsewhere)
    for caller in (ana, ben):
        await world.find(caller)
    await world.match(ANA, BEN)
    for caller in (ana, ben):
        await world.store.connected(caller, PAIR)
    await world.news(ben)
    await world.silence(GATEWAY, GATEWAY_LEASE_MS)
    assert await world.lost_pairs() == []
    (away,) = await world.news(ben)
    assert isinstance(away, Relayed)
    assert isinstance(away.message, PeerChanged)
    assert away.message.event is PeerEvent.RECONNECTING
    await world.silence(GATEWAY, ABANDONED_SEAT_MS)

    assert [pair.ended for pair in await world.lost_pairs()] == [EndReason.LOST]


async def test_a_gateway_that_was_given_up_has_to_hear_of_it(world: World) -> None:
    """Nobody arrives through it, and nobody on it can do anything, until it asked and was told."""
    ana = await world.here(ANA)
    await world.silence(GATEWAY, GATEWAY_LEASE_MS)
    await world.lost_pairs()

    assert await world.find(ana) is Outcome.GONE
    with pytest.raises(Unavailable):
        await world.store.arrive(BEN, SessionId("b"), GATEWAY)
    assert await world.store.keep_alive(GATEWAY) is False
    assert await world.store.keep_alive(GATEWAY) is True
    assert await world.arrive(ANA) is not None


async def test_a_gateway_that_comes_back_while_it_is_given_up_keeps_its_people(world: World) -> None:
    """Thousands of people are given up one after the other; who was vouched for meanwhile stays."""
    ana = await world.waiting(ANA)
    await world.silence(GATEWAY, GATEWAY_LEASE_MS)
    store = cast(LedgerStore, world.store)
    people_on = store._people_on

    async def and_then_it_lives(gateway: GatewayId) -> Iterable[PersonId]:
        people = await people_on(gateway)
        assert await store.keep_alive(gateway) is False
        return people

    store._people_on = and_then_it_lives  # type: ignore[method-assign]
    _, position = await store.read_news(GATEWAY, 0, 0)
    await world.lost_pairs()

    assert ANA in await world.queue()
    assert await store.read_news(GATEWAY, position, 0) == ([], position)
    assert (await world.store.cancel(ana, 1)).outcome is Outcome.DONE
    del store._people_on
    await world.silence(GATEWAY, GATEWAY_LEASE_MS)
    await world.lost_pairs()
    assert await world.find(ana, 2) is Outcome.GONE


async def test_nobody_is_vouched_for_by_a_gateway_that_was_given_up(world: World) -> None:
    """Should it die then, nobody would give them up."""
    ana = await world.here(ANA)
    await world.silence(GATEWAY, GATEWAY_LEASE_MS)
    await world.lost_pairs()
    claim = Claim(ANA, world.session(ana), ana.generation, True, 99, Idle(), 0, None, Attention.VISIBLE)

    with pytest.raises(Unavailable):
        await world.store.vouch(GATEWAY, [claim])


# -- what was lost on the way -----------------------------------------------------------------


@pytest.mark.parametrize("hold_ms", [0, 15_000])
async def test_who_departs_leaves_the_queue_also_for_those_who_follow_it(world: World, hold_ms: int) -> None:
    """A goodbye too: a matcher would propose a ghost again and again."""
    ana = await world.waiting(ANA)
    _, position = await world.store.read_queue(SHARD, 0, 0)
    await world.store.depart(ana, hold_ms)

    assert (await world.store.read_queue(SHARD, position, 0))[0] == [TicketGone(ANA, SHARD)]


async def test_a_session_whose_arrival_is_uncertain_can_be_abandoned(world: World) -> None:
    """If it did arrive, its seat is held; a session that came after it keeps everything."""
    await world.store.keep_alive(GATEWAY)
    await world.store.arrive(ANA, SessionId("lost"), GATEWAY)
    await world.store.abandon(ANA, SessionId("lost"), 15_000)
    assert await world.store.abandon(ANA, SessionId("never came"), 15_000) == Closed(Outcome.DONE)
    assert await world.store.abandon(BEN, SessionId("unknown"), 15_000) == Closed(Outcome.DONE)
    await world.store.arrive(ANA, SessionId("second"), GATEWAY)
    ana = await world.waiting(ANA)
    await world.store.abandon(ANA, SessionId("second"), 15_000)

    assert list(await world.queue()) == [ANA]
    assert await world.find(ana, 2) is Outcome.DONE
