"""`Media`: picture and sound of a session, through LiveKit's Python package (`pip install duologue[media]`).

    async with RandomChatSession(invitation, reconnect=True) as session, Media(session) as media:
        await session.find(Filters(mode=Mode.VIDEO))
        while True:
            media.hear(await session.news())

The only file of the client that knows LiveKit. One thing at a time, as in the browser: a room is left before the next
one is joined, a join is never broken off in the middle, and what comes too late for its pair is not told.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from types import TracebackType
from typing import Protocol, Self

from livekit import rtc
from livekit.rtc.participant import PublishTrackError

from duologue.client.synthetic import Synthetic
from duologue.protocol.codes import FailureCause, MediaEvent, Mode
from duologue.protocol.server import Credentials, Ended, Matched, Ready, ServerMessage, Standby

CONNECT_WITHIN_S = 8.0
"""Shorter than the server's deadline for a pair, so that the reason is told before it."""

LEAVE_WITHIN_S = 3.0
"""A server that is gone says no goodbye, and the library waits for it."""

log = logging.getLogger("duologue.client.media")


class Session(Protocol):
    """What is asked of a `RandomChatSession`, or of whatever is in its place."""

    @property
    def pair(self) -> str | None: ...
    def report_media(self, event: MediaEvent, detail: str = "", ms: int | None = None) -> None: ...


