"""Leaving a room whatever LiveKit does, over a package that is made up; `test_media.py` has the real one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from livekit import rtc

from duologue.client import media
from duologue.client.media import Media
from duologue.protocol.codes import FailureCause, MediaEvent, Mode
from duologue.protocol.server import Credentials, Matched, Peer, Standby
from tests.fakes import wait_until

MATCHED = Matched(1, "pair", 1, Mode.VIDEO, Peer("ben", [], {}), Credentials("livekit", "ws://room", "token", []), 0)
SOURCE = cast("rtc.VideoSource", object())


class Session:
    """Somebody in a pair, and what they said of its media."""

    pair = "pair"

    def __init__(self) -> None:
        self.said: list[tuple[MediaEvent, str]] = []

    def report_media(self, event: MediaEvent, detail: str = "", ms: int | None = None) -> None:
        self.said.append((event, detail))


class Room:
    """Lets everybody in, takes what is published and lets them go, unless a test says otherwise."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.handlers: dict[str, Callable[..., None]] = {}
        self.opened, self.taken, self.closed = (asyncio.Event() for _ in range(3))
        for each in (self.opened, self.taken, self.closed):
            each.set()
        self.local_participant = self
        self.remote_participants: dict[str, Any] = {}

    def on(self, name: str, handler: Callable[..., None]) -> None:
        self.handlers[name] = handler

    def off(self, name: str, handler: Callable[..., None]) -> None:
        assert self.handlers.pop(name) is handler

    async def connect(self, *_: object) -> None:
        await self._do("connect", self.opened)

    async def publish_track(self, *_: object) -> None:
        await self._do("publish", self.taken)

    async def disconnect(self) -> None:
        await self._do("disconnect", self.closed)

    async def _do(self, what: str, done: asyncio.Event) -> None:
        self.log.append(what)
        try:
            await done.wait()
        except asyncio.CancelledError:
            self.log.append(f"{what} broken off")
            raise


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    room = Room()
    monkeypatch.setattr(rtc, "Room", lambda: room)
    monkeypatch.setattr(media, "_track", lambda source: (source, None))
    monkeypatch.setattr(media, "CONNECT_WITHIN_S", 0.05)
    monkeypatch.setattr(media, "LEAVE_WITHIN_S", 0.05)
    return room


async def test_who_leaves_lets_go_of_the_room(room: Room) -> None:
    """After a talk as it should be; nothing is heard of it any more."""
    session = Session()
    async with Media(session, video=SOURCE) as seeing:
        seeing.hear(MATCHED)
        await seeing.settled()

    assert session.said == [(MediaEvent.CONNECTED, "")]
    assert room.log == ["connect", "publish", "disconnect"]
    assert room.handlers == {}


async def test_a_join_is_not_broken_off(room: Room) -> None:
    """It is told that it takes too long; the room is left when it is over, and nothing is published."""
    room.opened.clear()
    session = Session()
    async with Media(session, video=SOURCE) as seeing:
        seeing.hear(MATCHED)
        await seeing.settled()
        seeing.hear(Standby(2))
        asyncio.get_running_loop().call_later(0.1, room.opened.set)

    assert session.said == [(MediaEvent.FAILED, FailureCause.TIMEOUT)]
    assert room.log == ["connect", "disconnect"]


async def test_a_join_that_fails_late_is_no_error(room: Room) -> None:
    """Nobody waits for it any more but who leaves."""
    room.opened.clear()

    async def refuse(*_: object) -> None:
        await room.opened.wait()
        raise rtc.ConnectError("refused")

    room.connect = refuse  # type: ignore[method-assign]
    async with Media(Session(), video=SOURCE) as seeing:
        seeing.hear(MATCHED)
        await seeing.settled()
        seeing.hear(Standby(2))
        asyncio.get_running_loop().call_soon(room.opened.set)

    assert room.log == ["disconnect"]


async def test_a_publication_without_an_answer_is_broken_off(room: Room) -> None:
    """By leaving, and not before: until then it may still come."""
    room.taken.clear()
    session = Session()
    async with Media(session, video=SOURCE) as seeing:
        seeing.hear(MATCHED)
        await wait_until(lambda: session.said, description="it is told")
        assert room.log == ["connect", "publish"]

    assert session.said == [(MediaEvent.FAILED, FailureCause.TIMEOUT)]
    assert room.log == ["connect", "publish", "publish broken off", "disconnect"]


async def test_a_goodbye_without_an_answer_is_not_waited_for(room: Room) -> None:
    """As by a server that is gone."""
    room.closed.clear()
    async with Media(Session(), video=SOURCE) as seeing:
        seeing.hear(MATCHED)
        await seeing.settled()

    assert room.log == ["connect", "publish", "disconnect", "disconnect broken off"]
