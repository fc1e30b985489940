"""One connection of the crowd: it comes in, waits or searches, meets somebody, talks a moment and is idle again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from picows import WSFrame, WSTransport

from benchmarks.meeting.service import FACET
from benchmarks.relay.people import Person, Tally
from duologue.protocol import client as c
from duologue.protocol import codec
from duologue.protocol import server as s
from duologue.protocol.codes import MediaEvent, Mode


class Seeker(Person):
    """Somebody of one side, who wants the other. The callbacks are the crowd's, and may be set anew."""

    headers: ClassVar[dict[str, str]] = {"Sec-WebSocket-Protocol": s.VERSION}

    def __init__(self, tally: Tally, token: str) -> None:
        super().__init__(tally, token)
        self.asked_s = 0.0
        """When the find that is on was sent, by the clock of `time.perf_counter`."""
        self.waits = False
        """The server said so."""
        self.pair = ""
        self.on_waiting: Callable[[Seeker], None] = _ignore
        self.on_matched: Callable[[Seeker, float], None] = lambda _, __: None
        self.on_talking: Callable[[Seeker], None] = _ignore
        self.on_idle: Callable[[Seeker], None] = _ignore
        self._attempt = 0
        self._commands = 0

    def find(self, wanted: str) -> None:
        """Ask for somebody of that side."""
        self._attempt += 1
        filters = c.Filters(Mode.TEXT, wants={FACET: [wanted]}, auto_next=False)
        frame = codec.encode(c.Find(self._command(), self._attempt, filters))
        self.asked_s = time.perf_counter()
        self.write(frame)

    def part(self) -> None:
        """End the pair."""
        self.write(codec.encode(c.Leave(self._command(), self.pair)))

    def _command(self) -> str:
        self._commands += 1
        return f"c{self._commands}"

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self._heard_s = time.perf_counter()
        super().on_ws_frame(transport, frame)

    def hear(self, text: bytes) -> None:
        match codec.decode_server(text):
            case s.Hello():
                self.write(codec.encode(c.Auth(self.token)))
            case s.Ready():
                self.entered.set_result(None)
            case s.Ping():
                self.write(codec.encode(c.Pong()))
            case s.Waiting():
                if not self.waits:
                    self.waits = True
                    self.on_waiting(self)
            case s.Matched(pair=pair):
                self.waits, self.pair = False, pair
                self.write(codec.encode(c.MediaReport(pair, MediaEvent.CONNECTED)))
                self.on_matched(self, self._heard_s)
            case s.Talking():
                self.on_talking(self)
            case s.Ended(waiting=waiting):
                assert waiting is None, "nobody waits on by themselves here"
                self.on_idle(self)
            case s.Reply(ok=False, error=error):
                raise AssertionError(f"refused: {error}")


def _ignore(_: Seeker) -> None:
    pass
