"""What one server has still to hear."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import cast

import msgspec
import pytest

from duologue.calls.call import Call
from duologue.errors import Unavailable
from duologue.hooks_out import deliveries
from duologue.hooks_out.deliveries import Deliveries
from duologue.hooks_out.door import CONNECTIONS, Post, door_to
from duologue.hooks_out.message import CallData, Message, told_of
from duologue.ids import PersonId
from duologue.ledger import Idle, PersonState, PersonView, Ringing
from duologue.metrics import definitions as metrics
from duologue.ports import LookingStore
from duologue.protocol.codes import CallEnd
from tests.fakes import ManualClock, wait_until
from tests.figures import Counted
from tests.hooks_out.made import RING_MS, RINGS, START_MS, Box, Most, ended, endpoint
from tests.hooks_out.receiver import answers, receiver, resets


class Eyes:
    """What a store says of the callee."""

    def __init__(self, state: PersonState | None = None, *, here: bool = False, away: bool = False) -> None:
        self.state = state or Ringing(RINGS, None)
        self.here = here
        self.away = away

    async def look(self, person: PersonId) -> PersonView | None:
        if self.away:
            raise Unavailable("Redis")
        fields = dict.fromkeys(PersonView._fields) | {"person": person, "state": self.state}
        return PersonView(**{**fields, "vouched": self.here, "standby": 0})  # type: ignore[arg-type]


class Held:
    """A door that keeps everybody waiting until it is opened."""

    def __init__(self) -> None:
        self.waiting = 0
        self.open = asyncio.Event()

    async def __call__(self, body: bytes, headers: Mapping[str, str], within_ms: int) -> None:
        self.waiting += 1
        await self.open.wait()


class Desk:
    """Deliveries through a door."""

    def __init__(self, post: Post, eyes: Eyes | None = None, tenant: str | None = None) -> None:
        self.clock = ManualClock()
        self.sent = Counted(metrics.WEBHOOKS_SENT)
        store = cast("LookingStore", eyes or Eyes())
        self.deliveries = Deliveries(endpoint(tenant=tenant), post, store, self.clock, Most())

    def tell(self, call: Call) -> None:
        told = told_of(call, self.clock.now_ms())
        assert told is not None
        self.deliveries.take(told)

    async def all_decided(self) -> dict[str, float]:
        """What became of everything, by verdict."""
        await self.deliveries.drain(10)
        return self.sent()


def data(body: bytes) -> CallData:
    """What is told of the call."""
    message = msgspec.json.decode(body, type=Message)
    assert message.data is not None
    return message.data


@asynccontextmanager
async def desk_at(*behaviours: object) -> AsyncIterator[tuple[Desk, list[str]]]:
    """With a server behind it, and the ids that it hears."""
    async with receiver(*behaviours) as server, door_to(endpoint(server.url)) as post:  # type: ignore[arg-type]
        desk, ids = Desk(post), list[str]()
        yield desk, ids
        ids += [each.headers["webhook-id"] for each in server.heard]


@pytest.mark.parametrize("fault", [answers(500), resets])
async def test_what_was_not_taken_comes_again_under_its_id(fault: object) -> None:
    """So the receiver knows what it has heard."""
    async with desk_at(fault) as (desk, ids):
        desk.tell(ended())
        verdicts = await desk.all_decided()

    assert ids == ["missed-c1", "missed-c1"]
    assert verdicts == {"failed": 1, "delivered": 1}


@pytest.mark.parametrize("here", [True, False])
async def test_it_says_whether_the_callee_is_connected(here: bool) -> None:
    """A phone that is needs no push."""
    box = Box()
    desk = Desk(box, Eyes(here=here))
    desk.tell(RINGS)
    await desk.all_decided()

    assert data(box.taken[0][0]).callee.connected is here


async def test_while_the_store_is_away_it_is_told_all_the_same() -> None:
    """Nobody can say who is connected, and a phone has to be woken."""
    box = Box()
    desk = Desk(box, Eyes(away=True))
    desk.tell(RINGS)
    await desk.all_decided()

    assert data(box.taken[0][0]).callee.connected is None


async def test_ringing_is_given_up_when_it_is_over() -> None:
    """And not a moment later."""
    box = Box(failures=1_000)
    desk = Desk(box)
    desk.tell(RINGS)
    verdicts = await desk.all_decided()

    assert verdicts == {"failed": box.tried, "given_up": 1}
    assert box.tried > 10
    assert desk.clock.now_ms() < START_MS + RING_MS


async def test_what_it_became_is_tried_for_ten_minutes() -> None:
    """A missed call is news for longer than it rang."""
    desk = Desk(Box(failures=1_000))
    desk.tell(ended())
    verdicts = await desk.all_decided()

    assert verdicts["given_up"] == 1
    assert 500_000 < desk.clock.now_ms() - START_MS < 600_000


async def test_a_call_that_rings_no_more_is_not_told_as_ringing() -> None:
    """It was taken or cancelled before the server could be told, perhaps at another gateway."""
    box = Box()
    desk = Desk(box, Eyes(Idle()))
    desk.tell(RINGS)

    assert await desk.all_decided() == {"outdated": 1}
    assert box.tried == 0


async def test_a_ring_that_failed_is_looked_at_before_the_next_attempt() -> None:
    """Meanwhile the callee may have declined."""
    eyes = Eyes()

    async def fail(body: bytes, headers: Mapping[str, str], within_ms: int) -> None:
        eyes.state = Idle()
        raise Unavailable("webhook push")

    desk = Desk(fail, eyes)
    desk.tell(RINGS)

    assert await desk.all_decided() == {"failed": 1, "outdated": 1}


async def test_a_server_of_one_tenant_hears_of_its_people_only() -> None:
    """These two are guests."""
    acme, guests = Box(), Box()
    for box, tenant in ((acme, "acme"), (guests, "default")):
        desk = Desk(box, tenant=tenant)
        desk.tell(RINGS)
        await desk.all_decided()

    assert (acme.tried, guests.tried) == (0, 1)


async def test_beyond_the_bound_the_oldest_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """And somebody is told that the bound was reached."""
    monkeypatch.setattr(deliveries, "MOST", 3)
    bounds = Counted(metrics.BOUNDS_HIT)
    box = Box()
    desk = Desk(box)
    for number in range(5):
        desk.tell(ended(id_=f"c{number}"))

    assert await desk.all_decided() == {"dropped": 2, "delivered": 3}
    assert bounds() == {"webhooks_out": 2}
    assert [data(body).call for body, _ in box.taken] == ["c2", "c3", "c4"]


async def test_no_more_than_a_few_are_sent_at_once() -> None:
    """The rest waits for its turn."""
    door = Held()
    desk = Desk(door)
    for number in range(3 * CONNECTIONS):
        desk.tell(ended(id_=f"c{number}"))
    await wait_until(lambda: door.waiting == CONNECTIONS, description="the first ones at the door")
    door.open.set()

    assert await desk.all_decided() == {"delivered": 3 * CONNECTIONS}


async def test_only_one_looks_whether_a_broken_server_is_back() -> None:
    """All others wait, so a dead server costs a connection at a time."""
    tried: list[int] = []

    async def fail_once_then_hang(body: bytes, headers: Mapping[str, str], within_ms: int) -> None:
        tried.append(within_ms)
        if len(tried) == 1:
            raise Unavailable("webhook push")
        await asyncio.Event().wait()

    desk = Desk(fail_once_then_hang)
    desk.tell(ended(id_="first"))
    await wait_until(lambda: len(tried) == 2, description="the second look")
    for number in range(5):
        desk.tell(ended(id_=f"c{number}"))
    await wait_until(lambda: desk.sent().get("given_up") == 5, description="the others turned away until they give up")
    await desk.deliveries.drain(0)

    assert len(tried) == 2


async def test_a_stop_waits_for_what_is_on_its_way_and_drops_the_rest() -> None:
    """For a moment: a process that has to end does."""
    desk = Desk(Held())
    desk.tell(ended())
    desk.tell(ended(CallEnd.BUSY))
    await asyncio.sleep(0)
    await desk.deliveries.drain(0.05)

    assert desk.sent() == {"dropped": 2}


async def test_the_delay_is_measured() -> None:
    """From what happened to the server's word."""
    delays = Counted(metrics.WEBHOOK_DELAY_SECONDS)
    desk = Desk(Box())
    desk.tell(ended())
    await desk.all_decided()

    assert sum(delays().values()) == 1