class Media:
    """Follows a session from room to room. Hand it all news; it says what it did in `report_media`.

    `video` and `audio` are what is published, and are the caller's; without them something made up is.
    `on_frame` gets each picture of the partner.
    """

    def __init__(
        self,
        session: Session,
        *,
        video: rtc.VideoSource | None = None,
        audio: rtc.AudioSource | None = None,
        on_frame: Callable[[rtc.VideoFrame], None] = lambda _: None,
    ) -> None:
        self._session = session
        self._made_up = Synthetic() if video is None and audio is None else None
        self._video = self._made_up.video if self._made_up else video
        self._audio = self._made_up.audio if self._made_up else audio
        self._on_frame = on_frame
        self._wish: Matched | None = None
        self._changed = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()
        self._stay: _Stay | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        works = [self._act(), *([self._made_up.play()] if self._made_up else [])]
        self._tasks = [asyncio.create_task(work, name="client-media") for work in works]  # noqa: TID251 - ended below
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """Leave completely: nothing of it goes on."""
        self._want(None)
        await self.settled()
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        if self._made_up:
            await self._made_up.close()

    def hear(self, news: ServerMessage) -> None:
        """Join, leave or stay, after what is going on now."""
        match news:
            case Matched(media=Credentials()):
                self._want(news)
            case Ended(pair=pair) if self._wish is not None and self._wish.pair == pair:
                self._want(None)
            case Standby():
                self._want(None)
            case Ready() if self._wish is not None and self._wish.pair != self._session.pair:
                self._want(None)

    async def settled(self) -> None:
        """Until nothing is being joined or left."""
        await self._settled.wait()

    @property
    def room(self) -> rtc.Room | None:
        """The room of the moment, once it is joined."""
        return self._stay.room if self._stay is not None else None

    def _want(self, wish: Matched | None) -> None:
        if wish is not None and self._wish is not None and wish.pair == self._wish.pair:
            return  # told again, with a newer token: we are in, or on the way
        self._wish = wish
        self._settled.clear()
        self._changed.set()

    async def _act(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            wish = self._wish
            await self._leave()
            if wish is not None and wish is self._wish:
                await self._join(wish)
            if not self._changed.is_set():
                self._settled.set()

    def _sources(self, mode: Mode) -> list[rtc.VideoSource | rtc.AudioSource]:
        wanted = [self._audio, self._video if mode is Mode.VIDEO else None]
        return [source for source in wanted if source is not None]

    async def _leave(self) -> None:
        if self._stay is not None:
            stay, self._stay = self._stay, None
            await stay.end()

    async def _join(self, wish: Matched) -> None:
        stay = self._stay = _Stay(wish, partial(self._tell, wish), self._on_frame)
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                await stay.begin(self._sources(wish.mode))
        except TimeoutError:
            self._tell(wish, MediaEvent.FAILED, FailureCause.TIMEOUT)
        except (rtc.ConnectError, PublishTrackError) as error:
            log.warning("no media: %s", error)
            self._tell(wish, MediaEvent.FAILED, FailureCause.REFUSED)
        else:
            self._tell(wish, MediaEvent.CONNECTED)

    def _tell(self, wish: Matched, event: MediaEvent, detail: str = "", ms: int | None = None) -> None:
        if self._wish is wish and self._session.pair == wish.pair:
            self._session.report_media(event, detail, ms)


class _Stay:
    """One room, from joining to having left."""

    def __init__(self, matched: Matched, tell: Callable[..., None], on_frame: Callable[[rtc.VideoFrame], None]) -> None:
        assert matched.media is not None, "a pair in text has no room"
        self.room = rtc.Room()
        self._credentials = matched.media
        self._tell = tell
        self._on_frame = on_frame
        self._now = asyncio.get_running_loop().time
        self._began = self._now()
        self._joining: asyncio.Task[None] | None = None
        self._works: list[asyncio.Task[None]] = []
        """What is done in the room: publishing, watching."""
        self._published = False
        self._handlers: dict[rtc.room.EventTypes, Callable[..., None]] = {
            "track_published": self._look,
            "track_subscribed": self._see,
            "reconnecting": lambda: tell(MediaEvent.RECONNECTING),
            "reconnected": lambda: tell(MediaEvent.CONNECTED),
            "disconnected": lambda: tell(MediaEvent.FAILED, FailureCause.NETWORK),
        }

    async def begin(self, sources: Sequence[rtc.VideoSource | rtc.AudioSource]) -> None:
        """Join and publish. Whoever loses patience may; `end` sees to what goes on."""
        self._joining = asyncio.create_task(self._enter())  # noqa: TID251 - `end` waits for it
        await asyncio.shield(self._joining)
        await asyncio.shield(self._work(self._publish(sources)))

    async def end(self) -> None:
        """Out of the room, with all that belongs to it.

        A join is waited for. What is done in the room is broken off: of one that is gone meanwhile, LiveKit's package
        never says that nothing is published.
        """
        if self._joining is not None:
            await asyncio.gather(self._joining, return_exceptions=True)
        for name, handler in self._handlers.items():
            self.room.off(name, handler)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_WITHIN_S):
                await self._part()

    async def _part(self) -> None:
        for work in self._works:
            work.cancel()
        await asyncio.gather(*self._works, return_exceptions=True)
        await self.room.disconnect()

    def _work(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)  # noqa: TID251 - `end` breaks it off
        self._works.append(task)
        return task

    async def _enter(self) -> None:
        for name, handler in self._handlers.items():
            self.room.on(name, handler)
        options = rtc.RoomOptions(auto_subscribe=False, connect_timeout=CONNECT_WITHIN_S, single_peer_connection=True)
        await self.room.connect(self._credentials.url, self._credentials.token, options)

    async def _publish(self, sources: Sequence[rtc.VideoSource | rtc.AudioSource]) -> None:
        for source in sources:
            await self.room.local_participant.publish_track(*_track(source))
        self._published = True
        self._look()

    def _look(self) -> None:
        """Take what those publish whom the pair consists of, once we are there ourselves."""
        for participant in self.room.remote_participants.values() if self._published else ():
            if participant.identity in self._credentials.subscribe:
                for publication in participant.track_publications.values():
                    publication.set_subscribed(True)

    def _see(self, track: rtc.Track) -> None:
        if isinstance(track, rtc.RemoteVideoTrack):
            self._work(self._watch(track))

    async def _watch(self, track: rtc.RemoteVideoTrack) -> None:
        stream = rtc.VideoStream(track, capacity=1)
        try:
            first = True
            async for event in stream:
                if first:
                    self._tell(MediaEvent.FIRST_FRAME, ms=round(1000 * (self._now() - self._began)))
                first = False
                self._on_frame(event.frame)
        finally:
            await stream.aclose()


def _track(source: rtc.VideoSource | rtc.AudioSource) -> tuple[rtc.LocalTrack, rtc.TrackPublishOptions]:
    if isinstance(source, rtc.VideoSource):
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA, simulcast=False)
        return rtc.LocalVideoTrack.create_video_track("picture", source), options
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    return rtc.LocalAudioTrack.create_audio_track("sound", source), options
