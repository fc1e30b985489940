"""People of the Python client who see each other, over a real LiveKit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from livekit import rtc

from duologue.app.dev import all_in_one
from duologue.app.media import any_media
from duologue.client import RandomChatSession, join
from duologue.client.media import Media
from duologue.client.synthetic import HEIGHT, WIDTH
from duologue.clock import SystemClock
from duologue.ids import NodeName
from duologue.media.livekit import LiveKit
from duologue.protocol.client import Filters
from duologue.protocol.codes import EndReason, Mode
from duologue.protocol.server import Ended, Talking
from duologue.settings import GatewaySettings, HttpSettings, LimitSettings, LiveKitSettings, Settings
from tests.docs.test_python import SEEING
from tests.fakes import free_port, free_udp_port, wait_until

pytestmark = pytest.mark.timeout(120)  # three people encode on one machine


class Person:
    """Somebody with a camera that is made up, and what became of them."""

    def __init__(self, session: RandomChatSession) -> None:
        self.session = session
        self.media = Media(session, on_frame=self._see)
        self.frames = 0
        self.ended: list[Ended] = []
        self.talked: list[str] = []

    def _see(self, _: rtc.VideoFrame) -> None:
        self.frames += 1

    async def live(self) -> None:
        """Hand all news to the media."""
        while True:
            news = await self.session.news()
            self.media.hear(news)
            match news:
                case Talking(pair=pair):
                    self.talked.append(pair)
                case Ended():
                    self.ended.append(news)
                    self.frames = 0

    async def find(self, mode: Mode) -> None:
        await self.session.find(Filters(mode=mode, auto_next=False))

    def sees(self, other: Person) -> bool:
        """The two talk, and pictures come."""
        return self.session.talking and self.session.pair == other.session.pair and self.frames > 1


class House(NamedTuple):
    """`duologue dev` in this process, with its own LiveKit, and people in it."""

    page_url: str
    livekit: LiveKit
    people: tuple[Person, Person, Person]

    async def rooms(self) -> list[str]:
        return [room.pair for room in await self.livekit.rooms(NodeName("own"))]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
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
        people = [await _somebody(stack, started.page_url) for _ in range(3)]
        assert isinstance(choice.media, LiveKit)
        yield House(started.page_url, choice.media, (people[0], people[1], people[2]))


async def _somebody(stack: AsyncExitStack, url: str) -> Person:
    session = await stack.enter_async_context(RandomChatSession(await join(url), reconnect=True))
    person = Person(session)
    await stack.enter_async_context(person.media)
    living = asyncio.create_task(person.live())
    stack.callback(living.cancel)
    return person


async def test_people_see_each_other_and_move_on(house: House) -> None:
    """Two see each other; Next to a third, and they do; the room of before is gone, and who was left is in none."""
    ana, ben, cleo = house.people
    await ana.find(Mode.VIDEO)
    await ben.find(Mode.VIDEO)
    await wait_until(lambda: ana.sees(ben) and ben.sees(ana), description="they see each other", within_s=40)
    first = ana.session.pair
    await cleo.find(Mode.VIDEO)
    await ana.session.next()
    await wait_until(lambda: ana.sees(cleo) and cleo.sees(ana), description="so do the next two", within_s=40)
    await ben.media.settled()

    assert [(each.reason, each.by) for each in ben.ended] == [(EndReason.NEXT, "peer")]
    assert ben.media.room is None
    await until_rooms(house, [ana.session.pair])
    assert first not in await house.rooms()


async def test_a_lost_connection_costs_no_picture(house: House) -> None:
    """The room goes on while the conversation comes back; nothing is joined anew."""
    ana, ben, _ = house.people
    await ana.find(Mode.VIDEO)
    await ben.find(Mode.VIDEO)
    await wait_until(lambda: ana.sees(ben) and ben.sees(ana), description="they see each other", within_s=40)
    room, ready = ana.media.room, ana.session.ready
    assert ana.session.socket is not None
    ana.session.socket.cut()
    await wait_until(lambda: ana.session.ready is not ready, description="it is back")
    ana.frames = ben.frames = 0
    await wait_until(lambda: ana.sees(ben) and ben.sees(ana), description="they see each other still", within_s=40)

    assert ana.media.room is room
    assert ben.ended == []


async def test_a_server_that_is_gone_holds_nobody_who_leaves(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """LiveKit's package waits for its goodbye for ever; the next room is joined all the same."""
    ana, ben, cleo = house.people
    await ana.find(Mode.VIDEO)
    await ben.find(Mode.VIDEO)
    await wait_until(lambda: ana.sees(ben) and ben.sees(ana), description="they see each other", within_s=40)
    room = ana.media.room
    assert room is not None
    monkeypatch.setattr(room, "disconnect", asyncio.Event().wait)
    await cleo.find(Mode.VIDEO)
    await ana.session.next()
    await wait_until(lambda: ana.sees(cleo) and cleo.sees(ana), description="so do the next two", within_s=40)
    monkeypatch.undo()
    await room.disconnect()


