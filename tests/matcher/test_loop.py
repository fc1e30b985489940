"""The matcher follows the queue, and the commit is what counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from structlog.testing import capture_logs

from duologue.clock import SystemClock
from duologue.errors import Unavailable
from duologue.ids import MatcherId, PersonId
from duologue.ledger import CommitResult, Committed, Idle, Paired, Proposal, QueueEvent
from duologue.matcher import loop
from duologue.matcher.loop import Matcher
from duologue.matcher.shard import Shard
from duologue.matching.estimate import QueueStatus
from duologue.matching.rules import Rules
from duologue.metrics.bounded import Bounded
from duologue.nodes import NodeHealth
from duologue.ports import ResyncNeeded
from duologue.protocol.codes import Mode, Pause
from duologue.safety.ratelimit import UNLIMITED, Rate
from duologue.store.ledger import Terms
from duologue.store.ledger.records import Epoch
from duologue.store.memory import MemoryStore
from duologue.tasks import Tasks
from tests.builders import ANA, BEN, CLEO, NODE, cohort, ticket
from tests.contract.stores import StoreUnderTest, World
from tests.fakes import CountingRng, wait_until


class Uneasy(MemoryStore):
    """A store in which something can happen just before a commit, and which can fail a reader."""

    def __init__(self, clock: SystemClock) -> None:
        super().__init__(clock)
        self.results: list[CommitResult] = []
        self.cancel_first: PersonId | None = None
        self.reader_errors: list[Exception] = []
        self.batches: list[int] = []
        self.broken_shard: str | None = None

    async def lease(self, shard: str, matcher: MatcherId) -> int | None:
        """One shard's lease may fail as nothing should."""
        if shard == self.broken_shard:
            raise KeyError("nobody foresaw it")
        return await super().lease(shard, matcher)

    async def commit(self, shard: str, fence: int, proposals: Sequence[Proposal]) -> list[CommitResult]:
        """Somebody cancels while the match is on its way."""
        if self.cancel_first is not None:
            self.ledger.dequeue(self.ledger.people[self.cancel_first])
            self.cancel_first = None
        self.batches.append(len(proposals))
        results = await super().commit(shard, fence, proposals)
        self.results += results
        return results

    async def read_queue(self, shard: str, after: int, wait_ms: int) -> tuple[list[QueueEvent], int]:
        """First what went wrong, then the queue."""
        if self.reader_errors:
            raise self.reader_errors.pop()
        return await super().read_queue(shard, after, wait_ms)


class Town(World):
    """A store, and as many matchers as a test starts."""

    def __init__(self) -> None:
        self.memory = Uneasy(SystemClock())
        super().__init__(StoreUnderTest(self.memory, SystemClock().sleep_ms))
        self.tasks = Tasks()
        self.rng = CountingRng()
        self._health, self._slots = NodeHealth.UP, UNLIMITED

    def start_matcher(self) -> Matcher:
        matcher = Matcher(self.store, SystemClock(), self.rng, Rules(recently_met_after_ms=200), self.tasks)
        matcher.start()
        return matcher

    async def report(self, health: NodeHealth | None = None, slots: Rate | None = None) -> None:
        """Say how the one media node is, from now on."""
        self._health, self._slots = health or self._health, slots or self._slots
        await self.report_nodes({NODE: self._health}, self._slots)

    @property
    def pairs(self) -> set[frozenset[PersonId]]:
        return {frozenset(side.person for side in pair.sides) for pair in self.memory.ledger.pairs.values()}


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    town = Town()
    yield town
    await town.tasks.cancel_all()


async def test_two_who_wait_are_matched(town: Town) -> None:
    """Also those who waited before the matcher started."""
    await town.waiting(ANA)
    await town.waiting(BEN)
    town.start_matcher()
    await wait_until(lambda: town.pairs, description="they are a pair")

    assert town.pairs == {frozenset([ANA, BEN])}


