"""`ports.TicketStore`: who waits, and how two of them become a pair."""

from __future__ import annotations

import asyncio

import pytest

from duologue.ids import PairId
from duologue.ledger import (
    Closed,
    Committed,
    Dequeued,
    Idle,
    Outcome,
    Paired,
    PairEnded,
    PairFormed,
    Proposal,
    Queued,
    Rejected,
    TicketArrived,
    TicketGone,
)
from duologue.matching.estimate import QueueStatus
from duologue.ports import ResyncNeeded
from duologue.protocol.codes import EndReason, Mode
from tests.builders import ANA, BEN, CLEO, NODE, cohort
from tests.contract.stores import PAIR, SHARD, MakeStore, World, asking

# -- find -----------------------------------------------------------------------------------


async def test_find_puts_somebody_into_the_queue(world: World) -> None:
    """They wait with their wishes, and hear it."""
    ana = await world.waiting(ANA, interests=frozenset(["chess"]))
    queue = await world.queue()

    assert list(queue) == [ANA]
    assert queue[ANA].interests == {"chess"}
    assert await world.news(ana) == [Queued(queue[ANA])]


async def test_the_store_fills_in_rev_and_since(world: World) -> None:
    """What a client could lie about is not the client's to say."""
    ana = await world.here(ANA)
    await world.find(ana, rev=99, since_ms=1)
    ticket = (await world.queue())[ANA]

    assert ticket.since_ms > 1_000_000_000_000
    assert ticket.rev != 99


async def test_an_attempt_that_is_not_newer_does_nothing(world: World) -> None:
    """A command that arrives twice, or late, is DONE and changes nothing."""
    ana = await world.here(ANA)
    await world.find(ana, 5)
    before = await world.queue()
    await world.news(ana)

    assert await world.find(ana, 5, interests=frozenset(["chess"])) is Outcome.DONE
    assert await world.find(ana, 4, interests=frozenset(["chess"])) is Outcome.DONE
    assert await world.queue() == before
    assert await world.news(ana) == []


async def test_an_attempt_that_was_cancelled_does_not_come_back(world: World) -> None:
    """A late repetition of an old search starts nothing."""
    ana = await world.waiting(ANA)
    await world.store.cancel(ana, 1)

    assert await world.find(ana, 1) is Outcome.DONE
    assert await world.queue() == {}


async def test_new_wishes_keep_the_wait(world: World) -> None:
    """Somebody who already waits waits on with the new wishes and the old place."""
    ana = await world.waiting(ANA)
    before = (await world.queue())[ANA]
    await world.advance(5_000)
    await world.find(ana, 2, interests=frozenset(["chess"]))
    after = (await world.queue())[ANA]

    assert (before.since_ms, frozenset(["chess"]), 2) == (after.since_ms, after.interests, after.attempt)
    assert after.rev > before.rev


async def test_a_wait_after_a_cancelled_one_starts_anew(world: World) -> None:
    """Seniority belongs to a wait, not to a person."""
    ana = await world.waiting(ANA)
    before = (await world.queue())[ANA]
    await world.store.cancel(ana, 1)
    await world.advance(5_000)
    await world.find(ana, 2)

    assert (await world.queue())[ANA].since_ms == before.since_ms + 5_000


async def test_find_in_a_pair_is_refused(world: World) -> None:
    """Nobody waits and talks at once."""
    ana, _ = await world.paired()

    assert await world.find(ana, 2) is Outcome.REFUSED
    assert isinstance((await world.snapshot(ANA)).state, Paired)


async def test_a_repeated_request_id_repeats_its_answer(world: World) -> None:
    """A client that does not know whether a command arrived sends it again."""
    ana, _ = await world.paired()

    assert await world.find(asking(ana, "r1"), 2) is Outcome.REFUSED
    await world.store.leave(ana, PAIR)
    assert await world.find(asking(ana, "r1"), 2) is Outcome.REFUSED
    assert ANA not in await world.queue()


async def test_a_repeated_request_is_known_in_the_next_session(world: World) -> None:
    """The reply may be lost together with the socket."""
    ana, ben = await world.talking()
    first = await world.store.next(asking(ana, "r1"), PAIR, 2, None)
    await world.here(ANA)
    ana = await world.here(ANA)
    await world.news(ben)

    assert await world.store.next(asking(ana, "r1"), PAIR, 2, None) == first
    assert await world.news(ben) == []


