"""People who see each other: picture and sound by the client's own media, and a note whenever the picture stops."""

from __future__ import annotations

import asyncio
import contextlib
import time

from chaos.connection import Note
from chaos.people import Person
from chaos.story import Entry, Saw, Traits
from duologue.client.media import Media
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import MediaEvent, Mode

STILL_AFTER_S = 2.0
"""Of 15 pictures a second, none came for so long."""
LOOK_EVERY_S = 0.2


class Viewer(Person):
    """One of them. `live` goes on until `leave`."""

    def __init__(self, number: int, url: str, seed: int, note: Note) -> None:
        who = Traits(f"v{number}", "en", None, Mode.VIDEO)
        super().__init__(who, url, seed, note)
        self._note = note
        self._media = Media(self, on_frame=lambda _: self._see())
        self._seen_s = 0.0
        self._sees = False
        self._pictured: str | None = None
        """The pair whose first picture came; what still comes of the one before does not count."""

    async def live(self) -> None:
        """As anybody does, with a picture."""
        async with self._media:
            watching = asyncio.get_running_loop().create_task(self._watch(), name=f"watch-{self.who.name}")
            try:
                await super().live()
            finally:
                watching.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watching

    # -- what media ask of a session ------------------------------------------------------------

    @property
    def pair(self) -> str | None:
        """The one that they are in, as far as they know."""
        return self.belief.pair

    def report_media(self, event: MediaEvent, detail: str = "", ms: int | None = None) -> None:
        """Say what becomes of the room."""
        if event is MediaEvent.FIRST_FRAME:
            self._pictured = self.belief.pair
        if self.belief.pair is not None:
            self._connection.say(c.MediaReport(self.belief.pair, event, detail, ms))

    # -- what they do ---------------------------------------------------------------------------

    def _entered(self, ready: s.Ready) -> None:
        super()._entered(ready)
        self._media.hear(ready)

    def _take(self, message: s.ServerMessage) -> None:
        super()._take(message)
        self._media.hear(message)
        if isinstance(message, s.Ended):
            # They are told that it is over: what was seen last is no fault any more.
            self._sees, self._pictured = False, None

    def _bring_up(self, matched: s.Matched) -> None:
        self._media.hear(matched)

    def _see(self) -> None:
        self._seen_s = time.monotonic()
        if not self._sees and self._pictured is not None and self._pictured == self.belief.pair:
            self._sees = True
            self._tell(picture=True)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._sees and time.monotonic() - self._seen_s > STILL_AFTER_S:
                self._sees = False
                if self._pictured == self.belief.pair:  # else it is over, as a snapshot told them
                    self._tell(picture=False)

    def _tell(self, *, picture: bool) -> None:
        self._note(Entry(round(time.time() * 1000), self.who.name, Saw(picture)))
