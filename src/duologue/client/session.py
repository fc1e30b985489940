"""`RandomChatSession`: find somebody, talk, move on. Simple on purpose: one socket, no reconnects by itself."""

from __future__ import annotations

import itertools
import secrets
from collections import deque
from types import TracebackType
from typing import Self, TypeVar

from duologue.client.socket import Invitation, Socket
from duologue.protocol.client import (
    Accept,
    Back,
    Block,
    BlockedList,
    Call,
    CallLink,
    Cancel,
    CancelCall,
    Chat,
    Command,
    Decline,
    Filters,
    Find,
    Leave,
    MediaReport,
    Next,
    Report,
    Unblock,
)
from duologue.protocol.codes import MediaEvent, Mode
from duologue.protocol.server import (
    Blocked,
    BlockedPerson,
    CallState,
    CommandError,
    Ended,
    IdleState,
    Incoming,
    Matched,
    PairState,
    PersonalLink,
    Ready,
    Reply,
    RingingState,
    ServerMessage,
    Standby,
    Waiting,
    WaitingState,
)

Message = TypeVar("Message", bound=ServerMessage)


class CommandRefused(Exception):
    """The server said no; `error` says why and whether later would do."""

    def __init__(self, error: CommandError) -> None:
        super().__init__(f"{error.code}: {error.message}")
        self.error = error


