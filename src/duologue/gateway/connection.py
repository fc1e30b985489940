"""The pump between one wire, its session and the services. It decides nothing.

It must not know what a wire is made of: `sockets.py` brings real ones, a simulation its own.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Literal, Protocol

import structlog

from duologue.gateway import events as ev
from duologue.gateway import tally
from duologue.gateway.errands import Errands
from duologue.gateway.outlet import Outlet, Wire
from duologue.gateway.performer import Performer
from duologue.gateway.session import Session, State
from duologue.ids import PersonId, SessionId
from duologue.ledger import Caller, Claim, Delivery, News, Paired, PersonState, Probe, TalkStarted
from duologue.metrics import definitions as metrics
from duologue.ports import Clock
from duologue.protocol import codec
from duologue.protocol.client import MediaReport
from duologue.protocol.codes import CloseCode, MediaEvent
from duologue.protocol.server import PeerTyping, Self, ServerMessage
from duologue.safety.addresses import shortened
from duologue.services.identity import Identity
from duologue.services.lobby import Entry, Renewal, StandbyEntry
from duologue.settings import GatewaySettings

log = structlog.get_logger()

NOTHING_SAID: tuple[str, frozenset[MediaEvent]] = ("", frozenset())
"""Of no pair."""


class Hub(Protocol):
    """What a connection needs of its gateway: a narrow view, so that there is no cycle."""

    performer: Performer
    clock: Clock
    settings: GatewaySettings

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run beside."""

    def arm(self, connection: Connection, at_ms: int | None) -> None:
        """Call `ticked` at that time."""

    def entered(self, connection: Connection, person: PersonId) -> None:
        """It speaks for this person now."""

    def stands_by(self, connection: Connection) -> None:
        """It came in, and speaks for nobody."""

    def relay(self, to: PersonId, message: PeerTyping | Probe) -> bool:
        """Hand something to a partner who is on this gateway too; False: they are not."""

    async def vouch_for(self, connection: Connection) -> None:
        """The ledger does not know that it is here: tell it. Raises `BackendError`."""

    def forget(self, connection: Connection) -> None:
        """Its socket is gone."""

    def spread_ms(self, retry_after_ms: int) -> int:
        """At least that long, and not the same for everybody."""