async def test_recently_met_people_are_filled_in(world: World) -> None:
    """After a talk both tickets say whom they met."""
    ana, ben = await world.talking()
    await world.store.leave(ana, PAIR)
    await world.find(ana, 2)
    queue = await world.queue()

    assert (frozenset([BEN]), frozenset([ANA])) == (queue[ANA].met, queue[BEN].met)
    assert ben.person == BEN


async def test_a_meeting_is_forgotten_after_a_while(world: World) -> None:
    """Half an hour later two people may well meet again."""
    ana, _ = await world.talking()
    await world.store.leave(ana, PAIR)
    await world.advance(31 * 60_000)
    await world.find(ana, 2)

    assert (await world.queue())[ANA].met == frozenset()


async def test_a_pair_that_never_talked_is_no_meeting(world: World) -> None:
    """Where no media server took them, they may try again with each other."""
    await world.paired(Mode.VIDEO)
    await world.store.refused(PAIR, NODE)

    assert (await world.queue())[ANA].met == frozenset()


# -- cancel ---------------------------------------------------------------------------------


async def test_cancel_stops_the_waiting(world: World) -> None:
    """They are idle, the queue hears it, and so does every session view."""
    ana = await world.waiting(ANA)
    await world.news(ana)

    assert await world.store.cancel(ana, 1) == Closed(Outcome.DONE)
    assert await world.queue() == {}
    assert await world.news(ana) == [Dequeued()]


async def test_a_cancel_that_crosses_a_commit_ends_the_pair(world: World) -> None:
    """Who pressed Stop while a match was on its way does not end up in a talk; the other keeps the wait."""
    ana = await world.waiting(ANA)
    ben = await world.waiting(BEN)
    since_ms = (await world.queue())[BEN].since_ms
    await world.advance(2_000)
    await world.match(ANA, BEN)
    await world.news(ben)
    closed = await world.store.cancel(ana, 1)

    assert closed.ended is not None
    assert (closed.ended.id, closed.ended.ended) == (PAIR, EndReason.LEFT)
    assert (await world.snapshot(ANA)).state == Idle()
    (ended,) = await world.news(ben)
    assert isinstance(ended, PairEnded)
    assert ended.ticket is not None
    assert ended.ticket.since_ms == since_ms


async def test_a_cancel_of_an_older_attempt_does_nothing(world: World) -> None:
    """A late Stop does not stop the search that came after it."""
    ana = await world.here(ANA)
    await world.find(ana, 1)
    await world.find(ana, 2)

    assert await world.store.cancel(ana, 1) == Closed(Outcome.DONE)
    assert list(await world.queue()) == [ANA]


async def test_cancel_when_idle_does_nothing(world: World) -> None:
    """It holds already."""
    ana = await world.here(ANA)

    assert await world.store.cancel(ana, 1) == Closed(Outcome.DONE)
    assert await world.news(ana) == []


# -- commit ---------------------------------------------------------------------------------


async def test_commit_makes_a_pair_and_tells_both(world: World) -> None:
    """Both leave the queue and hear of the same pair."""
    ana, ben = await world.waiting(ANA), await world.waiting(BEN)
    await world.news(ana)
    await world.news(ben)
    await world.match(ANA, BEN)
    (for_ana,), (for_ben,) = await world.news(ana), await world.news(ben)

    assert await world.queue() == {}
    assert isinstance(for_ana, PairFormed)
    assert for_ana == for_ben
    assert (for_ana.pair.id, for_ana.attempt) == (PAIR, 1)
    assert [side.person for side in for_ana.pair.sides] == [ANA, BEN]
    assert [side.alias for side in for_ana.pair.sides] == ["Heron", "Otter"]


async def test_commit_takes_each_ticket_once(world: World) -> None:
    """Two matchers that offer the same ticket cannot both win it; who is left over is reported."""
    for person in (ANA, BEN, CLEO):
        await world.waiting(person)
    queue = await world.queue()

    assert await world.commit(queue[ANA], queue[BEN], PairId("p1")) == Committed(PairId("p1"))
    assert await world.commit(queue[ANA], queue[CLEO], PairId("p2")) == Rejected((queue[CLEO],))
    assert await world.queue() == {CLEO: queue[CLEO]}


