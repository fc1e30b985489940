"""The pump between one socket, its session and the services. It decides nothing."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Protocol, cast

import structlog
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from duologue.errors import DuologueError, OutcomeUnknown, TokenRefused, Unavailable, ValueRefused
from duologue.gateway import events as ev
from duologue.gateway.performer import Performer
from duologue.gateway.session import Session
from duologue.ids import SessionId
from duologue.ledger import Caller, Outcome
from duologue.ports import Clock
from duologue.protocol import codec
from duologue.protocol.codes import CloseCode, ErrorCode
from duologue.protocol.server import CommandError, Self
from duologue.services.identity import Identity
from duologue.services.lobby import ResumeSpent

if TYPE_CHECKING:
    from picows.picows import WSCloseHandshake

log = structlog.get_logger()

PENDING_AT_MOST = 64
"""Commands of one client waiting for the store; beyond that the socket closes."""
_PAYLOAD = (WSMsgType.TEXT, WSMsgType.BINARY)
WRITE_BUFFER_BYTES = 256 * 1024
"""A client that leaves this much unread is cut off and comes back for a snapshot."""
CLOSE_WITHIN_MS = 2_000
DEAD_PEER = (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 3), ("TCP_KEEPCNT", 2), ("TCP_USER_TIMEOUT", 11_000))
"""A dead phone is found by the kernel in about 11 s, without a byte of ours; the last one (RFC 5482) does
the same where a byte of ours is on the way, because keepalive waits for that."""


class Hub(Protocol):
    """What a connection needs of its gateway: a narrow view, so that there is no cycle."""

    performer: Performer
    clock: Clock

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run beside."""

    def arm(self, connection: Connection, at_ms: int | None) -> None:
        """Tick this connection at that time."""

    def join(self, connection: Connection) -> bool:
        """Its socket is up; False when there is no room for it."""

    def forget(self, connection: Connection) -> None:
        """Its socket is gone."""


