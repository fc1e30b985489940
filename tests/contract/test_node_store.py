"""`ports.NodeStore`, and what media nodes have to do with commits and pairs."""

from __future__ import annotations

import pytest

from duologue.errors import Deposed
from duologue.ids import MatcherId, NodeName, PairId, PersonId
from duologue.ledger import (
    NODES_LEASE,
    SHARD_LEASE_MS,
    Caller,
    Closed,
    Committed,
    Outcome,
    Paired,
    PairEnded,
    Probe,
    Proposal,
    Rejected,
    Relayed,
    RoomIsOpen,
    TicketArrived,
)
from duologue.nodes import REFUSAL_PAUSE_MS, REPORT_TTL_MS, NodeHealth, NodeReport, NoSlot
from duologue.pairs.pair import Pair
from duologue.protocol.codes import EndReason, Mode, Pause
from duologue.safety.ratelimit import UNLIMITED, Rate
from tests.builders import ANA, BEN, CLEO, DAN, NODE, cohort
from tests.contract.stores import MATCHER, PAIR, World

A, B = NodeName("a"), NodeName("b")
UP, SILENT, DOWN = NodeHealth.UP, NodeHealth.SILENT, NodeHealth.DOWN
VIDEO = cohort(Mode.VIDEO)
SECOND = PairId("p2")
SLOW = Rate(interval_ms=500, burst=1)


async def propose(world: World, first: PersonId, second: PersonId, pair: PairId) -> Proposal:
    queue = await world.queue()
    return Proposal(pair, (queue[first], queue[second]), ("Heron", "Otter"))


async def four(world: World) -> tuple[Caller, Caller, Caller, Caller]:
    """Four people who wait for video; nothing of it is news any more."""
    ana, ben, cleo, dan = [await world.waiting(person, cohort=VIDEO) for person in (ANA, BEN, CLEO, DAN)]
    for caller in (ana, ben, cleo, dan):
        await world.news(caller)
    return ana, ben, cleo, dan


async def commit_two(world: World) -> list[object]:
    """Two pairs of these four, in one commit."""
    proposals = await propose(world, ANA, BEN, PAIR), await propose(world, CLEO, DAN, SECOND)
    return list(await world.commit_all(*proposals))


async def pair_of(world: World, pair: PairId = PAIR) -> Pair:
    (found,) = await world.store.live_pairs([pair])
    return found


# -- admission ------------------------------------------------------------------------------


async def test_a_pair_names_the_node_that_carries_it(world: World) -> None:
    """And a text pair names none."""
    await world.paired(Mode.VIDEO)
    await world.waiting(CLEO)
    await world.waiting(DAN)
    await world.match(CLEO, DAN, SECOND)

    assert (await pair_of(world)).node == NODE
    assert (await pair_of(world, SECOND)).node is None


async def test_without_a_slot_nothing_happens(world: World) -> None:
    """Both wait on as they were, and hear nothing; a little later the same proposal is good."""
    await world.report_nodes({A: UP}, SLOW)
    ana, _, cleo, _ = await four(world)
    before = await world.queue()
    proposals = await propose(world, ANA, BEN, PAIR), await propose(world, CLEO, DAN, SECOND)
    first, second = await world.commit_all(*proposals)

    assert first == Committed(PAIR)
    assert second == NoSlot(500, Pause.MEDIA_BUSY)
    assert await world.queue() == {person: before[person] for person in (CLEO, DAN)}
    assert await world.news(cleo) == []
    await world.advance(500)
    assert await world.commit_all(proposals[1]) == [Committed(SECOND)]
    assert len(await world.news(ana)) == 1


async def test_who_left_meanwhile_makes_a_later_commit_reject(world: World) -> None:
    """Waiting for a slot holds nobody."""
    await world.report_nodes({A: DOWN})
    ana, *_ = await four(world)
    proposal = await propose(world, ANA, BEN, PAIR)
    (none,) = await world.commit_all(proposal)
    await world.store.cancel(ana, 1)
    await world.report_nodes({A: UP})

    assert isinstance(none, NoSlot)
    assert none.why is Pause.MEDIA_DOWN
    assert await world.commit_all(proposal) == [Rejected((proposal.tickets[1],))]


async def test_a_stale_proposal_takes_no_slot(world: World) -> None:
    """Slots are for pairs."""
    await world.report_nodes({A: UP}, SLOW)
    ana, *_ = await four(world)
    stale, good = await propose(world, ANA, BEN, PAIR), await propose(world, CLEO, DAN, SECOND)
    await world.store.cancel(ana, 1)
    first, second = await world.commit_all(stale, good)

    assert isinstance(first, Rejected)
    assert second == Committed(SECOND)


async def test_text_needs_no_media(world: World) -> None:
    """Two who write to each other meet whatever the media servers do."""
    await world.report_nodes({A: DOWN})

    await world.talking()


async def test_pairs_spread_over_nodes(world: World) -> None:
    """The least loaded takes the next."""
    await world.report_nodes({A: UP, B: UP}, Rate(interval_ms=100, burst=10))
    await four(world)
    await commit_two(world)

    assert {(await pair_of(world, pair)).node for pair in (PAIR, SECOND)} == {A, B}


