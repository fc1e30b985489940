"""A second device of somebody: it stands by, rings while they are called, and speaks for nobody.

It loses its socket now and then and comes back to stand by. Now and then it declines; it never answers, since it would
be the active one by that, and its person has one session that is (`person.py`).
"""

from __future__ import annotations

from typing import TypeVar

from duologue.ids import SessionId
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode
from duologue.simulation.network import LOST, Disconnected, Link
from duologue.simulation.person import BACKOFF_BASE_MS, BACKOFF_CAP_MS, TOKEN_IS_OLD, WATCHDOG_MS, Outside, Person
from duologue.simulation.virtual import SeededRng, VirtualClock

LISTENS_S, LOSES, DECLINES = 3, 0.15, 0.3
"""How long at a time, and how likely after each silence; the last one while it rings."""

Heard = TypeVar("Heard", bound=s.ServerMessage)


class Device:
    """One client that stands by."""

    def __init__(self, person: Person, seed: int, outside: Outside) -> None:
        self.name = f"{person.name}-phone"
        self.person = person
        self.link: Link | None = None
        self.stands_by = False
        self.rings: str | None = None
        """The call, by what it was told."""
        self._rng = SeededRng(seed, self.name)
        self._dice = self._rng.dice
        self._clock = VirtualClock()
        self._outside = outside
        self._heard_ms = self._failures = 0

    @property
    def session(self) -> SessionId | None:
        """The one that stands by; None: it is not connected, or cannot hear its gateway."""
        link = self.link
        there = link is not None and self.stands_by and not link.ended and not link.is_cut
        return link.session if link is not None and there else None

    async def live(self) -> None:
        """Stand by, lose the connection, come again; until cancelled."""
        while True:
            try:
                await self._connected_life()
            except Disconnected as end:
                self.link, self.stands_by, self.rings = None, False, None
                await self._clock.sleep_ms(self._pause_ms(end.code))

    def _pause_ms(self, code: int) -> int:
        if code in TOKEN_IS_OLD:
            self.person.renew_token()
        elif 4300 <= code < 4400 and code != CloseCode.REPLACED:
            self._outside.violation(f"{self.name} was thrown out with {CloseCode(code).name}, and did nothing wrong")
        self._failures += 1
        ceiling_ms = min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2**self._failures)
        return self._dice.randint(0, ceiling_ms) + (5_000 if code // 100 == 41 else 0)

    async def _connected_life(self) -> None:
        self.link = link = await self._outside.connect(self.name)
        await self._expect(link, s.Hello)
        link.say(c.StandBy(self.person.token))
        standby = await self._expect(link, s.Standby)
        self.stands_by, self._failures = True, 0
        self.rings = standby.ringing.call if standby.ringing is not None else None
        while True:
            message = await link.hear(LISTENS_S)
            if message is not None:
                self._take(link, message)
            elif not self._outside.frozen:
                self._act(link)
            if self._clock.monotonic_ms() - self._heard_ms > WATCHDOG_MS:
                link.leave(LOST)
                raise Disconnected(LOST)

    async def _expect(self, link: Link, kind: type[Heard]) -> Heard:
        message = await link.hear(WATCHDOG_MS / 1000)
        self._heard_ms = self._clock.monotonic_ms()
        while isinstance(message, s.Drain):
            message = await link.hear(WATCHDOG_MS / 1000)
        if message is None:
            link.leave(LOST)
            raise Disconnected(LOST, "silence")
        assert isinstance(message, kind), f"{self.name} expected {kind} and heard {message}"
        return message

    def _take(self, link: Link, message: s.ServerMessage) -> None:
        self._heard_ms = self._clock.monotonic_ms()
        match message:
            case s.Ping():
                link.say(c.Pong())
            case s.Incoming(call=call):
                self.rings = call
            case s.CallState(state="ended", call=call) if call == self.rings:
                self.rings = None
            case s.Ready() | s.Matched() | s.Waiting() | s.Talking():
                self._outside.violation(f"{self.name} stands by, and heard {message}")

    def _act(self, link: Link) -> None:
        if not self._outside.calm and self._dice.random() < LOSES:
            link.cut(noticed=self._dice.random() < 0.6)
        elif self.rings is not None and self._dice.random() < DECLINES:
            link.say(c.Decline(self._rng.token(), self.rings))
