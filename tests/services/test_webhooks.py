"""Hooks make us look, and nothing more."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping

import pytest

from duologue.ids import PairId
from duologue.ledger import News, PairEnded, Probe, Relayed
from duologue.media.fake import FakeMedia
from duologue.media.webhook import read_webhook
from duologue.metrics import definitions as metrics
from duologue.ports import Webhook, WebhookRefused
from duologue.protocol.codes import Mode
from duologue.services.pairs import Pairs
from duologue.services.webhooks import RATE, REMEMBERED, TRIAL_HEARD, Webhooks, trial_mark
from duologue.store.memory import MemoryLimiter, MemoryStore
from duologue.tasks import Tasks
from tests.builders import BEN, NODE
from tests.contract.stores import PAIR, StoreUnderTest, World
from tests.fakes import ManualClock
from tests.figures import Counted
from tests.media.hooks import KEY, SECRET, body_of, signature


class SigningMedia(FakeMedia):
    """A media server that signs its hooks."""

    def read_webhook(self, body: bytes, authorization: str) -> Webhook:
        return read_webhook(body, authorization, {KEY: SECRET}, self._now_ms())


class House(World):
    """Ana and Ben talk by video, and a media server tells of it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        super().__init__(StoreUnderTest(MemoryStore(self.clock), self.clock.sleep_ms))
        self.media = SigningMedia(now_ms=self.clock.now_ms)
        self.tasks = Tasks()
        self.pairs = Pairs(self.store, self.media, self.clock, self.tasks)
        self.limiter = MemoryLimiter(self.clock)
        self.webhooks = Webhooks(self.store, self.media, self.pairs, self.clock, self.limiter)
        self._ids = itertools.count()
        self._counted = Counted(metrics.WEBHOOKS)

    async def talk(self) -> None:
        _, self.ben = await self.paired(Mode.VIDEO)
        (pair,) = await self.store.live_pairs([PAIR])
        await self.pairs.open(pair)
        await self.news(self.ben)

    async def tell(self, event: str, room: str = PAIR, id_: str | None = None) -> None:
        body = body_of(event, room={"name": room}, id=id_ or f"EV_{next(self._ids)}", createdAt=str(self._now_s))
        await self.webhooks.take(body, signature(body, now_ms=self.clock.now_ms()))

    @property
    def _now_s(self) -> int:
        return self.clock.now_ms() // 1000

    async def heard(self) -> list[News]:
        """What Ben heard since."""
        return await self.news(self.ben)

    @property
    def counts(self) -> Mapping[str, float]:
        return self._counted()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    await house.talk()
    yield house
    await house.tasks.cancel_all()


async def test_who_left_the_room_is_asked_for_a_sign_of_life(house: House) -> None:
    """And the partner: it is not said reliably who it was. Nothing ends by it."""
    await house.tell("participant_left")

    assert await house.heard() == [Relayed(Probe(PAIR))]
    assert await house.store.live_pairs([PAIR])


async def test_a_room_that_is_really_gone_ends_its_pair_by_the_server(house: House) -> None:
    """Nobody is at fault."""
    house.media.on[NODE].rooms.clear()
    await house.tell("room_finished")
    (ended,) = await house.heard()

    assert isinstance(ended, PairEnded)
    assert (ended.by, ended.ticket and ended.ticket.person) == ("server", BEN)


async def test_a_room_that_is_there_ends_nothing(house: House) -> None:
    """The hook was of another room of that name, out of order, or a lie."""
    await house.tell("room_finished")

    assert await house.heard() == []
    assert await house.store.live_pairs([PAIR])


async def test_a_node_that_does_not_answer_ends_nothing(house: House) -> None:
    """The hook is lost, and counted; the sweep will see."""
    house.media.on[NODE].down = True
    await house.tell("room_finished")

    assert await house.store.live_pairs([PAIR])
    assert house.counts == {"taken": 1, "unavailable": 1}


@pytest.mark.parametrize("event", ["room_finished", "participant_left"])
async def test_news_of_pairs_that_are_over_does_nothing(house: House, event: str) -> None:
    """That is how it mostly is."""
    await house.tell(event, PairId("gone"))

    assert await house.heard() == []
    assert house.counts == {"taken": 1}


async def test_a_repeated_hook_does_nothing(house: House) -> None:
    """LiveKit sends again what it believes to be lost, and others may have kept it."""
    for _ in range(3):
        await house.tell("participant_left", id_="EV_1")

    assert len(await house.heard()) == 1
    assert house.counts == {"taken": 1, "repeated": 2}


async def test_a_flood_is_let_go(house: House) -> None:
    """What is beyond the rate costs next to nothing, and it passes."""
    for _ in range(RATE.burst + 50):
        await house.tell("participant_left", PairId("gone"))
    assert house.counts == {"taken": RATE.burst, "flood": 50}
    house.clock.advance(1_000)
    await house.tell("participant_left")

    assert await house.heard() == [Relayed(Probe(PAIR))]


async def test_what_is_remembered_is_bounded(house: House) -> None:
    """Whatever comes."""
    for _ in range(REMEMBERED // RATE.burst + 2):
        house.clock.advance(10_000)
        for _ in range(RATE.burst):
            await house.tell("participant_left", PairId("gone"))

    assert len(house.webhooks._seen) == REMEMBERED


async def test_forged_hooks_are_refused_and_counted(house: House) -> None:
    """And change nothing."""
    body = body_of("room_finished")
    house.media.on[NODE].rooms.clear()
    with pytest.raises(WebhookRefused):
        await house.webhooks.take(body, signature(body, secret="x" * 40))

    assert house.counts == {"forged": 1}
    assert await house.store.live_pairs([PAIR])


async def test_a_hook_about_a_room_of_the_doctor_leaves_a_mark(house: House) -> None:
    """For a minute, and for all processes that share the limits."""
    await house.tell("room_finished", "doctor-1")

    assert await house.limiter.admit(trial_mark("doctor-1"), TRIAL_HEARD) > 0
    assert await house.limiter.admit(trial_mark("doctor-2"), TRIAL_HEARD) == 0
