"""`ports.PresenceStore.vouch`: gateways tell a store that has forgotten, or believes them gone, who is here."""

from __future__ import annotations

import msgspec

from duologue.ids import GatewayId, PairId, SessionId
from duologue.ledger import (
    RESUME_WINDOW_MS,
    Attention,
    Caller,
    Claim,
    Idle,
    Outcome,
    Paired,
    PersonState,
    Rejected,
    Superseded,
    Waiting,
)
from duologue.nodes import NodeHealth
from duologue.pairs.pair import Pair, Phase
from duologue.protocol.codes import EndReason, Mode
from tests.builders import ANA, BEN, CLEO, NODE
from tests.contract.stores import ELSEWHERE, GATEWAY, PAIR, MakeStore, World, memory_store, wish
from tests.contract.test_pair_store import ended

FAR = GatewayId("far")
SETTLED_MS = 4_000


async def claim(world: World, caller: Caller, state: PersonState, rev: int, *, active: bool = True) -> Claim:
    """What the gateway of this caller says."""
    wishes = state.ticket if isinstance(state, Waiting) else None
    session = world.session(caller)
    attention = Attention.VISIBLE
    return Claim(caller.person, session, caller.generation, active, rev, state, 1, wishes, attention)


async def told(world: World, caller: Caller) -> Claim:
    """What its gateway says of a session that heard all news."""
    arrival = await world.store.arrive(caller.person, world.session(caller), GATEWAY)
    assert arrival is not None
    return await claim(world, caller, arrival.state, arrival.rev)


async def test_who_is_known_stays_as_they_are(world: World) -> None:
    """Nothing happens when both sides know the same."""
    ana = await world.waiting(ANA)
    before = await world.queue()
    await world.news(ana)

    assert await world.store.vouch(GATEWAY, [await told(world, ana)]) == []
    assert await world.queue() == before
    assert await world.news(ana) == []


async def test_the_people_of_a_gateway_that_was_given_up_are_back_with_a_word(world: World) -> None:
    """It was silent for too long, and lives after all: nobody needs a snapshot while their seats are held."""
    ana, ben = await world.talking()
    claims = [await told(world, caller) for caller in (ana, ben)]
    await world.silence(GATEWAY, 16_000)
    await world.lost_pairs()

    assert await world.store.keep_alive(GATEWAY) is False
    assert await world.store.vouch(GATEWAY, claims) == []
    await world.advance(20_000)
    assert await world.lost_pairs() == []
    assert (await world.store.leave(ana, PAIR)).outcome is Outcome.DONE


async def test_a_store_that_forgot_takes_who_waits_with_their_wait(make_store: MakeStore) -> None:
    """After an empty restart the queue is there again, in the same order."""
    async with make_store() as old, make_store() as new:
        before, after = World(old), World(new)
        ana = await before.waiting(ANA)
        ticket = (await before.queue())[ANA]
        word = await told(before, ana)
        await after.store.keep_alive(GATEWAY)

        assert await after.store.vouch(GATEWAY, [word]) == []
        assert await after.queue() == {}  # until it knows whom she has blocked
        await after.store.remember_blocks(ANA, [])
        again = (await after.queue())[ANA]
        assert (again.since_ms, again.wants, again.attempt) == (ticket.since_ms, ticket.wants, ticket.attempt)
        assert (await after.store.cancel(ana, 1)).outcome is Outcome.DONE


async def test_who_waits_again_by_themselves_does_not_meet_whom_they_blocked(make_store: MakeStore) -> None:
    """The store forgot it during a talk, and no search follows of which a gateway would hear."""
    async with make_store() as old, make_store() as new:
        before, after = World(old), World(new)
        ana, ben = await before.talking()
        words = [await told(before, ana), await told(before, ben)]
        words = [word._replace(wishes=wish(caller)) for word, caller in zip(words, (ana, ben), strict=True)]
        await after.store.keep_alive(GATEWAY)
        assert await after.store.vouch(GATEWAY, words) == []

        assert (await after.store.leave(ben, PAIR)).ended is not None
        assert await after.queue() == {}
        await after.store.remember_blocks(ANA, [BEN])
        assert (await after.queue())[ANA].avoid == {BEN}


