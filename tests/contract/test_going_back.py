"""Going back to the last partner after a Next, on every store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from duologue.ids import NodeName, PairId
from duologue.ledger import (
    BACK_WITHIN_MS,
    Caller,
    Closed,
    Committed,
    Idle,
    News,
    Outcome,
    Paired,
    PairEnded,
    PairFormed,
    Waiting,
    WayBack,
)
from duologue.nodes import NodeHealth, NoSlot
from duologue.pairs.pair import Pair, Phase
from duologue.protocol.codes import EndReason, Mode
from duologue.safety.ratelimit import Rate
from tests.builders import ANA, BEN, CLEO, NODE, cohort
from tests.contract.stores import GATEWAY, PAIR, World, asking, ring, wish

AGAIN, OTHER = PairId("again"), PairId("other")
REFUSED = Closed(Outcome.REFUSED)


async def parted(world: World, **wishes: object) -> tuple[Caller, Caller]:
    """Ana and Ben have talked, and Ana pressed Next; what led there is not news any more."""
    ana, ben = await world.talking(**wishes)
    await world.store.next(ana, PAIR, 2, None)
    await world.news(ana)
    await world.news(ben)
    return ana, ben


async def both(world: World, first: Caller, second: Caller) -> Closed:
    """One wants to go back, and then the other."""
    assert await world.store.back(first, PAIR, PairId("unused")) == Closed(Outcome.DONE)
    closed = await world.store.back(second, PAIR, AGAIN)
    assert isinstance(closed, Closed)
    return closed


async def present(world: World, caller: Caller) -> Pair:
    """The pair that somebody is in."""
    (pair,) = await world.store.live_pairs([AGAIN])
    assert caller.person in [side.person for side in pair.sides]
    return pair


def offers(news: list[News]) -> list[WayBack]:
    return [each for each in news if isinstance(each, WayBack)]


async def test_a_next_tells_both_until_when_they_can_go_back(world: World) -> None:
    """Whoever pressed it."""
    ana, ben = await world.talking()
    await world.store.next(ben, PAIR, 2, None)

    for caller in (ana, ben):
        (ended,) = [news for news in await world.news(caller) if isinstance(news, PairEnded)]
        assert ended.back_until_ms is not None
        assert (await world.store.back(caller, PAIR, AGAIN)) != REFUSED


async def test_the_other_one_hears_who_wants_to_go_back(world: World) -> None:
    """Once, and both wait on meanwhile."""
    ana, ben = await parted(world)
    for _ in range(2):
        assert await world.store.back(ana, PAIR, AGAIN) == Closed(Outcome.DONE)

    (offer,) = offers(await world.news(ben))
    assert (offer.pair, offer.until_ms is not None) == (PAIR, True)
    assert offers(await world.news(ana)) == []
    assert set(await world.queue()) == {ANA, BEN}


@pytest.mark.parametrize("first", [0, 1])
async def test_two_who_want_to_are_a_pair_again(world: World, first: int) -> None:
    """A new one, with the names of before, whoever spoke first; and nobody waits any more."""
    people = await parted(world)
    closed = await both(world, people[first], people[1 - first])
    assert closed == Closed(Outcome.DONE, formed=AGAIN)

    pair = await present(world, people[0])
    assert (pair.phase, pair.lines, pair.room_open) == (Phase.MATCHED, (), False)
    assert (pair.side(ANA).alias, pair.side(BEN).alias) == ("Heron", "Otter")
    assert await world.queue() == {}
    for caller in people:
        assert [news.pair.id for news in await world.news(caller) if isinstance(news, PairFormed)] == [AGAIN]
    for person in (ANA, BEN):
        state = (await world.snapshot(person)).state
        assert isinstance(state, Paired)
        assert state.pair.id == AGAIN


async def test_a_pair_that_went_back_lives_like_any_other(world: World) -> None:
    """It talks, ends, and may go back once more."""
    ana, ben = await parted(world)
    await both(world, ana, ben)
    for caller in (ana, ben):
        await world.store.connected(caller, AGAIN)
    assert (await present(world, ana)).phase is Phase.TALKING

    await world.store.next(ben, AGAIN, 3, None)
    assert await world.store.back(ana, PAIR, OTHER) == REFUSED
    assert await world.store.back(ana, AGAIN, OTHER) == Closed(Outcome.DONE)
    assert await world.store.back(ben, AGAIN, OTHER) == Closed(Outcome.DONE, formed=OTHER)


async def test_who_does_not_wait_may_go_back_too(world: World) -> None:
    """Who was left without `auto_next` counts down on their page."""
    ana, ben = await parted(world, auto_next=False)
    assert set(await world.queue()) == {ANA}

    assert (await both(world, ben, ana)).formed == AGAIN
    assert (await world.snapshot(BEN)).state == Paired(await present(world, ben))


async def test_going_back_takes_a_room_of_its_own(world: World) -> None:
    """On a node that works, with a join slot like everybody else."""
    ana, ben = await parted(world, mode=Mode.VIDEO)
    await both(world, ana, ben)

    pair = await present(world, ana)
    assert (pair.id, pair.mode, pair.node) == (AGAIN, Mode.VIDEO, NODE)


async def test_without_a_join_slot_they_can_ask_again(world: World) -> None:
    """Nothing changed: both wait, and the wish of the first is remembered."""
    ana, ben = await parted(world, mode=Mode.VIDEO)
    await world.report_nodes({NODE: NodeHealth.DOWN})
    await world.store.back(ana, PAIR, AGAIN)
    assert isinstance(await world.store.back(ben, PAIR, AGAIN), NoSlot)
    assert set(await world.queue()) == {ANA, BEN}

    await world.report_nodes({NodeName("n2"): NodeHealth.UP}, Rate(1_000, 1))
    assert await world.store.back(ben, PAIR, AGAIN) == Closed(Outcome.DONE, formed=AGAIN)


async def test_having_met_lately_is_no_reason_against_it(world: World) -> None:
    """Matchers keep them apart for a while; that is what they want to undo."""
    ana, ben = await parted(world)
    assert (await world.queue())[ANA].met == {BEN}

    assert (await both(world, ana, ben)).formed == AGAIN


async def test_a_repeated_command_goes_back_once(world: World) -> None:
    """Its answer was lost on the way, and it is asked again with another name for the pair."""
    ana, ben = await parted(world)
    await world.store.back(ana, PAIR, OTHER)
    for name in (AGAIN, OTHER):
        assert await world.store.back(asking(ben, "r1"), PAIR, name) == Closed(Outcome.DONE, formed=AGAIN)

    assert [pair.id for pair in await world.store.live_pairs([AGAIN, OTHER])] == [AGAIN]


async def test_a_moment_later_it_is_too_late(world: World) -> None:
    """For either."""
    ana, ben = await parted(world)
    await world.advance(BACK_WITHIN_MS - 1)
    assert await world.store.back(ana, PAIR, AGAIN) == Closed(Outcome.DONE)
    await world.advance(1)

    assert await world.store.back(ben, PAIR, AGAIN) == REFUSED
    assert await world.store.back(ana, PAIR, AGAIN) == REFUSED
    assert set(await world.queue()) == {ANA, BEN}


async def with_cleo(world: World, caller: Caller) -> None:
    """This one is matched with somebody else."""
    await world.waiting(CLEO)
    queue = await world.queue()
    assert await world.commit(queue[caller.person], queue[CLEO], OTHER) == Committed(OTHER)


async def stops(world: World, caller: Caller) -> None:
    await world.store.cancel(caller, 9)


async def leaves(world: World, caller: Caller) -> None:
    await world.store.leave(caller, PAIR)


async def blocks(world: World, caller: Caller) -> None:
    await world.store.block(caller, PAIR)


async def is_away(world: World, caller: Caller) -> None:
    await world.store.depart(caller, 15_000)


async def says_goodbye(world: World, caller: Caller) -> None:
    await world.store.depart(caller, 0)


async def calls(world: World, caller: Caller) -> None:
    await world.store.call(caller, ring(CLEO))


DOES = Callable[[World, Caller], Awaitable[None]]
ENDS = [with_cleo, stops, leaves, blocks, is_away, says_goodbye, calls]


@pytest.mark.parametrize("does", ENDS)
async def test_the_offer_is_over_once_they_do_something_else(world: World, does: DOES) -> None:
    """Who had made it hears so; nobody is taken out of what they do now, and the same is heard whatever it was."""
    ana, ben = await parted(world)
    await world.store.back(ana, PAIR, AGAIN)
    await does(world, ben)
    if does is not with_cleo:
        assert offers(await world.news(ben))[1:] == []

    assert offers(await world.news(ana)) == [WayBack(PAIR, None)]
    assert await world.store.back(ana, PAIR, AGAIN) == REFUSED
    assert await world.store.live_pairs([AGAIN]) == []


@pytest.mark.parametrize("does", ENDS)
async def test_an_offer_is_taken_back_by_doing_something_else(world: World, does: DOES) -> None:
    """Who had heard of it hears that, too."""
    ana, ben = await parted(world)
    await world.store.back(ana, PAIR, AGAIN)
    await does(world, ana)

    made, over = offers(await world.news(ben))
    assert (made.until_ms is not None, over) == (True, WayBack(PAIR, None))
    assert await world.store.back(ben, PAIR, AGAIN) == REFUSED


@pytest.mark.parametrize("does", ENDS)
async def test_where_nobody_wanted_to_nobody_hears_that_it_is_over(world: World, does: DOES) -> None:
    """And it is."""
    ana, ben = await parted(world)
    await does(world, ben)

    assert offers(await world.news(ana)) == []
    assert await world.store.back(ana, PAIR, AGAIN) == REFUSED
    assert offers(await world.news(ana)) == []


async def test_who_is_in_another_pair_stays_there(world: World) -> None:
    """Both sides of it."""
    ana, ben = await parted(world)
    await world.store.back(ana, PAIR, AGAIN)
    await with_cleo(world, ana)
    await world.store.back(ben, PAIR, AGAIN)

    (pair,) = await world.store.live_pairs([OTHER])
    assert {side.person for side in pair.sides} == {ANA, CLEO}
    assert isinstance((await world.snapshot(BEN)).state, Waiting)


@pytest.mark.parametrize("blocker", [0, 1])
async def test_nobody_goes_back_to_whom_they_blocked(world: World, blocker: int) -> None:
    """Also where the ledger hears of it from the safety store."""
    people = await parted(world)
    await world.store.back(people[0], PAIR, AGAIN)
    one, other = people[blocker], people[1 - blocker]
    await world.store.remember_blocks(one.person, {other.person})

    assert await world.store.back(people[1], PAIR, AGAIN) == REFUSED


async def test_a_block_that_went_back_overtook_ends_the_new_pair(world: World) -> None:
    """It was made durable for the old pair while the two became a new one."""
    ana, ben = await parted(world)
    await both(world, ana, ben)
    closed = await world.store.block(ana, PAIR)

    assert closed.ended is not None
    assert (closed.ended.id, closed.ended.ended) == (AGAIN, EndReason.LEFT)
    assert isinstance((await world.snapshot(ANA)).state, Idle)


async def fails(world: World, caller: Caller) -> None:
    await world.store.media_failed(caller, PAIR)


@pytest.mark.parametrize("end", [leaves, fails, blocks, says_goodbye])
async def test_there_is_a_way_back_after_a_next_alone(world: World, end: DOES) -> None:
    """What ended otherwise was meant to end, or could not go on."""
    ana, ben = await world.talking()
    await world.news(ben)
    await end(world, ana)

    (ended,) = [news for news in await world.news(ben) if isinstance(news, PairEnded)]
    assert ended.back_until_ms is None
    for caller in (ana, ben):
        answer = await world.store.back(caller, PAIR, AGAIN)
        assert isinstance(answer, Closed)
        assert answer.outcome in (Outcome.REFUSED, Outcome.GONE)


async def test_there_is_no_way_back_to_who_was_away(world: World) -> None:
    """They would be a pair with somebody who may never come."""
    ana, ben = await world.talking()
    await world.store.depart(ben, 15_000)
    await world.store.next(ana, PAIR, 2, None)

    assert await world.store.back(ana, PAIR, AGAIN) == REFUSED


async def test_there_is_no_way_back_to_who_looks_for_something_else(world: World) -> None:
    """Modes never cross, also not like this."""
    ana, ben = await world.talking()
    await world.store.next(ana, PAIR, 2, wish(ana, 2, cohort=cohort(Mode.VIDEO)))

    assert await world.store.back(ben, PAIR, AGAIN) == REFUSED


@pytest.mark.parametrize("pair", ["never", "", "other"])
async def test_other_pairs_lead_nowhere(world: World, pair: str) -> None:
    """Clients may name what they like."""
    ana, _ = await parted(world)

    assert await world.store.back(ana, PairId(pair), AGAIN) == REFUSED


async def test_a_stranger_goes_back_to_nobody(world: World) -> None:
    """Whoever learns the name of a pair."""
    await parted(world)
    cleo = await world.here(CLEO)

    assert await world.store.back(cleo, PAIR, AGAIN) == REFUSED


async def test_in_a_pair_there_is_no_way_back(world: World) -> None:
    """Not even to itself."""
    ana, _ = await world.talking()

    assert await world.store.back(ana, PAIR, AGAIN) == REFUSED


async def test_a_superseded_session_does_not_go_back(world: World) -> None:
    """The one that came after it may, if its client knows of it."""
    ana, ben = await parted(world)
    newer = await world.here(ANA)

    answer = await world.store.back(ana, PAIR, AGAIN)
    assert isinstance(answer, Closed)
    assert answer.outcome is Outcome.STALE
    assert (await both(world, ben, newer)).formed == AGAIN


async def test_a_store_that_began_anew_leads_nobody_back(world: World) -> None:
    """It may have gone back in time: the two may be with others by now."""
    ana, ben = await parted(world)
    await world.advance(1)
    await world.store.back(ana, PAIR, AGAIN)
    world.begin_anew()
    await world.advance(1)
    assert await world.store.vouch(GATEWAY, [await world.word_of(ben)]) == []

    assert await world.store.back(ben, PAIR, AGAIN) == REFUSED
