"""Somebody with a mind of their own (`mind.py`), who speaks the protocol and believes what they are told.

After every end they come back as the close code says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from duologue.ids import PersonId
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode, ErrorCode
from duologue.services.identity import GuestTokens
from duologue.simulation.belief import Belief
from duologue.simulation.mind import Deed, LoseNetwork, Mind, Reload, Vanish
from duologue.simulation.network import LOST, Disconnected, Link
from duologue.simulation.virtual import SeededRng, VirtualClock

WATCHDOG_MS = 35_000
"""Silence longer than the server's heartbeat and its patience: the server is gone."""
BACKOFF_BASE_MS, BACKOFF_CAP_MS = 500, 20_000
REPLY_WITHIN_MS = 20_000
PAGE_LEFT = 1001
AWAY_MS = (52_000, 58_000)
"""Longer than any seat is held and any loop may take to see it."""
TOKEN_IS_OLD = (CloseCode.TOKEN_EXPIRED, CloseCode.INVALID_TOKEN)


class Outside(Protocol):
    """What a person finds around them."""

    calm: bool
    """Nobody loses the network by their own doing any more."""
    frozen: bool
    """Nobody does anything of their own accord any more."""

    def invite(self, person: str, facets: dict[str, str], refresh: str | None) -> GuestTokens:
        """Tokens."""

    async def connect(self, who: str) -> Link:
        """A socket to some gateway. Raises `Disconnected`."""

    @property
    def links(self) -> Sequence[str]:
        """By which everybody may be called."""

    def violation(self, what: str) -> None:
        """Something that must never be."""


