"""Rooms: made once somebody needs them, deleted as soon as nobody does."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from duologue.errors import Unavailable
from duologue.ids import NodeName, PairId
from duologue.ledger import Outcome, Paired, PairEnded, RoomIsOpen
from duologue.media.fake import FakeMedia
from duologue.nodes import NodeHealth
from duologue.pairs.pair import CONNECT_DEADLINE_MS, Pair
from duologue.protocol.codes import EndReason, Mode
from duologue.safety.ratelimit import UNLIMITED
from duologue.services.pairs import CLOSE_FOR_MS, OPEN_FOR_MS, RETRY_MS, Pairs
from duologue.store.memory import MemoryStore
from duologue.tasks import Tasks
from tests.builders import ANA, BEN, CLEO, NODE
from tests.contract.stores import PAIR, StoreUnderTest, World
from tests.fakes import ManualClock, wait_until

OTHER = NodeName("other")


class House(World):
    """A store with Ana and Ben in it, a media server, and the service between them."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        super().__init__(StoreUnderTest(MemoryStore(self.clock), self.clock.sleep_ms))
        self.media = RecordingMedia()
        self.tasks = Tasks()
        self.pairs = Pairs(self.store, self.media, self.clock, self.tasks)

    async def pair_of(self, mode: Mode = Mode.VIDEO) -> Pair:
        """Ana and Ben, just matched."""
        await self.paired(mode)
        state = (await self.snapshot(ANA)).state
        assert isinstance(state, Paired)
        return state.pair

    async def until_closed(self) -> None:
        await wait_until(lambda: not self.media.open, description="the room is deleted")


class RecordingMedia(FakeMedia):
    """Two nodes. Counts the calls, and can come back after some of them."""

    def __init__(self) -> None:
        super().__init__({NODE: UNLIMITED, OTHER: UNLIMITED})
        self.calls: list[str] = []
        self.fails = 0

    async def open_room(self, pair: PairId, node: NodeName) -> None:
        self._count("open")
        await super().open_room(pair, node)

    async def close_room(self, pair: PairId, node: NodeName) -> None:
        self._count("close")
        await super().close_room(pair, node)

    def _count(self, what: str) -> None:
        self.calls.append(what)
        if len(self.calls) <= self.fails:
            raise Unavailable("LiveKit", "not yet")


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    yield house
    await house.tasks.cancel_all()


async def test_a_room_that_is_made_is_told(house: House) -> None:
    """Both sides hear it from the ledger."""
    pair = await house.pair_of()
    ben = await house.here(BEN)
    await house.pairs.open(pair)

    assert house.media.open == {PAIR}
    assert await house.news(ben) == [RoomIsOpen(PAIR, NODE)]


async def test_a_media_server_that_comes_back_is_waited_for(house: House) -> None:
    """A restart of LiveKit costs a moment, not the pair."""
    pair = await house.pair_of()
    house.media.fails = 3
    await house.pairs.open(pair)

    assert house.media.calls == ["open"] * 4
    assert house.media.open == {PAIR}


async def test_without_a_media_server_the_pair_ends(house: House) -> None:
    """After some seconds of trying; both wait again."""
    pair = await house.pair_of()
    ben = await house.here(BEN)
    started_ms = house.clock.now_ms()
    house.media.on[NODE].down = True
    await house.pairs.open(pair)
    tried_ms = house.clock.now_ms() - started_ms
    (ended,) = await house.news(ben)

    assert OPEN_FOR_MS - 2 * RETRY_MS <= tried_ms <= OPEN_FOR_MS
    assert isinstance(ended, PairEnded)
    assert (ended.reason, ended.by) == (EndReason.MEDIA_FAILED, "server")
    assert set(await house.queue()) == {ANA, BEN}


async def test_a_store_that_is_away_until_the_deadline_is_no_defect(house: House) -> None:
    """Nobody can be told; once it is back, it finds that the time is over, and both wait again."""
    pair = await house.pair_of()
    ben = await house.here(BEN)
    with capture_logs() as logs, pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.store, "opened", _away)
        await house.pairs.open(pair)

    assert [line["event"] for line in logs] == ["room_not_told"]
    await house.advance(CONNECT_DEADLINE_MS)
    await house.lost_pairs()
    (ended,) = await house.news(ben)
    assert isinstance(ended, PairEnded)
    assert ended.by == "server"


async def _away(*_: object) -> bool:
    raise Unavailable("Redis", "no answer in time")


async def test_no_room_is_needless_before_a_store_that_began_anew_has_heard_of_its_pair(house: House) -> None:
    """Its people sit in there, and their gateways have not come to say so yet."""
    pair = await house.pair_of()
    house.store.records.begin_anew()  # type: ignore[attr-defined]  # the memory's
    for ask in (house.store.opened, house.store.refused):
        with pytest.raises(Unavailable):
            await ask(pair.id, NODE)

    await house.pairs.open(pair)  # it asks again until the store is sure
    assert await house.store.opened(pair.id, NODE) is False


async def test_another_node_takes_what_one_refuses(house: House) -> None:
    """Both sides hear of the node that has the room, and no room is left on the other."""
    pair = await house.pair_of()
    await house.report_nodes({NODE: NodeHealth.UP, OTHER: NodeHealth.UP})
    ben = await house.here(BEN)
    house.media.on[NODE].refuses = True
    await house.pairs.open(pair)

    assert await house.news(ben) == [RoomIsOpen(PAIR, OTHER)]
    assert list(house.media.on[OTHER].rooms) == [PAIR]
    assert not house.media.on[NODE].rooms