class RandomChatSession:
    """One person. Commands return when the server confirmed them; news is read with `expect`."""

    def __init__(self, invitation: Invitation) -> None:
        self._invitation = invitation
        self._ids = (f"{secrets.token_hex(4)}-{n}" for n in itertools.count(1))
        self._lines = itertools.count(1)
        self._unread: deque[ServerMessage] = deque()
        self._attempt = 0
        self._stopped_at = 0
        self.socket: Socket | None = None
        self.ready: Ready | None = None
        self.pair: str | None = None
        self.last_pair: str | None = None
        """The pair that ended last."""
        self.waiting: Waiting | None = None
        self.ringing: str | None = None
        """The call that rings, of this person or to them."""
        self.standing_by = False

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        self.close(goodbye=error is None)

    async def connect(self, *, resume: bool = False) -> Ready:
        """Open a socket; with `resume`, continue this session."""
        self.socket = await Socket.open(self._invitation.websocket_url)
        ready = None
        if resume and self.ready is not None:
            ready = await self.socket.resume(self.ready.resume_token, self.ready.rev)
        if ready is None:
            ready = await self.socket.enter(self._invitation.token)
        self._take_snapshot(ready)
        return ready

    async def find(self, filters: Filters) -> None:
        """Wait for a partner."""
        self._attempt += 1
        await self._command(Find(next(self._ids), self._attempt, filters))

    async def cancel(self) -> None:
        """Stop waiting."""
        await self._command(Cancel(next(self._ids), self._attempt))
        self._stopped()

    def _stopped(self) -> None:
        """The reply is all the news of it, and older news may come after it."""
        self._stopped_at, self.waiting = self._attempt, None

    async def next(self, filters: Filters | None = None) -> None:
        """Leave this partner and wait for another."""
        assert self.pair is not None, "next needs a pair; find starts a search"
        self._attempt += 1
        self.last_pair = self.pair  # `Ended` may come after the reply
        await self._command(Next(next(self._ids), self.pair, self._attempt, filters))

    async def leave(self) -> None:
        """Leave this partner."""
        assert self.pair is not None, "there is nobody to leave"
        await self._command(Leave(next(self._ids), self.pair))
        self._stopped()

    async def back(self, pair: str | None = None) -> None:
        """Want to go back to the last partner; `Matched` follows once they want to, too."""
        assert pair is not None or self.last_pair is not None, "there is nobody to go back to"
        await self._command(Back(next(self._ids), pair or self.last_pair or ""))

    async def block(self, pair: str | None = None) -> None:
        """Never meet the partner of this pair again: of the present one, or of the one that is named."""
        assert pair is not None or self.pair is not None, "there is nobody to block"
        await self._command(Block(next(self._ids), pair or self.pair or ""))

    async def report(self, reason: str, text: str = "", pair: str | None = None) -> None:
        """The same, and tell the operator why: one of the `report_reasons` of `/config.json`."""
        assert pair is not None or self.pair is not None, "there is nobody to report"
        await self._command(Report(next(self._ids), pair or self.pair or "", reason, text))

    async def unblock(self, block: str) -> None:
        """Take a block back."""
        await self._command(Unblock(next(self._ids), block))

    async def blocked(self) -> list[BlockedPerson]:
        """Whom one has blocked, the newest first."""
        await self._command(BlockedList(next(self._ids)))
        return (await self.expect(Blocked)).people

    async def link(self, *, renew: bool = False) -> str:
        """By what others may call one; with `renew`, whoever has the old one rings nobody any more."""
        await self._command(CallLink(next(self._ids), renew))
        return (await self.expect(PersonalLink)).link

    async def call(self, to: str, mode: Mode = Mode.VIDEO) -> None:
        """Ring somebody, by their link; `CallState` follows."""
        await self._command(Call(next(self._ids), to, mode))

    async def accept(self, call: str | None = None) -> None:
        """Take the call that rings, or the one that is named."""
        await self._command(Accept(next(self._ids), call or self._rings()))

    async def decline(self, call: str | None = None) -> None:
        """Do not take it."""
        await self._command(Decline(next(self._ids), call or self._rings()))

    async def cancel_call(self, call: str | None = None) -> None:
        """Ring no more."""
        await self._command(CancelCall(next(self._ids), call or self._rings()))

    def _rings(self) -> str:
        assert self.ringing is not None, "nothing rings"
        return self.ringing

    async def chat(self, text: str) -> None:
        """Write to the partner."""
        assert self.pair is not None, "there is nobody to write to"
        await self._command(Chat(next(self._ids), self.pair, text, next(self._lines)))

    def report_media(self, event: MediaEvent = MediaEvent.CONNECTED, detail: str = "", ms: int | None = None) -> None:
        """Say how the media of this pair is; `ms`: for the first frame, since `matched`."""
        assert self.pair is not None, "media belongs to a pair"
        self.send(MediaReport(self.pair, event, detail, ms))

    async def expect(self, kind: type[Message]) -> Message:
        """The next message of this kind; others are skipped. Raises `ConnectionEnded`."""
        while not isinstance(message := await self.news(), kind):
            pass
        return message

    async def news(self) -> ServerMessage:
        """The next message, whatever it is about: what a program wants that reacts to all. Raises `ConnectionEnded`."""
        return self._unread.popleft() if self._unread else await self._receive()

    async def matched(self) -> Matched:
        """Wait for a partner, and say at once that we are in: what a text bot wants."""
        matched = await self.expect(Matched)
        if matched.mode is Mode.TEXT:
            self.report_media()
        return matched

    def send(self, message: MediaReport | Command) -> None:
        """Send as it is."""
        assert self.socket is not None, "connect first"
        self.socket.send(message)

    def close(self, *, goodbye: bool = True) -> None:
        """Leave; without a goodbye the seat is held for a while."""
        if self.socket is not None:
            self.socket.close(goodbye=goodbye)

    async def _command(self, command: Command) -> None:
        self.send(command)
        while True:
            message = await self._receive()
            if isinstance(message, Reply) and message.id == command.id:
                if message.error is not None:
                    raise CommandRefused(message.error)
                return
            self._unread.append(message)

    async def _receive(self) -> ServerMessage:
        assert self.socket is not None, "connect first"
        message = await self.socket.receive()
        self._note(message)
        return message

    def _note(self, message: ServerMessage) -> None:
        match message:
            case Matched(pair=pair):
                if pair != self.pair:
                    self._lines = itertools.count(1)
                self.pair, self.waiting, self.ringing = pair, None, None
            case Incoming(call=call):
                self.ringing, self.waiting = call, None
            case CallState():
                self._note_call(message)
            case Ready():
                self._take_snapshot(message)
            case Standby():
                self.standing_by, self.pair, self.waiting = True, None, None
            case Waiting():
                self._wait(message)
            case Ended(pair=pair, waiting=waiting):
                self.pair, self.last_pair = None, pair
                self._wait(waiting)

    def _note_call(self, told: CallState) -> None:
        if told.state == "accepted":
            self._lines = itertools.count(1)
            self.pair = told.pair
        self.ringing = told.call if told.state == "ringing" else None
        self._wait(told.waiting)

    def _wait(self, waiting: Waiting | None) -> None:
        wanted = waiting is not None and waiting.attempt > self._stopped_at
        self.waiting = waiting if wanted else None

    def _take_snapshot(self, ready: Ready) -> None:
        self.ready = ready
        self.pair = self.waiting = self.ringing = None
        self.standing_by = False
        self._attempt = max(self._attempt, ready.attempt)
        match ready.state:
            case PairState(matched=matched, last_n=last_n):
                self._note(matched)
                self._lines = itertools.count(last_n + 1)
            case WaitingState(waiting=waiting):
                self._note(waiting)
            case RingingState(call=call):
                self.ringing = call
            case IdleState():
                pass