async def test_who_leaves_leaves_completely(house: House) -> None:
    """No room, no task, no picture: also where one leaves while joining."""
    ana, ben, _ = house.people
    before = _tasks()
    await ana.find(Mode.VIDEO)
    await ben.find(Mode.VIDEO)
    await wait_until(lambda: ana.session.pair is not None, description="they meet")
    await ana.session.leave()
    await asyncio.gather(ana.media.settled(), ben.media.settled())
    await wait_until(lambda: ben.ended, description="the other one is told")
    await ben.media.settled()

    assert ana.media.room is None
    assert ben.media.room is None
    await until_rooms(house, [])
    await wait_until(lambda: _tasks() <= before, description="nothing of it goes on")


async def test_a_publication_that_is_never_answered_keeps_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the room is deleted while one publishes: LiveKit's package waits for ever then."""
    ana, ben, _ = house.people
    monkeypatch.setattr("duologue.client.media.CONNECT_WITHIN_S", 2)
    monkeypatch.setattr(rtc.LocalParticipant, "publish_track", lambda *_: asyncio.Event().wait())
    await ana.find(Mode.VIDEO)
    await ben.find(Mode.VIDEO)
    await wait_until(lambda: ana.session.pair is not None, description="they meet")
    await ana.session.leave()
    async with asyncio.timeout(20):
        await ana.media.settled()

    assert ana.media.room is None
    await wait_until(lambda: ben.ended, description="the other one is told")


async def test_who_only_wants_to_speak_shows_no_picture(house: House) -> None:
    """In a pair by voice there is sound."""
    ana, ben, _ = house.people
    await ana.find(Mode.VOICE)
    await ben.find(Mode.VOICE)
    await wait_until(lambda: ana.session.talking and ben.session.talking, description="they talk", within_s=40)
    assert ana.media.room is not None
    kinds = [each.kind for each in ana.media.room.local_participant.track_publications.values()]

    assert kinds == [rtc.TrackKind.KIND_AUDIO]


async def test_the_example_of_the_howto_sees_somebody(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """The size of each picture is printed."""
    names: dict[str, Any] = {}
    exec(compile(SEEING, "python.md", "exec"), names)
    seeing = asyncio.create_task(names["see_somebody"](await join(house.page_url)))
    ana, *_ = house.people
    await ana.find(Mode.VIDEO)
    await wait_until(lambda: f"{WIDTH} x {HEIGHT}\n" in capsys.readouterr().out, description="it sees", within_s=40)
    seeing.cancel()
    await asyncio.gather(seeing, return_exceptions=True)


def _tasks() -> set[str]:
    """Of the client's media and of LiveKit's package."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return {name for name in names if name.startswith(("_Stay.", "Room.", "VideoStream."))}


async def until_rooms(house: House, pairs: list[str | None]) -> None:
    """LiveKit has these rooms and no others."""
    async with asyncio.timeout(15):
        while await house.rooms() != pairs:
            await asyncio.sleep(0.05)