async def test_cohorts_are_never_crossed(town: Town) -> None:
    """Two who look for different things wait on."""
    town.start_matcher()
    await town.waiting(ANA, cohort=cohort(age_band="teen"))
    await town.waiting(BEN)
    await town.waiting(CLEO)
    await wait_until(lambda: town.pairs, description="the others are a pair")

    assert town.pairs == {frozenset([BEN, CLEO])}


async def test_a_defect_in_one_shard_leaves_the_others_alone(town: Town) -> None:
    """The broken one comes first in every turn; the matcher still has the other, and tells of the defect."""
    await town.waiting(ANA, cohort=cohort(age_band="teen"))
    [town.memory.broken_shard] = (await town.store.read_shards(0, 0))[0]
    await town.waiting(BEN)
    await town.waiting(CLEO)
    with capture_logs() as logs:
        town.start_matcher()
        await wait_until(lambda: town.pairs, description="the others are a pair")

    assert town.pairs == {frozenset([BEN, CLEO])}
    assert "loop_failed" in {entry["event"] for entry in logs}


async def test_who_was_left_over_by_a_stale_commit_is_offered_again(town: Town) -> None:
    """The partner cancelled while the match was on its way; the next one does."""
    await town.waiting(ANA)
    await town.waiting(BEN)
    town.memory.cancel_first = ANA
    town.start_matcher()
    await wait_until(lambda: town.memory.results, description="the first commit was tried")
    await town.waiting(CLEO)
    await wait_until(lambda: town.pairs, description="the survivor has a partner")

    assert town.pairs == {frozenset([BEN, CLEO])}
    assert (await town.snapshot(ANA)).state == Idle()


async def test_a_survivor_meets_somebody_who_waits_already(town: Town) -> None:
    """Being offered again is an arrival like any other."""
    for person in (ANA, BEN):
        await town.waiting(person, wants={"language": frozenset(["en"])}, facets={"language": "en"})
    await town.waiting(CLEO, facets={"language": "en"})
    town.memory.cancel_first = ANA
    town.start_matcher()
    await wait_until(lambda: town.pairs, description="the survivors are a pair")

    assert town.pairs == {frozenset([BEN, CLEO])}


async def test_two_matchers_never_pair_one_person_twice(town: Town) -> None:
    """They are wasteful, never wrong; and everybody is matched."""
    town.start_matcher()
    town.start_matcher()
    people = [PersonId(f"p{n}") for n in range(60)]
    for person in people:
        await town.waiting(person)
    await wait_until(lambda: len(town.pairs) == 30, description="everybody has a partner")
    committed = [result.pair for result in town.memory.results if isinstance(result, Committed)]

    assert len(committed) == len(set(committed)) == 30
    assert frozenset().union(*town.pairs) == frozenset(people)


async def test_people_who_met_lately_meet_again_after_a_while(town: Town) -> None:
    """The matcher wakes by itself when a wish loosens."""
    town.start_matcher()
    await town.waiting(ANA)
    await town.waiting(BEN)
    await wait_until(lambda: town.pairs, description="they meet")
    (pair,) = town.memory.ledger.pairs
    ana = await town.here(ANA)
    await town.store.next(ana, pair, 2, None)
    await wait_until(lambda: town.pairs and pair not in town.memory.ledger.pairs, description="they meet again")

    assert isinstance((await town.snapshot(ANA)).state, Paired)


@pytest.mark.parametrize("error", [ResyncNeeded(0), Unavailable("store")], ids=["resync", "unavailable"])
async def test_a_matcher_that_lost_its_place_reads_the_ledger_again(town: Town, error: Exception) -> None:
    """And goes on."""
    await town.waiting(ANA)
    await town.waiting(BEN)
    town.memory.reader_errors.append(error)
    town.start_matcher()
    await wait_until(lambda: town.pairs, description="they are a pair")

    assert town.pairs == {frozenset([ANA, BEN])}


