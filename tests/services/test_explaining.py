"""`services/explaining.py`: store, matcher and rules put together for one person."""

from __future__ import annotations

import asyncio

import pytest

from duologue.errors import RateLimited, Unavailable
from duologue.ids import PairId, PersonId
from duologue.ledger import Attention
from duologue.matching.estimate import QueueStatus
from duologue.matching.rules import Facet, Rules
from duologue.protocol.codes import Pause
from duologue.services.explaining import AT_ONCE, EVERY_MS, Doing, Explained, Explainer, Queueing, Talkers
from duologue.store.memory import MemoryStore
from tests.builders import ANA, BEN, CLEO, DAN
from tests.contract.stores import GATEWAY, PAIR, SHARD, StoreUnderTest, World
from tests.fakes import ManualClock

RULES = Rules((Facet("language", 8_000),))
FRENCH = {"language": frozenset(["fr"])}


class Office:
    """An explainer, and the world that it looks at."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        store = MemoryStore(self.clock)

        async def advance(duration_ms: int) -> None:
            self.clock.advance(duration_ms)

        self.world = World(StoreUnderTest(store, advance))
        self.explainer = Explainer(RULES, self.clock)
        self.explainer.reached(store)

    async def asked(self, person: PersonId = ANA) -> Explained:
        found = await self.explainer.explain(person)
        assert found is not None
        return found

    async def queueing(self, person: PersonId = ANA) -> Queueing:
        found = (await self.asked(person)).queueing
        assert found is not None
        return found


@pytest.fixture
def office() -> Office:
    return Office()


async def test_who_waits_hears_what_stands_between_them_and_the_others(office: Office) -> None:
    """With their own wishes, so that the rules can be understood."""
    world = office.world
    await world.waiting(ANA, attempt=4, facets={"language": "en"}, wants=FRENCH)
    await world.waiting(BEN)
    await world.advance(3_000)
    found = await office.asked()
    queueing = waits(found)

    assert (found.doing, found.at_ms - (found.since_ms or 0), found.gateway) == (Doing.WAITING, 3_000, GATEWAY)
    assert (queueing.cohort, queueing.attempt, queueing.wants) == (SHARD, 4, {"language": ["fr"]})
    assert queueing.others.rejected == {"facet language: mine": 1}
    assert queueing.others.first_fit_ms == found.at_ms + 5_000
    assert queueing.others_whole


def waits(found: Explained) -> Queueing:
    assert found.queueing is not None
    return found.queueing


async def test_those_who_talk_are_counted_as_if_they_began_to_wait(office: Office) -> None:
    """With all their wishes, whatever those had loosened to when they were matched."""
    world = office.world
    for person in (BEN, CLEO):
        await world.waiting(person, wants=FRENCH)
    await world.advance(9_000)
    await world.match(BEN, CLEO)
    for person, language in ((ANA, "en"), (DAN, "fr")):
        await world.waiting(person, facets={"language": language})

    assert (await office.queueing(ANA)).talkers == Talkers(0, 2, 4, whole=True)
    office.clock.advance(EVERY_MS)
    assert (await office.queueing(DAN)).talkers == Talkers(2, 2, 4, whole=True)


async def test_what_the_matcher_says_of_the_cohort_is_passed_on(office: Office) -> None:
    """Why it stands still, and how long people like this one wait."""
    await office.world.waiting(ANA)
    await office.world.store.publish_status({SHARD: QueueStatus(1, 120_000, paused=Pause.MEDIA_BUSY)})
    queueing = await office.queueing()

    assert (queueing.matcher_reports, queueing.paused, queueing.estimate_ms) == (True, Pause.MEDIA_BUSY, 120_000)


async def test_a_cohort_without_a_matcher_is_told(office: Office) -> None:
    """Nobody is matched there, whoever fits."""
    await office.world.waiting(ANA)

    assert not (await office.queueing()).matcher_reports


async def test_who_is_not_offered_is_told_with_the_reason(office: Office) -> None:
    """Here: pings are not answered."""
    await office.world.store.attend(await office.world.waiting(ANA), Attention.QUIET)
    found = await office.asked()

    assert (found.attention, waits(found).offered) == (Attention.QUIET, False)


async def test_who_talks_does_not_wait(office: Office) -> None:
    """The pair has a name, under which the log has it; the other one is not named."""
    await office.world.talking()
    found = await office.asked()

    assert (found.doing, found.since_ms, found.queueing) == (Doing.TALKING, found.at_ms, None)
    assert found.talk is not None
    assert (found.talk.pair, BEN in str(found)) == (PAIR, False)


async def test_a_pair_that_is_being_connected_is_no_talk_yet(office: Office) -> None:
    """Since the match."""
    await office.world.waiting(ANA)
    await office.world.waiting(BEN)
    await office.world.match(ANA, BEN, PairId("new"))

    assert (await office.asked()).doing is Doing.MATCHED


async def test_who_does_nothing_is_idle(office: Office) -> None:
    """The ledger knows since when they are here, and no more."""
    await office.world.here(ANA)
    found = await office.asked()

    assert (found.doing, found.since_ms, found.seen_ms) == (Doing.IDLE, None, found.at_ms)


async def test_nobody_is_said_of_a_stranger(office: Office) -> None:
    """None is no error."""
    assert await office.explainer.explain(ANA) is None


async def test_questions_come_one_a_second(office: Office) -> None:
    """It says when the next one may come."""
    await office.explainer.explain(ANA)
    with pytest.raises(RateLimited) as refused:
        await office.explainer.explain(ANA)

    office.clock.advance(refused.value.retry_after_ms)
    await office.explainer.explain(ANA)


async def test_one_question_is_answered_at_a_time_and_others_run_meanwhile(office: Office) -> None:
    """However long it takes: many who wait are compared in small parts."""
    await office.world.waiting(ANA)
    for n in range(3 * AT_ONCE):
        await office.world.waiting(PersonId(f"p{n}"))
    first = asyncio.create_task(office.explainer.explain(ANA))
    turns = 0
    while not first.done():
        await asyncio.sleep(0)
        turns += 1
        office.clock.advance(EVERY_MS)
        if not first.done():
            with pytest.raises(RateLimited):
                await office.explainer.explain(BEN)

    assert turns > 2
    assert (await first) is not None


async def test_before_the_store_was_reached_it_says_so() -> None:
    """The admin listener is there first."""
    explainer = Explainer(RULES, ManualClock())
    with pytest.raises(Unavailable, match="starts"):
        await explainer.explain(ANA)