async def test_blocks_that_were_told_to_an_older_life_of_the_store_have_to_be_told_again(world: World) -> None:
    """An old snapshot does not know the newest."""
    await world.waiting(ANA)
    await world.store.remember_blocks(ANA, [])
    assert (await world.snapshot(ANA)).blocks_known
    world.begin_anew()
    await world.advance(1)
    await world.store.keep_alive(GATEWAY)
    await world.advance(1)

    assert not (await world.snapshot(ANA)).blocks_known
    assert await world.queue() == {}
    await world.store.remember_blocks(ANA, [BEN])
    assert (await world.queue())[ANA].avoid == {BEN}


async def test_a_life_that_was_begun_twice_is_vouched_in_twice(world: World) -> None:
    """A process that had not noticed it yet took the one before for new: until then who waits would wait for ever."""
    ana = await world.waiting(ANA)
    word = await told(world, ana)
    for life in ("a", "b"):
        world.begin_anew(life)
        await world.store.keep_alive(GATEWAY)
        assert await world.store.vouch(GATEWAY, [word]) == []
    for late in ("a", "b"):
        world.begin_anew(late)
        await world._advance(1)
        await world.store.keep_alive(ELSEWHERE)

    assert (await world.store.cancel(ana, 1)).outcome is Outcome.GONE
    assert await world.store.keep_alive(GATEWAY) is False
    assert await world.store.vouch(GATEWAY, [word]) == []
    assert (await world.store.cancel(ana, 1)).outcome is Outcome.DONE


async def test_nobody_is_matched_of_whom_no_gateway_has_spoken_since(world: World) -> None:
    """An old snapshot takes Ana for waiting; her gateway has not yet come to tell of her."""
    await world.waiting(ANA)
    ticket = (await world.queue())[ANA]
    world.begin_anew()
    await world.advance(1)
    await world.store.keep_alive(GATEWAY)
    await world.advance(SETTLED_MS)
    await world.waiting(BEN)

    assert await world.commit(ticket, (await world.queue())[BEN]) == Rejected(((await world.queue())[BEN],))


async def test_a_store_that_forgot_takes_a_talk_that_both_sides_speak_of(make_store: MakeStore) -> None:
    """They go on talking, and neither is told anything."""
    async with make_store() as old, make_store() as new:
        before, after = World(old), World(new)
        ana, ben = await before.talking()
        words = [await told(before, caller) for caller in (ana, ben)]
        await after.store.keep_alive(GATEWAY)

        for word in words:
            assert await after.store.vouch(GATEWAY, [word]) == []
        (pair,) = await after.store.live_pairs([PAIR])
        assert pair.phase is Phase.TALKING
        assert await after.store.write(ana, PAIR, 1, "still there?") is Outcome.DONE
        await after.advance(25_000)
        assert await after.lost_pairs() == []


async def test_a_talk_that_one_side_alone_speaks_of_ends(make_store: MakeStore) -> None:
    """The other one's gateway died together with the store."""
    async with make_store() as old, make_store() as new:
        before, after = World(old), World(new)
        ana, _ = await before.talking()
        word = await told(before, ana)
        await after.store.keep_alive(GATEWAY)
        after.adopt(ana, word.session)

        assert await after.store.vouch(GATEWAY, [word]) == []
        await after.advance(19_000)
        assert await after.lost_pairs() == []
        await after.advance(2_000)
        (pair,) = await after.lost_pairs()
        assert pair.id == PAIR
        assert (await ended(after, ana)).reason is EndReason.LOST


async def test_who_was_away_from_a_talk_has_the_time_of_whom_nobody_spoke_of(make_store: MakeStore) -> None:
    """What is claimed of the other one's seat may be long over; that the one who claims was away certainly is."""
    async with make_store() as new:
        world = World(new)
        pair = await a_talk_that_the_store_never_saw()
        one, other = (msgspec.structs.replace(side, away_until_ms=5) for side in pair.sides)
        await world.store.keep_alive(GATEWAY)
        ana = Caller(ANA, 7)
        world.adopt(ana, SessionId("s1"))
        word = await claim(world, ana, Paired(msgspec.structs.replace(pair, sides=(one, other))), 9)

        assert await world.store.vouch(GATEWAY, [word]) == []
        (known,) = await world.store.live_pairs([PAIR])
        assert known.side(ANA).away_until_ms is None
        assert (known.side(BEN).away_until_ms or 0) > 5


