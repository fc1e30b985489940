"""Real LiveKit servers that die: what becomes of the people on them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from livekit import rtc

from duologue.app.dev import all_in_one
from duologue.app.media import any_media
from duologue.client import RandomChatSession, join
from duologue.clock import SystemClock
from duologue.ids import GatewayId, NodeName, PairId, PersonId
from duologue.ledger import Caller, Delivery, PairEnded, PairFormed, RoomIsOpen, TalkStarted
from duologue.matcher.loop import Matcher
from duologue.matching.rules import Rules
from duologue.media.child import LiveKitChild, LiveKitPorts
from duologue.media.livekit import LiveKit
from duologue.media.livekit_node import NodeAccess
from duologue.pairs.pair import Pair
from duologue.protocol.client import Filters
from duologue.protocol.codes import EndReason, MediaEvent, Mode
from duologue.protocol.server import ChatLine, Ended, Matched, Talking
from duologue.safety.ratelimit import Rate
from duologue.services.node_watch import NodeWatch
from duologue.services.pairs import Pairs
from duologue.settings import GatewaySettings, HttpSettings, LimitSettings, LiveKitSettings, Settings
from duologue.store.memory import MemoryStore
from duologue.tasks import Tasks
from tests.builders import cohort
from tests.contract.stores import GATEWAY, StoreUnderTest, World
from tests.fakes import CountingRng, free_port, free_udp_port, wait_until

VIDEO = Filters(mode=Mode.VIDEO, auto_next=False)

# -- the whole product with its own LiveKit -----------------------------------------------------


class House(NamedTuple):
    """`duologue dev`, in this process."""

    child: LiveKitChild
    media: LiveKit
    people: tuple[RandomChatSession, RandomChatSession]

    async def talk(self) -> str:
        """Both find each other and join; returns their pair."""
        ana, ben = self.people
        matched = await asyncio.gather(ana.expect(Matched), ben.expect(Matched))
        for each in self.people:
            each.report_media()
        await asyncio.gather(ana.expect(Talking), ben.expect(Talking))
        return matched[0].pair


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """Two people in mid-talk. The sweep is off, so that only watcher and webhooks can have noticed."""
    monkeypatch.setattr("duologue.app.roles.SWEEP_EVERY_MS", 3_600_000)
    settings = Settings(
        http=HttpSettings(port=free_port()),
        gateway=GatewaySettings(port=free_port()),
        livekit=LiveKitSettings(port=free_port(), udp_port=free_udp_port()),
        limits=LimitSettings(profile="load"),
        state_dir=tmp_path,
    )
    async with AsyncExitStack() as stack:
        choice = await stack.enter_async_context(any_media(settings, SystemClock(), text_only=False))
        started, _ = await stack.enter_async_context(all_in_one(settings, choice))
        ana, ben = [await stack.enter_async_context(RandomChatSession(await join(started.page_url))) for _ in range(2)]
        for each in (ana, ben):
            await each.find(VIDEO)
        assert choice.child is not None
        assert isinstance(choice.media, LiveKit)
        yield House(choice.child, choice.media, (ana, ben))


async def test_a_livekit_that_dies_in_mid_talk_costs_the_talk_and_no_more(house: House) -> None:
    """Both hear that it was the server, wait again by themselves, and talk again once it is back."""
    first = await house.talk()
    assert house.child.pid is not None
    os.kill(house.child.pid, signal.SIGKILL)
    async with asyncio.timeout(5):
        ended = await asyncio.gather(*(each.expect(Ended) for each in house.people))

    assert {(each.pair, each.reason, each.by) for each in ended} == {(first, EndReason.MEDIA_FAILED, "server")}
    assert all(each.waiting is not None for each in ended)
    assert await house.talk() != first


async def test_a_room_that_vanishes_is_told_by_a_webhook(house: House) -> None:
    """The server is well and the room is gone: an operator deleted it, or LiveKit did."""
    pair = await house.talk()
    await house.media.close_room(PairId(pair), NodeName("own"))
    async with asyncio.timeout(20):
        ended = await asyncio.gather(*(each.expect(Ended) for each in house.people))

    assert {(each.reason, each.by) for each in ended} == {(EndReason.MEDIA_FAILED, "server")}


async def test_who_leaves_the_room_is_told_by_a_webhook(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then both are asked for a sign of life, and nobody is put out for it."""
    doubted: list[PairId] = []

    async def doubt(store: MemoryStore, pair: PairId) -> None:
        doubted.append(pair)
        await ask(store, pair)

    ask = MemoryStore.doubt
    monkeypatch.setattr(MemoryStore, "doubt", doubt)
    ana, ben = house.people
    for_ana, _ = await asyncio.gather(ana.expect(Matched), ben.expect(Matched))
    assert for_ana.media is not None
    room = rtc.Room()
    options = rtc.RoomOptions(auto_subscribe=False, single_peer_connection=True)
    await room.connect(for_ana.media.url, for_ana.media.token, options)
    for each in house.people:
        each.report_media()
    await asyncio.gather(ana.expect(Talking), ben.expect(Talking))
    await room.disconnect()
    await wait_until(lambda: doubted, description="LiveKit says that somebody left", within_s=20)

    assert doubted == [for_ana.pair]
    await ana.chat("still here")
    assert (await ben.expect(ChatLine)).text == "still here"