async def test_one_batch_cannot_take_a_ticket_twice_either(world: World) -> None:
    """Proposals of one call are judged one after the other."""
    for person in (ANA, BEN, CLEO):
        await world.waiting(person)
    queue = await world.queue()
    names = ("Heron", "Otter")
    results = await world.commit_all(
        Proposal(PairId("p1"), (queue[ANA], queue[BEN]), names),
        Proposal(PairId("p2"), (queue[CLEO], queue[BEN]), names),
    )

    assert results == [Committed(PairId("p1")), Rejected((queue[CLEO],))]


async def test_commit_refuses_who_is_away(world: World) -> None:
    """Nobody is matched with an empty chair."""
    ana = await world.waiting(ANA)
    await world.waiting(BEN)
    queue = await world.queue()
    await world.store.depart(ana, 15_000)

    assert await world.commit(queue[ANA], queue[BEN]) == Rejected((queue[BEN],))
    assert list(await world.queue()) == [BEN]


async def test_commit_refuses_who_cancelled(world: World) -> None:
    """A match for a search that is over is stale."""
    ana = await world.waiting(ANA)
    await world.waiting(BEN)
    queue = await world.queue()
    await world.store.cancel(ana, 1)

    assert await world.commit(queue[ANA], queue[BEN]) == Rejected((queue[BEN],))


@pytest.mark.parametrize(("who", "whom"), [(ANA, BEN), (BEN, ANA)])
async def test_commit_refuses_who_avoids_the_other(world: World, who: str, whom: str) -> None:
    """A block holds in both directions, whatever a matcher thinks."""
    for person in (ANA, BEN):
        await world.waiting(person, avoid=frozenset([whom] if person == who else []))
    queue = await world.queue()

    assert await world.commit(queue[ANA], queue[BEN]) == Rejected((queue[ANA], queue[BEN]))
    assert set(await world.queue()) == {ANA, BEN}


async def test_commit_refuses_a_pair_with_oneself(world: World) -> None:
    """One ticket is not two people."""
    await world.waiting(ANA)
    ticket = (await world.queue())[ANA]

    assert isinstance(await world.commit(ticket, ticket), Rejected)
    assert list(await world.queue()) == [ANA]


async def test_commit_refuses_a_ticket_that_changed(world: World) -> None:
    """A match that was found for older wishes is stale instead of wrong."""
    ana = await world.waiting(ANA)
    await world.waiting(BEN)
    queue = await world.queue()
    await world.find(ana, 2, wants={"language": frozenset(["fr"])})

    assert await world.commit(queue[ANA], queue[BEN]) == Rejected((queue[BEN],))
    assert set(await world.queue()) == {ANA, BEN}


async def test_commit_refuses_a_ticket_of_an_earlier_session(world: World) -> None:
    """Coming back makes a new revision, so old matches do not count."""
    await world.waiting(ANA)
    await world.waiting(BEN)
    queue = await world.queue()
    await world.arrive(ANA)

    assert await world.commit(queue[ANA], queue[BEN]) == Rejected((queue[BEN],))


async def test_commit_refuses_two_cohorts(world: World) -> None:
    """Whoever looks for text never meets somebody who looks for video."""
    await world.waiting(ANA, cohort=cohort(Mode.TEXT))
    await world.waiting(BEN, cohort=cohort(Mode.VIDEO))
    queue = await world.queue()

    assert isinstance(await world.commit(queue[ANA], queue[BEN]), Rejected)


async def test_a_rejected_proposal_changes_nothing(world: World) -> None:
    """The survivor's ticket is the very same, and nobody hears anything."""
    ana = await world.waiting(ANA)
    ben = await world.waiting(BEN)
    queue = await world.queue()
    await world.store.cancel(ana, 1)
    await world.news(ana)
    await world.news(ben)
    await world.commit(queue[ANA], queue[BEN])

    assert await world.queue() == {BEN: queue[BEN]}
    assert (await world.news(ana), await world.news(ben)) == ([], [])


async def test_repeating_a_commit_makes_no_second_pair(world: World) -> None:
    """After a lost answer the same proposal is safe to send again."""
    ana, _ = await world.waiting(ANA), await world.waiting(BEN)
    queue = await world.queue()
    await world.commit(queue[ANA], queue[BEN])
    await world.news(ana)

    assert await world.commit(queue[ANA], queue[BEN]) == Rejected(())
    assert await world.news(ana) == []


# -- read_queue -----------------------------------------------------------------------------