class Connection(WSListener):
    """One socket. Frames in, events to the session, commands out; slow work in order, one at a time."""

    def __init__(self, hub: Hub, session_id: SessionId, session: Session) -> None:
        super().__init__()
        self.id = session_id
        self._hub = hub
        self._session = session
        self._transport: WSTransport | None = None
        self._identity: Identity | None = None
        self._generation = 0
        self._pending: deque[ev.SessionCommand] = deque()
        self._working = False
        self._refusal: CloseCode | None = None

    def refuse(self, code: CloseCode) -> None:
        """Close as soon as the upgrade is through: a browser cannot read an HTTP refusal, but a close code."""
        self._refusal = code

    # -- called by picows -------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        _tune(transport)
        if self._refusal is None and not self._hub.join(self):
            self._refusal = CloseCode.OVERLOADED
        self.handle(ev.Opened() if self._refusal is None else ev.CutOff(self._refusal))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:  # noqa: ARG002 - picows' signature
        if frame.msg_type == WSMsgType.PING:
            self.handle(ev.Violated(CloseCode.PROTOCOL_ERROR, "use pong messages, not WebSocket pings"))
        elif frame.msg_type == WSMsgType.CLOSE:
            code = frame.get_close_code()
            # "No code" has a number that must not be on the wire (RFC 6455, section 7.4.1).
            self._close(int(cast("int", WSCloseCode.OK if code == WSCloseCode.NO_INFO else code)), "")
        elif frame.msg_type in _PAYLOAD and frame.fin:
            self._on_payload(frame)
        else:
            self.handle(ev.Violated(CloseCode.PROTOCOL_ERROR, "only whole text messages are taken"))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.handle(ev.Closed(_close_code(transport)))
        self._hub.forget(self)

    def pause_writing(self) -> None:
        self.handle(ev.CutOff(CloseCode.SLOW_CONSUMER))

    # -- the pump ---------------------------------------------------------------------------

    def _on_payload(self, frame: WSFrame) -> None:
        try:
            message = codec.decode_client(frame.get_payload_as_bytes())
        except codec.ProtocolViolation as violation:
            self.handle(ev.Violated(violation.code, violation.detail))
        else:
            self.handle(ev.Received(message))

    def handle(self, event: ev.Event) -> None:
        """Let the session decide, and do what it says."""
        for command in self._session.handle(event, self._hub.clock.now_ms()):
            match command:
                case ev.Send(message):
                    if self._transport is not None:
                        self._transport.send(WSMsgType.TEXT, codec.encode(message))
                case ev.Close(code, reason):
                    self._close(code, reason)
                case ev.Place(pair):
                    person = self._who().person
                    self.handle(ev.Placed(pair.id, self._hub.performer.pairs.place(pair, person)))
                case ev.OpenRoom(pair):
                    self._hub.spawn(self._hub.performer.open_room(pair), f"open-room-{pair.id}")
                case _:
                    self._later(command)
        self._hub.arm(self, self._session.deadline_ms)

    def _close(self, code: int, reason: str) -> None:
        if self._transport is not None:
            self._transport.send_close(cast("WSCloseCode", code), reason.encode())
            self._transport.disconnect()
            self._hub.spawn(self._make_sure(self._transport), f"close-{self.id}")

    async def _make_sure(self, transport: WSTransport) -> None:
        """Who does not read would keep the socket, and so the seat, until the last byte went: not for long."""
        await self._hub.clock.sleep_ms(CLOSE_WITHIN_MS)
        if not transport.is_disconnected:
            transport.disconnect(graceful=False)

    def _later(self, command: ev.SessionCommand) -> None:
        """Queue what takes time. A task lives only while there is work: idle people cost none."""
        if len(self._pending) >= PENDING_AT_MOST and not isinstance(command, ev.Depart):
            self.handle(ev.CutOff(CloseCode.RATE_LIMITED))
            return
        self._pending.append(command)
        if not self._working:
            self._working = True
            self._hub.spawn(self._work(), f"session-{self.id}")

    async def _work(self) -> None:
        try:
            while self._pending:
                await self._try(self._pending.popleft())
        finally:
            self._working = False

    async def _try(self, command: ev.SessionCommand) -> None:
        """A defect of ours must not leave somebody with a command that is never answered."""
        try:
            await self._carry_out(command)
        except Exception:
            log.exception("session_failed", session=self.id)
            self.handle(ev.CutOff(CloseCode.SERVER_ERROR))

    async def _carry_out(self, command: ev.SessionCommand) -> None:
        match command:
            case ev.Enter(token, resume):
                self.handle(await self._enter(token, resume=resume))
            case ev.Perform(message):
                outcome = await self._perform(command)
                id_ = getattr(message, "id", None)
                if isinstance(id_, str):
                    self.handle(ev.Answered(id_, outcome))
            case ev.Depart(hold_ms):
                await self._hub.performer.depart(Caller(self._who().person, self._generation), hold_ms)

    async def _enter(self, token: str, *, resume: bool) -> ev.Entered | ev.EntryRefused | ev.ResumeRefused:
        try:
            entry = await self._hub.performer.enter(token, self.id, resume=resume)
        except (ResumeSpent, TokenRefused) as refused:
            if resume:
                return ev.ResumeRefused()
            code = CloseCode.TOKEN_EXPIRED if refused.expired else CloseCode.INVALID_TOKEN
            return ev.EntryRefused(code, str(refused))
        except DuologueError as error:
            return ev.EntryRefused(CloseCode.BACKEND_UNAVAILABLE, str(error))
        self._identity, self._generation = entry.identity, entry.arrival.generation
        me = Self(entry.identity.person, entry.identity.guest, entry.identity.facets)
        return ev.Entered(me, entry.arrival, entry.resume_token)

    async def _perform(self, command: ev.Perform) -> Outcome | CommandError:
        try:
            return await self._hub.performer.perform(self._who(), self._generation, command.message)
        except (Unavailable, OutcomeUnknown) as error:
            retry_after_ms = error.retry_after_ms if isinstance(error, Unavailable) else 1_000
            return CommandError(ErrorCode.UNAVAILABLE, str(error), temporary=True, retry_after_ms=retry_after_ms)
        except ValueRefused as error:
            return CommandError(ErrorCode.BAD_REQUEST, str(error), temporary=False)

    def _who(self) -> Identity:
        assert self._identity is not None, "the session acts for somebody only after Entered"
        return self._identity


def _tune(transport: WSTransport) -> None:
    """Bound what a slow reader can make us hold, and let the kernel find dead peers."""
    below = transport.underlying_transport
    below.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
    sock: socket.socket = below.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in DEAD_PEER:
        if hasattr(socket, option):  # other systems lack one or the other
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _close_code(transport: WSTransport) -> int:
    """What the client said on leaving; 1006 (RFC 6455 section 7.1.5) when it said nothing."""
    handshake = cast("WSCloseHandshake | None", transport.close_handshake)
    received = handshake.recv if handshake else None
    return int(cast("int", received.code)) if received else 1006