async def test_what_a_cohort_looks_like_is_published(town: Town) -> None:
    """How many wait, and how long people like them do."""
    town.start_matcher()
    await town.waiting(ANA)
    await town.waiting(BEN)
    await wait_until(lambda: town.pairs, description="two meet")
    await town.waiting(CLEO)
    board = town.memory._status
    await wait_until(
        lambda: (entry := board.get(cohort().key)) is not None and entry[1].waiting_count == 1,
        description="the figures are fresh",
    )
    status = (await town.store.read_status())[cohort().key]

    assert 0 <= (status.estimate_for(ticket(CLEO), Rules()) or -1) < 10_000


# -- join slots -------------------------------------------------------------------------------


VIDEO = cohort(Mode.VIDEO)
PEOPLE = [PersonId(f"p{n}") for n in range(6)]


async def status_of(town: Town, key: str = VIDEO.key) -> QueueStatus:
    return (await town.store.read_status()).get(key, QueueStatus())


async def until_paused(town: Town, why: Pause | None, key: str = VIDEO.key) -> None:
    """The matcher says so, too, to people who wait."""
    async with asyncio.timeout(10):
        while (await status_of(town, key)).paused is not why:
            await town.report()
            await asyncio.sleep(0.02)


async def test_without_a_media_server_people_wait_and_go_on_with_it(town: Town) -> None:
    """One mechanism pauses and resumes; nobody leaves the queue, text goes on, and the log says each once."""
    await town.report(NodeHealth.DOWN)
    with capture_logs() as logs:
        town.start_matcher()
        for person in PEOPLE[:4]:
            await town.waiting(person, cohort=VIDEO)
        await until_paused(town, Pause.MEDIA_DOWN)
        assert (await status_of(town)).waiting_count == 4
        assert set(await town.queue()) == set(PEOPLE[:4])
        for person in (ANA, BEN):
            await town.waiting(person)
        await wait_until(lambda: town.pairs == {frozenset([ANA, BEN])}, description="two meet by text")

        await town.report(NodeHealth.UP)
        await wait_until(lambda: len(town.pairs) == 3, description="all are pairs")
        await until_paused(town, None)
    told = [line["event"] for line in logs if line["event"].startswith("matching_")]

    assert told == ["matching_paused", "matching_resumed"]


async def test_a_store_that_began_anew_pauses_matching_for_a_moment(town: Town) -> None:
    """Text, too: whoever seems to wait may be in a talk. People are told, and the log says it once."""
    began_ms = SystemClock().now_ms() - Terms().settle_ms // 3  # so that figures come out once before it is over
    town.memory.records.epoch = Epoch(town.memory.records.store_id, began_ms)
    with capture_logs() as logs:
        town.start_matcher()
        for person in (ANA, BEN):
            await town.waiting(person)
        await until_paused(town, Pause.MATCHING_DOWN, cohort().key)
        assert town.pairs == set()
        await wait_until(lambda: town.pairs, description="they are a pair")
        await until_paused(town, None, cohort().key)
    told = [(line["event"], line["log_level"]) for line in logs if line["log_level"] != "debug"]

    assert [each for each in told if each[1] == "warning"] == [("matching_paused", "warning")]
    assert ("matching_resumed", "info") in told


async def test_pairs_come_no_faster_than_slots(town: Town) -> None:
    """First come, first served; the ledger's own clock counts."""
    await town.report(slots=Rate(interval_ms=60_000, burst=2))
    town.start_matcher()
    for person in PEOPLE:
        await town.waiting(person, cohort=VIDEO)
    await until_paused(town, Pause.MEDIA_BUSY)

    assert town.pairs == {frozenset(PEOPLE[0:2]), frozenset(PEOPLE[2:4])}
    assert set(await town.queue()) == set(PEOPLE[4:])