@pytest.mark.parametrize("health", [SILENT, DOWN])
async def test_a_node_that_is_not_well_gets_no_pairs(world: World, health: NodeHealth) -> None:
    """The other gets them all."""
    await world.report_nodes({A: health, B: UP})
    await four(world)
    await commit_two(world)

    assert {(await pair_of(world, pair)).node for pair in (PAIR, SECOND)} == {B}


async def test_old_news_of_a_node_counts_for_nothing(world: World) -> None:
    """Whoever watched is gone, and who knows what happened since; talks go on."""
    await world.report_nodes({A: UP})
    await four(world)
    assert await world.commit_all(await propose(world, ANA, BEN, PAIR)) == [Committed(PAIR)]
    await world.advance(REPORT_TTL_MS)
    (result,) = await world.commit_all(await propose(world, CLEO, DAN, SECOND))

    assert isinstance(result, NoSlot)
    assert (await pair_of(world)).node == A


# -- report_nodes ---------------------------------------------------------------------------


async def test_the_pairs_of_a_dead_node_end_and_nobody_is_at_fault(world: World) -> None:
    """Both keep their place and may meet again; the pairs of others go on."""
    await world.report_nodes({A: UP, B: UP}, Rate(interval_ms=100, burst=10))
    await four(world)
    before = await world.queue()
    await commit_two(world)
    (doomed,) = [pair.id for pair in await world.store.live_pairs([PAIR, SECOND]) if pair.node == A]
    lost = await world.report_nodes({A: DOWN, B: UP})
    after = await world.queue()

    assert [pair.id for pair in lost] == [doomed]
    assert len(after) == 2
    for person, ticket in after.items():
        assert (ticket.since_ms, ticket.not_before_ms) == (before[person].since_ms, 0)
        assert (ticket.met, ticket.failed_with, ticket.failures) == (frozenset(), {}, 0)
    assert len(await world.store.live_pairs([PAIR, SECOND])) == 1


async def test_a_talk_that_breaks_with_its_node_is_taken_up(world: World) -> None:
    """They wait on from where their wait had ended, also who would not wait again after any talk, and hear why."""
    await world.report_nodes({A: UP})
    ana = await world.waiting(ANA, cohort=VIDEO, auto_next=False)
    await world.advance(4_000)
    ben = await world.waiting(BEN, cohort=VIDEO)
    await world.report_nodes({A: UP})
    await world.commit_all(await propose(world, ANA, BEN, PAIR))
    await world.store.opened(PAIR, A)
    for caller in (ana, ben):
        await world.store.connected(caller, PAIR)
    for caller in (ana, ben):
        await world.news(caller)
    matched_ms = (await pair_of(world)).matched_ms
    await world.advance(60_000)
    await world.report_nodes({A: DOWN})
    queue = await world.queue()
    (news,) = await world.news(ana)

    assert isinstance(news, PairEnded)
    assert (news.reason, news.by, news.ticket) == (EndReason.MEDIA_FAILED, "server", queue[ANA])
    assert queue[ANA].since_ms == matched_ms + 60_000 - 4_000
    assert queue[BEN].since_ms == matched_ms + 60_000
    assert queue[ANA].met == queue[BEN].met == frozenset()


async def test_a_node_that_is_not_named_any_more_is_gone(world: World) -> None:
    """An operator took it out of the configuration."""
    await world.report_nodes({A: UP})
    await four(world)
    await world.commit_all(await propose(world, ANA, BEN, PAIR))

    assert [pair.id for pair in await world.report_nodes({B: UP})] == [PAIR]


async def test_a_silent_node_keeps_its_pairs(world: World) -> None:
    """It may be busy."""
    await world.report_nodes({A: UP})
    await four(world)
    await world.commit_all(await propose(world, ANA, BEN, PAIR))

    assert await world.report_nodes({A: SILENT}) == []
    assert (await pair_of(world)).node == A


async def test_who_watches_no_longer_is_not_heard(world: World) -> None:
    """A watcher that slept through its lease could take down a node that is well."""
    late = await world.store.lease(NODES_LEASE, MatcherId("late"))
    await world.advance(SHARD_LEASE_MS)
    await world.report_nodes({A: UP})
    await four(world)
    await world.commit_all(await propose(world, ANA, BEN, PAIR))
    assert late is not None

    with pytest.raises(Deposed):
        await world.store.report_nodes(late, [NodeReport(A, DOWN, UNLIMITED)])
    assert (await pair_of(world)).node == A


# -- refused, opened, room_lost -------------------------------------------------------------


async def test_a_room_that_one_node_refuses_is_tried_on_another(world: World) -> None:
    """The pair goes on, on a node that takes a slot for it; only that one may say that the room is open."""
    await world.report_nodes({A: UP, B: SILENT})
    ana, *_ = await four(world)
    await world.commit_all(await propose(world, ANA, BEN, PAIR))
    await world.news(ana)
    await world.report_nodes({A: UP, B: UP})
    moved = await world.store.refused(PAIR, A)

    assert isinstance(moved, Pair)
    assert moved.node == B
    assert not await world.store.opened(PAIR, A), "a room that was made there after all must go"
    assert await world.store.opened(PAIR, B)
    assert await world.news(ana) == [RoomIsOpen(PAIR, B)]