async def test_who_is_expected_in_a_talk_is_not_forgotten_before_its_end(world: World) -> None:
    """By the old snapshot Ben had gone for good. He came again since, and met Ana: of him nobody speaks."""
    ana, ben = await world.waiting(ANA), await world.here(BEN)
    await world.store.depart(ben, 0)
    await world.advance(RESUME_WINDOW_MS - 10_000)
    world.begin_anew()
    await world.advance(1)
    word = await claim(world, ana, Paired(await a_talk_that_the_store_never_saw()), 99)

    assert await world.store.vouch(GATEWAY, [word]) == []
    await world.advance(15_000)
    assert await world.lost_pairs() == []
    await world.advance(6_000)
    assert [pair.id for pair in await world.lost_pairs()] == [PAIR]


async def test_a_store_that_went_back_in_time_believes_the_sessions(world: World) -> None:
    """Restored from an old snapshot: it takes people for waiting who talk by now."""
    ana, ben = await world.waiting(ANA), await world.waiting(BEN)
    pair = await a_talk_that_the_store_never_saw()
    world.begin_anew()
    await world.advance(1)
    words = [await claim(world, caller, Paired(pair), 9) for caller in (ana, ben)]

    assert await world.store.vouch(GATEWAY, words) == []
    assert await world.queue() == {}
    assert [each.id for each in await world.store.live_pairs([PAIR])] == [PAIR]
    assert await world.store.write(ben, PAIR, 1, "here") is Outcome.DONE


async def a_talk_that_the_store_never_saw() -> Pair:
    """A pair of Ana and Ben as their sessions know it."""
    async with memory_store() as another:
        other = World(another)
        await other.talking()
        (pair,) = await other.store.live_pairs([PAIR])
        return pair


async def test_a_store_that_went_back_in_time_answers_nobody_before_their_gateway_has_spoken(world: World) -> None:
    """It knows nothing of their talk: an `ok` would lose the line, and a block would be refused."""
    ana, ben = await world.waiting(ANA), await world.waiting(BEN)
    pair = await a_talk_that_the_store_never_saw()
    world.begin_anew()
    await world.advance(1)

    assert await world.store.write(ana, PAIR, 1, "here") is Outcome.GONE
    assert (await world.store.block(ana, PAIR)).outcome is Outcome.GONE
    assert await world.store.partner(ana, PAIR) is Outcome.GONE
    await world.store.keep_alive(GATEWAY)
    words = [await claim(world, caller, Paired(pair), 9) for caller in (ana, ben)]
    assert await world.store.vouch(GATEWAY, words) == []
    assert await world.store.write(ben, PAIR, 1, "here") is Outcome.DONE
    assert (await world.store.block(ana, PAIR)).outcome is Outcome.DONE


async def test_who_leaves_a_store_that_began_anew_need_not_be_spoken_of(world: World) -> None:
    """Their seat is held from then on, as ever: no gateway will speak of them any more."""
    ana = await world.waiting(ANA)
    world.begin_anew()
    await world.advance(1)

    assert (await world.store.depart(ana, 0)).outcome is Outcome.DONE
    assert isinstance((await world.snapshot(ANA)).state, Idle)


async def test_who_is_behind_the_ledger_needs_a_snapshot(world: World) -> None:
    """News for them were lost."""
    ana, ben = await world.talking()
    word = await told(world, ana)
    await world.store.leave(ben, PAIR)

    assert await world.store.vouch(GATEWAY, [word]) == [word.session]


async def test_who_claims_a_pair_that_the_other_side_left_needs_a_snapshot(world: World) -> None:
    """The ledger lost Ana, and knows that Ben has moved on since."""
    ana, ben = await world.talking()
    word = (await told(world, ana))._replace(rev=99)
    await world.store.leave(ben, PAIR)

    assert await world.store.vouch(GATEWAY, [word]) == [word.session]
    assert isinstance((await world.snapshot(BEN)).state, Idle)


async def test_who_came_in_since_is_not_put_back_into_a_talk(world: World) -> None:
    """The restarted store told Ben that he is idle: Ana's word is older than that."""
    await world.here(ANA)
    world.begin_anew()
    await world.store.keep_alive(GATEWAY)
    await world.advance(1)
    ana, _ = await world.here(ANA), await world.here(BEN)
    word = await claim(world, ana, Paired(await a_talk_that_the_store_never_saw()), 99)

    assert await world.store.vouch(GATEWAY, [word]) == [word.session]
    assert isinstance((await world.snapshot(BEN)).state, Idle)


async def test_an_older_session_hears_that_it_stands_by(world: World) -> None:
    """It missed that another one took over, and is no threat to it."""
    old = await world.here(ANA)
    word = await told(world, old)
    new = await world.here(ANA, FAR)
    await world.news(old)

    assert await world.store.vouch(GATEWAY, [word]) == []
    assert await world.news(old) == [Superseded()]
    assert await world.find(new) is Outcome.DONE