async def test_a_client_that_is_first_to_notice_is_not_blamed(house: House) -> None:
    """It says that its media failed, and it was the server's."""
    await house.talk()
    assert house.child.pid is not None
    os.kill(house.child.pid, signal.SIGKILL)
    house.people[0].report_media(MediaEvent.FAILED, "disconnected_signal_close")
    async with asyncio.timeout(5):
        ended = await asyncio.gather(*(each.expect(Ended) for each in house.people))

    assert {each.by for each in ended} == {"server"}


# -- two nodes, four hundred people -------------------------------------------------------------

SLOTS = Rate(interval_ms=25, burst=40)
PEOPLE = 400


class Crowd(World):
    """People on one gateway who join whatever room they are told of, two LiveKits, and all that is between."""

    def __init__(self, media: LiveKit) -> None:
        self.clock = SystemClock()
        self.memory = MemoryStore(self.clock)
        super().__init__(StoreUnderTest(self.memory, self.clock.sleep_ms))
        self.nodes_were_reported = True
        self.media = media
        self.tasks = Tasks()
        self.pairs = Pairs(self.store, media, self.clock, self.tasks)
        self.watch = NodeWatch(self.store, media, self.pairs, self.clock, CountingRng(), self.tasks)
        self.callers: dict[str, Caller] = {}
        self.formed: list[Pair] = []
        self.ends: Counter[PersonId] = Counter()
        self.reasons: Counter[tuple[str, str]] = Counter()
        self.failures = 0

    def start(self) -> None:
        self.watch.start()
        Matcher(self.store, self.clock, CountingRng(), Rules(), self.tasks).start()
        self.tasks.spawn(self._follow(), name="crowd")

    async def come(self, count: int) -> None:
        """So many people who wait for video."""
        for n in range(count):
            caller = await self.waiting(PersonId(f"p{n}"), cohort=cohort(Mode.VIDEO))
            self.callers[self._sessions[caller.person, caller.generation]] = caller

    async def _follow(self) -> None:
        position = 0
        while True:
            await self.store.keep_alive(GatewayId(GATEWAY))
            news, position = await self.store.read_news(GATEWAY, position, 1_000)
            for delivery in news:
                caller = self.callers.get(delivery.session)
                if caller is not None:
                    await self._hear(caller, delivery)

    async def _hear(self, caller: Caller, delivery: Delivery) -> None:
        match delivery.news:
            case PairFormed(pair) if pair.sides[0].person == caller.person:
                self.formed.append(pair)
                self.tasks.spawn(self.pairs.open(pair), name="open")
            case RoomIsOpen(pair_id):
                await self.store.connected(caller, pair_id)
            case PairEnded(reason=reason, by=by, ticket=ticket):
                self.ends[caller.person] += 1
                self.reasons[str(reason), by] += 1
                self.failures += ticket.failures if ticket is not None else 0
            case TalkStarted():
                pass

    @property
    def talks(self) -> list[Pair]:
        return [pair for pair in self.memory.ledger.pairs.values() if pair.talking_since_ms is not None]


@asynccontextmanager
async def two_livekits(state_dir: Path) -> AsyncIterator[tuple[LiveKit, dict[NodeName, LiveKitChild]]]:
    """Servers of their own, of which one can be killed for good."""
    async with AsyncExitStack() as stack:
        nodes, children = [], {}
        for name in (NodeName("a"), NodeName("b")):
            child = LiveKitChild(LiveKitPorts(free_port(), free_udp_port()), state_dir=state_dir / name)
            stack.push_async_callback(child.stop)
            access = await child.start()
            await child._tasks.cancel_all()  # nobody starts it again
            children[name] = child
            nodes.append(NodeAccess(name, access.url, access.url, access.api_key, access.api_secret, SLOTS))
        yield await stack.enter_async_context(LiveKit(nodes, SystemClock())), children


async def test_the_pairs_of_a_dead_node_come_back_through_the_slots_of_the_other(tmp_path: Path) -> None:
    """All of them, none at fault, nobody twice, and no faster than the other node can take them."""
    async with two_livekits(tmp_path) as (media, children):
        crowd = Crowd(media)
        try:
            crowd.start()
            await crowd.come(PEOPLE)
            await wait_until(lambda: len(crowd.talks) == PEOPLE // 2, description="all talk", within_s=40)
            carried = Counter(pair.node for pair in crowd.talks)
            assert min(carried.values()) > PEOPLE // 2 // 4, f"both nodes carry their share: {carried}"

            lost, before = carried[NodeName("a")], len(crowd.formed)
            pid = children[NodeName("a")].pid
            assert pid is not None
            died_ms = crowd.clock.now_ms()
            os.kill(pid, signal.SIGKILL)
            await wait_until(lambda: crowd.ends, description="the first pair ends", within_s=10)
            noticed_ms = crowd.clock.now_ms() - died_ms
            await wait_until(
                lambda: len(crowd.talks) == PEOPLE // 2 and not crowd.memory.records.nodes.pairs_on(NodeName("a")),
                description="all talk again",
                within_s=40,
            )
            came_ms = sorted(pair.matched_ms for pair in crowd.formed[before:])
        finally:
            await crowd.tasks.cancel_all()

    assert noticed_ms < 3_000
    assert crowd.reasons == {("media_failed", "server"): 2 * lost}
    assert set(crowd.ends.values()) == {1}
    assert crowd.failures == 0
    assert len(came_ms) == lost
    for first, last in zip(came_ms, came_ms[SLOTS.burst :], strict=False):
        assert last - first >= SLOTS.interval_ms, "no more at once than the slots allow"
    assert {pair.node for pair in crowd.formed[before:]} == {NodeName("b")}