async def test_who_leaves_while_held_sets_the_other_free_at_once(town: Town) -> None:
    """The other one does not wait behind a match that will never be."""
    await town.report(NodeHealth.DOWN)
    town.start_matcher()
    ana = await town.waiting(ANA, cohort=VIDEO)
    await town.waiting(BEN, cohort=VIDEO)
    await until_paused(town, Pause.MEDIA_DOWN)
    await town.store.cancel(ana, 1)
    await town.waiting(CLEO, cohort=VIDEO)
    await town.report(NodeHealth.UP)
    await wait_until(lambda: town.pairs, description="the others are a pair")

    assert town.pairs == {frozenset([BEN, CLEO])}


async def test_new_wishes_while_held_count(town: Town) -> None:
    """The held match was for the old ones."""
    await town.report(NodeHealth.DOWN)
    town.start_matcher()
    ana = await town.waiting(ANA, cohort=VIDEO)
    await town.waiting(BEN, cohort=VIDEO)
    await until_paused(town, Pause.MEDIA_DOWN)
    await town.find(ana, 2, cohort=VIDEO, avoid=frozenset([BEN]))
    await town.waiting(CLEO, cohort=VIDEO, avoid=frozenset([BEN]))
    await town.report(NodeHealth.UP)
    await wait_until(lambda: town.pairs, description="the others are a pair")

    assert town.pairs == {frozenset([ANA, CLEO])}


async def test_a_long_line_does_not_cost_the_lot_each_time(town: Town) -> None:
    """While slots are short, few are proposed at once."""
    await town.report(NodeHealth.DOWN)
    for n in range(200):
        await town.waiting(PersonId(f"p{n}"), cohort=VIDEO)
    town.start_matcher()
    await wait_until(lambda: len(town.memory.batches) >= 4, description="it asked some times")

    assert town.memory.batches[:4] == [100, 1, 1, 1]


async def test_a_shard_whose_loop_died_is_taken_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect must not leave a cohort with an owner that does nothing."""
    await town.waiting(ANA)
    await town.waiting(BEN)
    town.memory.reader_errors.append(KeyError("a defect"))
    town.start_matcher()
    await wait_until(lambda: town.pairs, description="they are a pair")

    assert town.pairs == {frozenset([ANA, BEN])}


async def test_cohorts_that_share_a_label_tell_the_longest_lag(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue that nobody reads is not hidden by another one, whichever was taken last."""
    teens, adults = cohort(age_band="teen"), cohort()
    lags_ms = {teens.key: 9_000, adults.key: 1}
    monkeypatch.setattr(loop, "COHORTS", Bounded(0))
    monkeypatch.setattr(Shard, "lag_ms", property(lambda shard: lags_ms[shard.key]))
    await town.waiting(ANA, cohort=teens)
    await town.waiting(BEN, cohort=adults)
    matcher = town.start_matcher()
    await wait_until(lambda: matcher.owned() == {(): 2}, description="both are owned")

    assert matcher.lag_s() == {("other",): 9}


async def test_a_matcher_that_stops_gives_its_shards_to_others_at_once(town: Town) -> None:
    """And takes none again while the others start."""
    await town.waiting(ANA)
    first = town.start_matcher()
    await wait_until(lambda: first._owned, description="it owns the shard")
    await first.stop()
    await first._claim([cohort().key])
    assert not first._owned

    assert await town.store.lease(cohort().key, MatcherId("second")) is not None


async def test_a_matcher_that_stops_bears_a_shard_that_ends_meanwhile(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deposed, say, while another one is given back."""
    for person, age_band in ((ANA, "teen"), (BEN, "adult")):
        await town.waiting(person, cohort=cohort(age_band=age_band))
    matcher = town.start_matcher()
    await wait_until(lambda: len(matcher._owned) == 2, description="it owns both shards")

    async def others_end(_shard: str, _matcher: MatcherId) -> None:
        for _, task in matcher._owned.values():
            task.cancel()
        await wait_until(lambda: not matcher._owned, description="they have ended")

    monkeypatch.setattr(town.store, "release", others_end)
    await matcher.stop()

    assert not matcher._owned
