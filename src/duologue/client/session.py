"""`RandomChatSession`: find somebody, talk, move on."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from duologue.client.invitation import Invitation
from duologue.client.reconnecting import Away, ReconnectingSocket, tell_log
from duologue.client.socket import Socket
from duologue.client.standing import Standing
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
from duologue.protocol.codes import EndReason, MediaEvent, Mode
from duologue.protocol.server import (
    Blocked,
    BlockedPerson,
    CommandError,
    Matched,
    PersonalLink,
    Ready,
    Reply,
    ServerMessage,
    Standby,
)

Message = TypeVar("Message", bound=ServerMessage)


class CommandRefused(Exception):
    """The server said no; `error` says why and whether later would do."""

    def __init__(self, error: CommandError) -> None:
        super().__init__(f"{error.code}: {error.message}")
        self.error = error


class RandomChatSession(Standing):
    """One person. Commands return when the server confirmed them; news is read with `news` or `expect`.

    With `reconnect` it comes back by itself, and ends only where that is of no use: `ConnectionEnded` says why.
    A return is news: its `Ready`, then whatever was missed, as the messages that would have told it.
    Without, it is one connection, and `connect(resume=True)` opens the next one.

    Where another session of the same person takes over, it ends. With `stand_by` too it stays (`standing_by`): calls
    ring here as well, and `accept` makes it the active one.

    Any number of tasks may wait for replies and news at the same time; each message of news goes to one of them.
    What is known (`pair`, `waiting`, ...) is as of the last message that was read, so somebody has to read.
    """

    def __init__(
        self,
        invitation: Invitation,
        *,
        reconnect: bool = False,
        stand_by: bool = False,
        on_away: Callable[[Away], None] = tell_log,
    ) -> None:
        super().__init__()
        self._stand_by = stand_by
        self._on_away = on_away
        self._invitation = invitation
        self._reconnect = reconnect
        self._ids = (f"{secrets.token_hex(4)}-{n}" for n in itertools.count(1))
        self._unread: deque[ServerMessage] = deque()
        self._replies: dict[str, Reply | None] = {}
        """Of the commands that somebody waits for."""
        self._answers: dict[type[object], ServerMessage | None] = {}
        """What somebody asked for."""
        self._turn: asyncio.Task[None] | None = None
        """Reads one message, for all who wait."""
        self.socket: Socket | ReconnectingSocket | None = None

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        self.close(goodbye=error is None)
        if isinstance(self.socket, ReconnectingSocket):
            await self.socket.closed()

    async def connect(self, *, resume: bool = False) -> Ready:
        """Come in; with `resume`, continue this session on another socket."""
        self._end_turn()
        if self._reconnect:
            self.socket = ReconnectingSocket(self._invitation, stand_by=self._stand_by, on_away=self._on_away)
            ready = await self.socket.enter()
        else:
            self.socket = await Socket.open(self._invitation.websocket_url)
            ready = await self._greet(self.socket, self.ready if resume else None)
        self.take(ready)
        return ready

    async def stand_by(self) -> Standby:
        """Come in on one connection, and leave what the person does to their other sessions: calls ring here, too."""
        assert not self._reconnect, "who reconnects begins as the active session"
        self._end_turn()
        self.socket = await Socket.open(self._invitation.websocket_url)
        await self.socket.hello()
        standby = await self.socket.stand_by(self._invitation.token)
        self.note(standby)
        return standby

    async def _greet(self, socket: Socket, before: Ready | None) -> Ready:
        await socket.hello()
        resumed = await socket.resume(before.resume_token, before.rev) if before is not None else None
        return resumed or await socket.authenticate(self._invitation.token)

    async def find(self, filters: Filters) -> None:
        """Wait for a partner."""
        self._attempt += 1
        await self._command(Find(next(self._ids), self._attempt, filters))

    async def cancel(self) -> None:
        """Stop waiting."""
        await self._command(Cancel(next(self._ids), self._attempt))
        self._stopped()

    async def next(self, filters: Filters | None = None) -> None:
        """Leave this partner and wait for another."""
        assert self.pair is not None, "next needs a pair; find starts a search"
        self._attempt += 1
        self.last_pair, self._parting = self.pair, EndReason.NEXT  # `Ended` may come after the reply
        await self._command(Next(next(self._ids), self.pair, self._attempt, filters))

    async def leave(self) -> None:
        """Leave this partner."""
        assert self.pair is not None, "there is nobody to leave"
        self._parting = EndReason.LEFT
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
        return (await self._ask(Blocked, BlockedList)).people

    async def link(self, *, renew: bool = False) -> str:
        """By what others may call one; with `renew`, whoever has the old one rings nobody any more."""
        return (await self._ask(PersonalLink, lambda id_: CallLink(id_, renew))).link

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
        self._last_n += 1
        await self._command(Chat(next(self._ids), self.pair, text, self._last_n))

    def report_media(self, event: MediaEvent = MediaEvent.CONNECTED, detail: str = "", ms: int | None = None) -> None:
        """Say how the media of this pair is; `ms`: for the first frame, since `matched`."""
        assert self.pair is not None, "media belongs to a pair"
        self._said = MediaReport(self.pair, event, detail, ms)
        self.send(self._said)

    async def expect(self, kind: type[Message]) -> Message:
        """The next message of this kind; others are skipped. Raises `ConnectionEnded`."""
        while not isinstance(message := await self.news(), kind):
            pass
        return message

    async def news(self) -> ServerMessage:
        """The next message, whatever it is about: what a program wants that reacts to all. Raises `ConnectionEnded`."""
        while not self._unread:
            await self._read()
        return self._unread.popleft()

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
        self._end_turn()
        if self.socket is not None:
            self.socket.close(goodbye=goodbye)

    async def _command(self, command: Command) -> None:
        self._replies[command.id] = None
        try:
            self.send(command)
            while (reply := self._replies[command.id]) is None:
                await self._read()
        finally:
            del self._replies[command.id]
        if reply.error is not None:
            raise CommandRefused(reply.error)

    async def _ask(self, kind: type[Message], command: Callable[[str], Command]) -> Message:
        """What comes before the reply; again, should it have been lost with a connection."""
        while not isinstance(answer := self._answers.pop(kind, None), kind):
            self._answers[kind] = None
            await self._command(command(next(self._ids)))
        return answer

    # -- reading ----------------------------------------------------------------------------

    async def _read(self) -> None:
        """Until one more message was read, by whoever began to."""
        if self._turn is None or self._turn.done():
            self._turn = asyncio.create_task(self._take_turn())  # noqa: TID251 - held, and awaited by who wait
            self._turn.add_done_callback(_seen)
        await asyncio.shield(self._turn)

    async def _take_turn(self) -> None:
        message = await self._receive()
        if isinstance(message, Reply) and message.id in self._replies:
            self._replies[message.id] = message
        elif isinstance(message, Ready | Standby) and self._reconnect:
            self._return(message)
        elif type(message) in self._answers:
            self._answers[type(message)] = message
        else:
            self._unread.append(message)

    async def _receive(self) -> ServerMessage:
        assert self.socket is not None, "connect first"
        message = await self.socket.receive()
        if not (isinstance(message, Ready | Standby) and self._reconnect):
            self.note(message)
        return message

    def _return(self, told: Ready | Standby) -> None:
        """The snapshot, and what there is in it that nobody told us."""
        self._unread += [told, *(self.missed(told) if isinstance(told, Ready) else self.missed_standing_by(told))]
        self.note(told)
        if self._said is not None and self._said.event is MediaEvent.CONNECTED and not self.talking:
            self.send(self._said)  # it may have been lost with the connection

    def _end_turn(self) -> None:
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None


def _seen(turn: asyncio.Task[None]) -> None:
    """Its failure is told to who waits; if nobody does, the next one to read meets it again."""
    if not turn.cancelled():
        turn.exception()