async def test_position_0_starts_with_everybody_who_waits(world: World) -> None:
    """A matcher that starts needs no history."""
    await world.waiting(ANA)
    ben = await world.waiting(BEN)
    await world.store.cancel(ben, 1)

    assert list(await world.queue()) == [ANA]


async def test_the_queue_is_followed_from_a_position(world: World) -> None:
    """Every change arrives once and in order."""
    ana = await world.waiting(ANA)
    _, position = await world.store.read_queue(SHARD, 0, 0)
    await world.find(ana, 2)
    changed = (await world.queue())[ANA]
    await world.store.cancel(ana, 2)
    events, position = await world.store.read_queue(SHARD, position, 0)

    assert events == [TicketArrived(changed), TicketGone(ANA, changed.cohort.key)]
    assert await world.store.read_queue(SHARD, position, 0) == ([], position)


async def test_the_queue_says_when_somebody_is_away_and_back(world: World) -> None:
    """Such a ticket is withdrawn and offered again, not lost."""
    ana = await world.waiting(ANA)
    _, position = await world.store.read_queue(SHARD, 0, 0)
    await world.store.depart(ana, 15_000)
    await world.arrive(ANA)
    events, _ = await world.store.read_queue(SHARD, position, 0)

    assert [type(event) for event in events] == [TicketGone, TicketArrived]


async def test_the_queue_tells_of_those_who_wait_again(world: World) -> None:
    """After a pair that never talked both tickets are offered again."""
    await world.paired(Mode.VIDEO)
    shard = cohort(Mode.VIDEO).key
    _, position = await world.store.read_queue(shard, 0, 0)
    await world.store.refused(PAIR, NODE)
    events, _ = await world.store.read_queue(shard, position, 0)

    assert {event.ticket.person for event in events if isinstance(event, TicketArrived)} == {ANA, BEN}


async def test_reading_an_empty_queue_waits_for_the_first_ticket(world: World) -> None:
    """A matcher sleeps until there is something to do."""
    ana = await world.here(ANA)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        reading = group.create_task(world.store.read_queue(SHARD, 0, 4_000))
        await asyncio.sleep(0)
        await world.find(ana)

    events, _ = reading.result()
    assert [event.ticket.person for event in events if isinstance(event, TicketArrived)] == [ANA]


async def test_reading_at_the_end_waits_for_the_next_ticket(world: World) -> None:
    """The same for one who has seen everything so far."""
    await world.waiting(ANA)
    ben = await world.here(BEN)
    _, position = await world.store.read_queue(SHARD, 0, 0)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        reading = group.create_task(world.store.read_queue(SHARD, position, 4_000))
        await asyncio.sleep(0)
        await world.find(ben)

    events, _ = reading.result()
    assert [event.ticket.person for event in events if isinstance(event, TicketArrived)] == [BEN]


async def test_reading_in_vain_ends_after_the_wait(world: World) -> None:
    """Nothing came: the position stays."""
    await world.waiting(ANA)
    _, position = await world.store.read_queue(SHARD, 0, 0)

    assert await world.store.read_queue(SHARD, position, 20) == ([], position)


async def test_a_reader_that_fell_behind_is_told(make_store: MakeStore) -> None:
    """Trimmed changes are never skipped in silence."""
    async with make_store(keeps=3) as under_test:
        world = World(under_test)
        ana = await world.waiting(ANA)
        _, position = await world.store.read_queue(SHARD, 0, 0)
        for attempt in range(2, 40):
            await world.find(ana, attempt)

        with pytest.raises(ResyncNeeded):
            await world.store.read_queue(SHARD, position, 0)
        assert list(await world.queue()) == [ANA]


# -- status ---------------------------------------------------------------------------------


async def test_a_status_is_what_was_published_last(world: World) -> None:
    """Gateways read what matchers say, cohort by cohort."""
    await world.store.publish_status({"a": QueueStatus(1), "b": QueueStatus(2, 500)})
    await world.store.publish_status({"a": QueueStatus(3)})

    assert await world.store.read_status() == {"a": QueueStatus(3), "b": QueueStatus(2, 500)}


async def test_a_status_that_nobody_repeats_goes_away(world: World) -> None:
    """Figures of a dead matcher are not shown for ever."""
    await world.store.publish_status({"a": QueueStatus(1)})
    await world.advance(6_000)

    assert await world.store.read_status() == {}