class Person:
    """One client, with one active socket at a time."""

    def __init__(self, name: str, seed: int, outside: Outside) -> None:
        self.name = name
        self.link: Link | None = None
        self.ready: s.Ready | None = None
        self.belief = Belief()
        self.heard_ms = self.told_ms = 0
        self.away = False
        """Gone for long, and not in again yet."""
        self._left_for_long = False
        self._rng = SeededRng(seed, name)
        self._dice = self._rng.dice
        self._clock = VirtualClock()
        self._outside = outside
        self._mind = Mind(self._rng, outside.links)
        self._tokens = outside.invite(name, self._mind.facets, None)
        self._resume_token: str | None = None
        self._failures = 0
        self._told_delay_ms: int | None = None
        self._unanswered: dict[str, tuple[int, c.Command]] = {}
        self._again: c.Command | None = None
        """The last command of which it is not known whether it was done."""
        self.wants_rest = False
        """They have said that they do not want to search, whether that was answered or not."""
        self.promised_ms: int | None = None
        """Since when they know by an answer that they search, and nothing else."""

    @property
    def id(self) -> PersonId:
        return self._tokens.person

    @property
    def token(self) -> str:
        """What a device of theirs comes in with."""
        return self._tokens.token

    def renew_token(self) -> None:
        """It is old."""
        self._tokens = self._outside.invite(self.name, self._mind.facets, self._tokens.refresh)

    @property
    def is_in(self) -> bool:
        """Connected, let in, and able to hear the gateway."""
        link = self.link
        return link is not None and self.ready is not None and not link.ended and not link.is_cut

    async def live(self) -> None:
        """Come, act, lose the connection, come again; until cancelled."""
        while True:
            try:
                await self._connected_life()
            except Disconnected as end:
                self.link, self.ready = None, None
                self._unanswered.clear()
                self._again = None
                await self._clock.sleep_ms(self._pause_ms(end.code))

    def _pause_ms(self, code: int) -> int:
        """The policy of the close code, with full jitter."""
        told_ms, self._told_delay_ms = self._told_delay_ms, None
        if code in TOKEN_IS_OLD:
            self.renew_token()
            self._resume_token = None
        elif 4300 <= code < 4400 and code != CloseCode.REPLACED:
            self._outside.violation(f"{self.name} was thrown out with {CloseCode(code).name}, and did nothing wrong")
        if self.away and not self._left_for_long:
            self._left_for_long = True
            return self._dice.randint(*AWAY_MS)
        if code == PAGE_LEFT:
            return self._dice.randint(50, 2_000)
        if code == CloseCode.REPLACED:
            return self._dice.randint(2_000, 10_000)
        if told_ms is not None:
            return told_ms + self._dice.randint(0, 500)
        self._failures += 1
        if code // 100 == 41:
            return 5_000
        return self._dice.randint(0, min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2**self._failures))

    # -- one socket ---------------------------------------------------------------------------

    async def _connected_life(self) -> None:
        self.link = link = await self._outside.connect(self.name)
        await self._come_in(link)
        self.away = self._left_for_long = False
        self._failures = 0
        act_ms = self._next_act_ms()
        while True:
            now_ms = self._clock.monotonic_ms()
            if now_ms - self.heard_ms > WATCHDOG_MS:
                link.leave(PAGE_LEFT)
                raise Disconnected(LOST)
            message = await link.hear(max(1, min(act_ms - now_ms, 1_000)) / 1000)
            if message is not None:
                self._take(message)
            elif self._clock.monotonic_ms() >= act_ms:
                act_ms = self._next_act_ms()
                if not self._outside.frozen:
                    self._act()
            self._check_replies()

    def _next_act_ms(self) -> int:
        return self._clock.monotonic_ms() + self._dice.choice((100, 300, 1_000, 3_000, 6_000))

    async def _come_in(self, link: Link) -> None:
        await self._expect(link, s.Hello)
        if self._resume_token is not None:
            link.say(c.Resume(self._resume_token, self.belief.rev))
        else:
            link.say(c.Auth(self._tokens.token))
        answer = await self._expect(link, (s.Ready, s.InvalidSession))
        if isinstance(answer, s.InvalidSession):
            self._resume_token = None
            link.say(c.Auth(self._tokens.token))
            answer = await self._expect(link, s.Ready)
        assert isinstance(answer, s.Ready), "nothing else was expected"
        self._resume_token = answer.resume_token
        self.ready, self.promised_ms = answer, None
        self._mind.is_in(answer)
        self.belief = self.belief._replace(rev=0).after(answer)
        self.told_ms = self.heard_ms

    async def _expect(
        self, link: Link, kind: type[s.ServerMessage] | tuple[type[s.ServerMessage], ...]
    ) -> s.ServerMessage:
        message = await link.hear(WATCHDOG_MS / 1000)
        while isinstance(message, s.Drain):
            self._told_delay_ms = message.retry_after_ms
            message = await link.hear(WATCHDOG_MS / 1000)
        if message is None:
            link.leave(PAGE_LEFT)
            raise Disconnected(LOST, "silence")
        self.heard_ms = self._clock.monotonic_ms()
        if not isinstance(message, kind):
            self._outside.violation(f"{self.name} expected {kind} and heard {message}")
        return message

    def _take(self, message: s.ServerMessage) -> None:
        self.heard_ms = self._clock.monotonic_ms()
        before, self.belief = self.belief, self.belief.after(message)
        if isinstance(message, s.Matched | s.Waiting) and before.pair not in (None, self.belief.pair):
            self._outside.violation(f"{self.name} never heard that {before.pair} is over, and is told {message}")
        self._note_told(message, before)
        if self.wants_rest and self.belief.state == "waiting" and before.state != "waiting":
            self._do(self._mind.cancel(self.belief))  # the wait crossed the wish to stop, and is not wanted any more
        match message:
            case s.Ping():
                self._say(c.Pong())
            case s.Drain(retry_after_ms=retry_after_ms):
                self._told_delay_ms = retry_after_ms
            case s.Reply(id=id_):
                self._replied(id_, message)
            case s.Ended(back_until=int()) | s.BackOffer(until=int()) if not self._outside.frozen:
                self._do(self._mind.going_back(self.belief, 0.3 if isinstance(message, s.Ended) else 0.8))
            case s.CallState(state="accepted"):
                self._mind.is_paired()
            case s.Matched(pair=pair):
                if pair != before.pair:
                    self._mind.is_paired()
                if pair != before.pair or message.media is not None or message.call is not None:
                    self._do(self._mind.media(message))

    def _note_told(self, message: s.ServerMessage, before: Belief) -> None:
        if isinstance(message, s.Waiting | s.Ended | s.CallState):
            self.told_ms = self.heard_ms
        if self.belief.rev > before.rev:
            self.promised_ms = None

    def _replied(self, id_: str, reply: s.Reply) -> None:
        asked = self._unanswered.pop(id_, None)
        if asked is None:
            return
        _, command = asked
        if reply.ok and self._is_promised(command):
            self.promised_ms = self.heard_ms
        elif reply.ok and self.wants_rest and self._ends_what_is_on(command):
            self.belief = self.belief.cancelled()
        elif reply.error is not None and reply.error.code is ErrorCode.UNAVAILABLE:
            self._again = command  # with the same id: done once at most

    def _is_promised(self, command: c.Command) -> bool:
        """Whether an `ok` to that says that they search, though nobody has told them so yet."""
        match command:
            case c.Find(attempt=attempt) | c.Next(attempt=attempt):
                moved_on = isinstance(command, c.Next) and self.belief.pair not in (None, command.pair)
                waits_later = self.wants_rest or self.belief.state == "ringing"
                return attempt > self.belief.attempt and not moved_on and not waits_later
        return False

    def _ends_what_is_on(self, command: c.Command) -> bool:
        """A wait that goes on in spite of it is told again within seconds, and then cancelled."""
        match command:
            case c.Cancel():
                return self.belief.state == "waiting"
            case c.Leave(pair=pair) | c.Block(pair=pair):
                return self.belief.state != "ringing" and self.belief.pair in (None, pair)
        return False

    def _check_replies(self) -> None:
        """Every command is answered, or the socket ends."""
        link = self.link
        if link is None or not link.works or not self._outside.calm:
            return
        late_ms = self._clock.monotonic_ms() - REPLY_WITHIN_MS
        for asked_ms, command in self._unanswered.values():
            if max(asked_ms, link.host.process.woken_ms) < late_ms:
                self._outside.violation(f"{self.name} never heard of {command}")

    # -- what they do of their own accord -------------------------------------------------------

    def _act(self) -> None:
        if self._again is not None:
            again, self._again = self._again, None
            self._command(again)
        else:
            self._do(self._mind.deed(self.belief, calm=self._outside.calm))

    def _do(self, deed: Deed | None) -> None:
        link = self.link
        assert link is not None, "nobody does anything who is not connected"
        match deed:
            case None:
                pass
            case Reload():
                link.leave(PAGE_LEFT)
            case LoseNetwork(noticed):
                link.cut(noticed=noticed)
            case Vanish():
                self.away = True
                link.cut(noticed=True)
            case c.Bye():
                self._say(deed)
                self._resume_token = None
            case c.Typing() | c.MediaReport():
                self._say(deed)
            case _:
                self._command(deed)

    def _command(self, command: c.Command) -> None:
        if isinstance(command, c.Find | c.Next):
            self.wants_rest = False
        elif isinstance(command, c.Cancel | c.Leave) or (isinstance(command, c.Block) and self.belief.pair):
            self.wants_rest, self.promised_ms = True, None
        self._unanswered[command.id] = self._clock.monotonic_ms(), command
        self._say(command)

    def _say(self, message: c.ClientMessage) -> None:
        if self.link is not None and not self.link.ended:
            self.link.say(message)