class Connection:
    """One socket. Frames in, events to the session, commands out; what takes time is an errand."""

    __slots__ = (
        "_armed_ms", "_errands", "_generation", "_hub", "_identity", "_outlet", "_said", "_session", "_since_ms",
        "address", "expires_ms", "id",
    )  # fmt: skip

    def __init__(self, hub: Hub, session_id: SessionId, session: Session, address: str = "") -> None:
        self.id = session_id
        self.address = address
        self._hub = hub
        self._session = session
        self._outlet = Outlet()
        self._identity: Identity | None = None
        self._generation = 0
        self.expires_ms = 0
        self._since_ms = 0
        self._errands: Errands | None = None
        self._armed_ms: int | None = None
        self._said = NOTHING_SAID

    @property
    def person(self) -> PersonId | None:
        """Who this is, once they came in."""
        return self._identity.person if self._identity is not None else None

    # -- called by whoever owns the wire ------------------------------------------------------

    def opened(self, wire: Wire, refusal: ev.CutOff | None = None) -> None:
        """The wire is up. With a refusal it closes at once: a browser cannot read an HTTP error, but a close code."""
        self._outlet.opened(wire)
        self.handle(refusal or ev.Opened())

    def received(self, frame: bytes) -> None:
        """The client sent a whole frame."""
        try:
            message = codec.decode_client(frame)
        except codec.Newer as newer:
            self.handle(ev.NotKnown(newer.id))
        except codec.ProtocolViolation as violation:
            self.handle(ev.Violated(violation.code, violation.detail))
        else:
            now_ms = self._hub.clock.now_ms()
            if isinstance(message, MediaReport):
                self._hear_of_media(message, now_ms)
            commands = self._session.handle(ev.Received(message), now_ms)
            tally.refused(message, commands)
            self._carry(commands)
            self._arm()

    def _hear_of_media(self, report: MediaReport, now_ms: int) -> None:
        """What they say while they are in that pair, each word once: who repeats it must not drown all others."""
        doing = self._session.doing
        about, words = self._said
        said = words if about == report.pair else frozenset[MediaEvent]()
        if isinstance(doing, Paired) and doing.pair.id == report.pair and report.event not in said:
            self._said = report.pair, said | {report.event}
            tally.media_said(report, doing.pair, self.who().person, now_ms)

    def violated(self, code: CloseCode, detail: str) -> None:
        """The client did something that no client of ours does."""
        self.handle(ev.Violated(code, detail))

    def writable(self, *, yes: bool) -> None:
        """The client reads, or has left more unread than the soft limit allows."""
        self._outlet.writable(yes=yes, late_at_ms=self._hub.clock.now_ms() + self._hub.settings.write_slow_ms)
        self._arm()

    def leaving(self, code: int) -> None:
        """The client said that it closes: answer in kind."""
        self._close(code, "", by="client")

    def closed(self, code: int) -> None:
        """The wire is gone; `code` is what the client said on leaving, 1006 when it said nothing."""
        self._outlet.gone()
        tally.gone(self._session.doing, self._hub.clock.now_ms())
        if not self._outlet.is_closing:
            tally.closed(code, by="client")
        try:
            self.handle(ev.Closed(code))
        finally:
            self._hub.forget(self)
        if self._identity is not None:
            lasted_ms = self._hub.clock.now_ms() - self._since_ms
            log.info("session_ended", **self._names(), code=code, lasted_ms=lasted_ms)

    @property
    def state(self) -> State:
        """Where its session is in its life."""
        return self._session.state

    @property
    def doing(self) -> PersonState:
        """What its person does, by what its session was told."""
        return self._session.doing

    @property
    def is_ahead(self) -> bool:
        """Whether its client knows more by answers than by news."""
        return self._session.is_ahead

    @property
    def is_asking(self) -> bool:
        """Whether something is under way to the store."""
        return self._errands is not None

    def claim(self) -> Claim | None:
        """What its client was told last; None: nobody came in on it."""
        return self._session.claim(self._generation)

    # -- called by the gateway ------------------------------------------------------------------

    def ticked(self) -> None:
        """The time that was armed has come."""
        self._armed_ms = None
        now_ms = self._hub.clock.now_ms()
        if self._outlet.is_late(now_ms):
            metrics.BOUNDS_HIT.inc("write_buffer")
            if not self._outlet.let_go():
                self.handle(ev.CutOff(CloseCode.SLOW_CONSUMER))
        deadline_ms = self._session.deadline_ms
        if deadline_ms is not None and now_ms >= deadline_ms:
            self.handle(ev.Ticked())
        self._arm()

    def hear(self, message: PeerTyping | Probe) -> bool:
        """The partner, on this gateway too, says something; False when this session does nothing about it."""
        commands = self._session.handle(ev.PeerSaid(message), self._hub.clock.now_ms())
        self._carry(commands)
        self._arm()
        return bool(commands)

    def told(self, delivery: Delivery) -> None:
        """News from the ledger."""
        if self._identity is not None:
            self._hear_news(delivery.news)
        self.handle(ev.Delivered(delivery))

    def _hear_news(self, news: News) -> None:
        """What begins and ends; what both sides of a pair hear is noted by the first alone."""
        tally.told(news, self._session, self._hub.clock.now_ms())
        if isinstance(news, TalkStarted):
            doing = self._session.doing
            if isinstance(doing, Paired) and doing.pair.sides[0].person == self.who().person:
                tally.talk_started(doing.pair, news.since_ms)
                log.debug("talk_started", pair=doing.pair.id)

    def broken(self) -> None:
        """A defect of ours: close past the session, whose state nobody can be sure of."""
        self._close(CloseCode.SERVER_ERROR, "server_error")

    # -- the pump -------------------------------------------------------------------------------

    def handle(self, event: ev.Event) -> None:
        """Let the session decide, and do what it says."""
        self._carry(self._session.handle(event, self._hub.clock.now_ms()))
        self._arm()

    def _carry(self, commands: list[ev.SessionCommand]) -> None:
        for command in commands:
            match command:
                case ev.Send(message):
                    self._send(message)
                case ev.Relay(to, message):
                    if not self._hub.relay(to, message):
                        self._later(command)
                case ev.Close(code, reason):
                    self._close(code, reason)
                case ev.Place(pair):
                    person = self.who().person
                    self.handle(ev.Placed(pair.id, self._hub.performer.pairs.place(pair, person)))
                case ev.OpenRoom(pair):
                    self._hub.spawn(self._hub.performer.open_room(pair), f"open-room-{pair.id}")
                case _:
                    self._later(command)

    def _send(self, message: ServerMessage) -> None:
        if self._outlet.takes and not self._outlet.send(codec.encode(message), self._hub.settings.write_hard_bytes):
            metrics.BOUNDS_HIT.inc("write_buffer")
            self.handle(ev.CutOff(CloseCode.SLOW_CONSUMER))

    def _close(self, code: int, reason: str, *, by: str = "server") -> None:
        if self._outlet.close(code, reason, self._hub.clock.now_ms()):
            tally.closed(code, by)
            self._arm()

    def _arm(self) -> None:
        """Have `ticked` called when the session or a slow reader is due."""
        at_ms, late_at_ms = self._session.deadline_ms, self._outlet.late_at_ms
        if late_at_ms is not None:
            at_ms = late_at_ms if at_ms is None else min(at_ms, late_at_ms)
        if at_ms != self._armed_ms:
            self._armed_ms = at_ms
            self._hub.arm(self, at_ms)

    def _later(self, command: ev.SessionCommand) -> None:
        """Have it done after what takes time already."""
        if self._errands is None:
            self._errands = Errands(self, self._hub)
            self._hub.spawn(self._run(self._errands), f"session-{self.id}")
        if not self._errands.add(command):
            metrics.BOUNDS_HIT.inc("pending_commands")
            self.handle(ev.CutOff(CloseCode.RATE_LIMITED))

    async def _run(self, errands: Errands) -> None:
        try:
            await errands.run()
        finally:
            self._errands = None

    # -- who it is: asked and told by errands ---------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether there is a wire."""
        return self._outlet.is_open

    def who(self) -> Identity:
        """Who speaks; to be asked once they came in."""
        assert self._identity is not None, "the session acts for somebody only after Entered"
        return self._identity

    def caller(self) -> Caller:
        """The same as the store wants it."""
        return Caller(self.who().person, self._generation)

    def came_in(self, entry: Entry, *, resumed: bool) -> ev.Entered:
        """A service let this person in."""
        self._is(entry)
        if self.is_open:
            self._hub.entered(self, entry.identity.person)
            self._note_start("resumed" if resumed else "new")
        return ev.Entered(_self_of(entry.identity), entry.arrival, entry.resume_token, entry.expires_ms)

    def stands_by(self, entry: StandbyEntry) -> ev.StoodBy:
        """The same for one that is to stand by."""
        self._is(entry)
        if self.is_open:
            self._hub.stands_by(self)
            self._note_start("standby")
        return ev.StoodBy(_self_of(entry.identity), entry.arrival, entry.expires_ms)

    def _is(self, entry: Entry | StandbyEntry) -> None:
        """Known from now on."""
        self._identity, self._generation = entry.identity, entry.arrival.generation
        self.expires_ms = entry.expires_ms
        self.bind()

    def _note_start(self, kind: Literal["new", "resumed", "standby"]) -> None:
        self._since_ms = self._since_ms or self._hub.clock.now_ms()
        tally.came_in(kind)
        network = shortened(self.address)
        log.info("session_started", resumed=kind == "resumed", standby=kind == "standby", network=network)

    def renewed(self, renewal: Renewal) -> None:
        """They stay longer."""
        self._identity, self.expires_ms = renewal.identity, renewal.expires_ms

    def bind(self) -> None:
        """Whatever this task logs from now on is about this session."""
        structlog.contextvars.bind_contextvars(**self._names())

    def _names(self) -> dict[str, str]:
        """What lines about this person are found by."""
        return {"session": self.id} if self._identity is None else {"session": self.id, "person": self._identity.person}


def _self_of(identity: Identity) -> Self:
    return Self(identity.person, identity.guest, identity.facets)