async def test_the_other_gateway_hears_where_the_pair_is_now(world: World) -> None:
    """Both gateways may have tried; one room is made."""
    await world.report_nodes({A: UP, B: SILENT})
    await four(world)
    await world.commit_all(await propose(world, ANA, BEN, PAIR))
    await world.report_nodes({A: UP, B: UP})
    await world.store.refused(PAIR, A)

    assert await world.store.refused(PAIR, A) == await pair_of(world)
    await world.store.opened(PAIR, B)
    assert await world.store.refused(PAIR, B) == await pair_of(world), "an open room is not refused"


async def test_a_pair_that_no_node_takes_ends(world: World) -> None:
    """Nobody is at fault, so nobody backs off and both keep their place."""
    ana, ben = await world.paired(Mode.VIDEO)
    closed = await world.store.refused(PAIR, NODE)

    assert isinstance(closed, Closed)
    assert closed.ended is not None
    for caller in (ana, ben):
        (news,) = await world.news(caller)
        assert isinstance(news, PairEnded)
        assert (news.reason, news.by) == (EndReason.MEDIA_FAILED, "server")
        assert news.ticket is not None
        assert (news.ticket.since_ms, news.ticket.not_before_ms) == (closed.ended.matched_ms, 0)
    assert await world.store.refused(PAIR, NODE) == Closed(Outcome.DONE)


async def test_a_node_that_refused_is_tried_with_one_pair_at_a_time(world: World) -> None:
    """After a pause; once it takes a room all is as before."""
    await world.report_nodes({A: UP})
    await four(world)
    await world.commit_all(await propose(world, ANA, BEN, PAIR))
    await world.store.refused(PAIR, A)
    (at_once,) = await world.commit_all(await propose(world, CLEO, DAN, SECOND))
    await world.advance(REFUSAL_PAUSE_MS)
    await world.report_nodes({A: UP})
    one, other = await commit_two(world)

    assert isinstance(at_once, NoSlot)
    assert at_once.why is Pause.MEDIA_DOWN
    assert one == Committed(PAIR)
    assert isinstance(other, NoSlot)
    await world.store.opened(PAIR, A)
    assert await world.commit_all(await propose(world, CLEO, DAN, SECOND)) == [Committed(SECOND)]


async def test_a_room_that_is_gone_ends_its_pair(world: World) -> None:
    """Only one that was open, and on the node that carries it: hints may be late or wrong."""
    await world.paired(Mode.VIDEO)
    assert await world.store.room_lost(PAIR, NODE) == Closed(Outcome.DONE)
    await world.store.opened(PAIR, NODE)
    assert await world.store.room_lost(PAIR, NodeName("elsewhere")) == Closed(Outcome.DONE)
    closed = await world.store.room_lost(PAIR, NODE)

    assert closed.ended is not None
    assert closed.ended.at_fault == frozenset()
    assert set(await world.queue()) == {ANA, BEN}


# -- live_pairs, pairs_on, doubt ------------------------------------------------------------


async def test_live_pairs_are_those_that_are_not_over(world: World) -> None:
    """As they are now."""
    await world.paired()
    assert [pair.id for pair in await world.store.live_pairs([PAIR, SECOND])] == [PAIR]
    ana = await world.here(ANA)
    await world.store.leave(ana, PAIR)

    assert await world.store.live_pairs([PAIR, SECOND]) == []


async def test_pairs_on_a_node_are_those_with_an_open_room(world: World) -> None:
    """Whose room should be found there."""
    await world.paired(Mode.VIDEO)
    assert await world.store.pairs_on(NODE) == []
    await world.store.opened(PAIR, NODE)
    assert [pair.id for pair in await world.store.pairs_on(NODE)] == [PAIR]
    assert await world.store.pairs_on(A) == []
    await world.store.room_lost(PAIR, NODE)

    assert await world.store.pairs_on(NODE) == []


async def test_doubt_asks_both_for_a_sign_of_life(world: World) -> None:
    """It changes nothing else; nothing of a pair that is over."""
    ana, ben = await world.talking()
    await world.store.doubt(PAIR)

    assert await world.news(ana) == await world.news(ben) == [Relayed(Probe(PAIR))]
    await world.store.leave(ana, PAIR)
    await world.news(ben)
    await world.store.doubt(PAIR)
    assert await world.news(ben) == []


async def test_the_lease_of_the_nodes_is_no_shard(world: World) -> None:
    """Nobody waits in it."""
    await world.store.lease(NODES_LEASE, MATCHER)
    await world.waiting(ANA)
    shards, _ = await world.store.read_shards(0, 0)
    events, _ = await world.store.read_queue(cohort().key, 0, 0)
    state = (await world.snapshot(ANA)).state

    assert NODES_LEASE not in shards
    assert [type(event) for event in events] == [TicketArrived]
    assert not isinstance(state, Paired)