async def test_a_room_whose_answer_was_lost_is_deleted(house: House) -> None:
    """It was made, and nobody heard of it: there is at most one room for a pair in the end."""
    pair = await house.pair_of()
    await house.report_nodes({NODE: NodeHealth.UP, OTHER: NodeHealth.UP})
    house.media.on[NODE].rooms[PAIR] = 0
    house.media.on[NODE].refuses = True
    await house.pairs.open(pair)

    await wait_until(lambda: not house.media.on[NODE].rooms, description="the first room is gone")
    assert list(house.media.on[OTHER].rooms) == [PAIR]


async def test_a_gateway_that_cannot_reach_the_node_leaves_the_others_room_alone(house: House) -> None:
    """The other side's gateway got through meanwhile: there is nothing to clean up."""
    pair = await house.pair_of()
    await house.media.open_room(PAIR, NODE)
    await house.store.opened(PAIR, NODE)
    house.media.on[NODE].refuses = True
    await house.pairs.open(pair)

    assert not house.tasks._running
    assert house.media.open == {PAIR}
    assert await house.store.live_pairs([PAIR])


async def test_a_late_gateway_leaves_no_second_room(house: House) -> None:
    """It made the room where the pair had been before it moved."""
    stale = await house.pair_of()
    await house.report_nodes({NODE: NodeHealth.UP, OTHER: NodeHealth.UP})
    await house.store.refused(PAIR, NODE)
    await house.pairs.open(stale)

    await wait_until(lambda: not house.media.on[NODE].rooms, description="the stale room is gone")
    assert (await house.store.live_pairs([PAIR]))[0].node == OTHER


async def test_a_room_of_a_pair_that_ended_meanwhile_is_deleted(house: House) -> None:
    """The end came while the room was being made."""
    pair = await house.pair_of()
    ben = await house.here(BEN)
    await house.store.leave(ben, PAIR)
    await house.pairs.open(pair)

    await house.until_closed()
    assert house.media.calls == ["open", "close"]


async def test_whoever_ends_a_pair_deletes_its_room(house: House) -> None:
    """As soon as nobody needs it."""
    pair = await house.pair_of()
    await house.pairs.open(pair)
    ben = await house.here(BEN)
    outcome = house.pairs.settle(await house.store.leave(ben, PAIR))

    assert outcome is Outcome.DONE
    await house.until_closed()


async def test_media_that_failed_deletes_the_room(house: House) -> None:
    """The end of a pair is the end of its room, whatever the reason."""
    pair = await house.pair_of()
    await house.pairs.open(pair)
    ben = await house.here(BEN)

    assert await house.pairs.media_failed(ben, PAIR, "timeout") is Outcome.DONE
    await house.until_closed()


@pytest.mark.parametrize("lost", ["room", "node"])
async def test_media_that_failed_because_the_room_is_gone_is_nobodys_fault(house: House, lost: str) -> None:
    """The client was only the first to notice."""
    pair = await house.pair_of()
    await house.pairs.open(pair)
    ben = await house.here(BEN)
    if lost == "room":
        house.media.on[NODE].rooms.clear()
    else:
        house.media.on[NODE].die()
    await house.pairs.media_failed(ben, PAIR, "disconnected")
    (ended,) = [news for news in await house.news(ben) if isinstance(news, PairEnded)]

    assert ended.by == "server"
    assert ended.ticket is not None
    assert ended.ticket.failures == 0


async def test_a_stranger_cannot_have_a_room_looked_at(house: House) -> None:
    """Whoever names somebody else's pair changes nothing."""
    pair = await house.pair_of()
    await house.pairs.open(pair)
    house.media.on[NODE].rooms.clear()
    cleo = await house.here(CLEO)
    await house.pairs.media_failed(cleo, PAIR, "disconnected")

    assert await house.store.live_pairs([PAIR])


async def test_what_failed_is_logged_as_one_of_few_causes(house: House) -> None:
    """Never in the client's own words."""
    pair = await house.pair_of()
    await house.pairs.open(pair)
    ben = await house.here(BEN)
    with capture_logs() as logs:
        await house.pairs.media_failed(ben, PAIR, "livekit_timeout")
    (line,) = [line for line in logs if line["event"] == "media_failed"]

    assert (line["cause"], line["node"]) == ("timeout", NODE)


async def test_deleting_is_tried_again(house: House) -> None:
    """A media server that is away for a moment does not keep a room."""
    pair = await house.pair_of()
    house.media.fails = 5
    house.pairs.clean_up(pair)

    await wait_until(lambda: len(house.media.calls) == 6, description="it was deleted at last")


async def test_deleting_ends_at_some_point(house: House) -> None:
    """The sweep finds the room later."""
    pair = await house.pair_of()
    house.media.on[NODE].down = True
    house.pairs.clean_up(pair)

    await wait_until(lambda: not house.tasks._running, description="nobody tries any more")
    assert len(house.media.calls) == CLOSE_FOR_MS // RETRY_MS


async def test_a_text_pair_has_no_room(house: House) -> None:
    """Nothing to join, nothing to delete."""
    pair = await house.pair_of(Mode.TEXT)
    house.pairs.clean_up(pair)

    assert house.pairs.place(pair, ANA) is None
    assert not house.tasks._running


async def test_credentials_are_for_ones_own_side(house: House) -> None:
    """And name the other one to subscribe to."""
    pair = await house.pair_of()
    credentials = house.pairs.place(pair, BEN)

    assert credentials is not None
    assert (credentials.token, credentials.subscribe) == ("p1/p1-b", ["p1-a"])