async def test_a_session_that_stands_by_is_remembered(make_store: MakeStore) -> None:
    """After an empty restart, a second device is still one of this person."""
    async with make_store() as new:
        world = World(new)
        await world.store.keep_alive(GATEWAY)
        word = Claim(CLEO, SessionId("tablet"), 5, False, 0, Idle(), 0, None, Attention.VISIBLE)

        assert await world.store.vouch(GATEWAY, [word]) == []
        cleo = await world.here(CLEO)
        assert cleo.generation > 5


async def test_a_pair_that_never_was_leaves_no_trace(world: World) -> None:
    """The snapshot has a pair which had ended long since, as one of the two knows."""
    ana, ben = await world.talking()
    word = await claim(world, ana, Idle(), 99)
    world.begin_anew()
    await world.advance(1)

    assert await world.store.vouch(GATEWAY, [word]) == []
    assert await world.store.live_pairs([PairId(PAIR)]) == []
    assert await world.news(ben) == []
    assert isinstance((await world.snapshot(BEN)).state, Idle)


async def test_who_was_told_of_a_pair_that_never_was_hears_that_it_is_over(world: World) -> None:
    """Ben came in since, and was told that he is in it; then Ana's gateway says that it had ended."""
    ana, _ = await world.talking()
    word = await claim(world, ana, Idle(), 99)
    world.begin_anew()
    await world.advance(1)
    ben = await world.here(BEN)

    assert await world.store.vouch(GATEWAY, [word]) == []
    over = await ended(world, ben)
    assert (over.pair, over.reason, over.by) == (PAIR, EndReason.LOST, "peer")


async def test_who_was_spoken_of_since_is_not_put_back_into_a_talk(world: World) -> None:
    """Ben's gateway had heard that it is over, and Ana's had not."""
    ana, ben = await world.waiting(ANA), await world.waiting(BEN)
    await world.news(ana)
    pair = await a_talk_that_the_store_never_saw()
    world.begin_anew()
    await world.advance(1)
    over, on = await claim(world, ben, Idle(), 99), await claim(world, ana, Paired(pair), 99)

    assert await world.store.vouch(GATEWAY, [over]) == []
    assert await world.store.vouch(GATEWAY, [on]) == [on.session]
    assert await world.find(ben, 5) is Outcome.DONE
    assert await world.find(ana, 5) is Outcome.GONE  # until she has come in again, and knows what the ledger knows
    assert await world.news(ana) == []


async def test_nobody_hears_of_a_store_that_began_anew_before_their_gateway_has_spoken(world: World) -> None:
    """Ana talks by now: that she waits, and with which revision, is news of long ago, however new it looks."""
    ana = await world.waiting(ANA)
    await world.news(ana)
    world.begin_anew()
    await world.advance(1)

    await world.store.remember_blocks(ANA, [BEN])
    assert await world.news(ana) == []


async def test_a_talk_on_a_media_server_that_died_meanwhile_is_not_taken_up(make_store: MakeStore) -> None:
    """Nobody knew of the pair when its server was found dead."""
    async with make_store() as old, make_store() as new:
        before, after = World(old), World(new)
        ana, _ = await before.talking(mode=Mode.VIDEO)
        word = await told(before, ana)
        await after.store.keep_alive(GATEWAY)
        await after.report_nodes({NODE: NodeHealth.DOWN})
        after.adopt(ana, word.session)

        assert await after.store.vouch(GATEWAY, [word]) == []
        assert await after.store.live_pairs([PAIR]) == []
        assert (await ended(after, ana)).by == "server"


async def test_of_two_sessions_the_newer_is_the_active_one_whoever_is_heard_first(make_store: MakeStore) -> None:
    """The older one had not yet heard that it stands by when the store forgot all."""
    async with make_store() as new:
        world = World(new)
        await world.store.keep_alive(GATEWAY)
        older, newer = (
            Claim(CLEO, SessionId(name), generation, True, 0, Idle(), 0, None, Attention.VISIBLE)
            for name, generation in (("tablet", 5), ("phone", 6))
        )
        world.adopt(Caller(CLEO, 5), older.session)

        assert await world.store.vouch(GATEWAY, [older]) == []
        assert await world.store.vouch(GATEWAY, [newer]) == []
        assert await world.news(Caller(CLEO, 5)) == [Superseded()]
