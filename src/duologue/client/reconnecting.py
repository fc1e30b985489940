"""`ReconnectingSocket`: one conversation over as many connections as it takes.

When to come back is decided in `coming_back.py`; what a snapshot means for a person is not known here.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from picows import WSError

from duologue.client.coming_back import ClosePolicy, Retries, close_policy, is_old, renew_in_ms
from duologue.client.invitation import Invitation, NoToken
from duologue.client.socket import ConnectionEnded, Socket
from duologue.protocol.client import Accept, ClientMessage, Command, Refresh
from duologue.protocol.codes import CloseCode, ErrorCode
from duologue.protocol.server import (
    VERSION,
    CommandError,
    Hello,
    Ready,
    Refreshed,
    Reply,
    ServerMessage,
    Standby,
)

HANDSHAKE_S = 10.0
"""From dialling to `ready`; the server's own deadline for `auth` is 10 s."""
OUTBOX_LIMIT = 64
"""More unanswered commands than this are refused: nobody can mean that many."""
UNREAD_LIMIT = 10_000
"""Who reads no news for so long gets a snapshot instead."""
ABNORMAL = 1006

log = logging.getLogger("duologue.client")
_dice = secrets.SystemRandom()


class Away(NamedTuple):
    """The connection was lost, and the next try comes in `wait_ms`; `failures` tries in a row came to nothing."""

    ended: ConnectionEnded | NoToken
    wait_ms: int
    failures: int
    told_ms: int | None = None
    """After how long the server said to come again; None: it said nothing of that."""


def tell_log(away: Away) -> None:
    """What is done where nobody else wants to know."""
    log.info("%s; back in %d ms", away.ended, away.wait_ms)


class _Link:
    """A connection that is in."""

    def __init__(self, socket: Socket, hello: Hello, ready_at: float) -> None:
        self.socket = socket
        self.ready_at = ready_at
        self.seat_ms: int | None = None
        self._patience_s = (hello.heartbeat_ms + hello.pong_wait_ms) / 1000
        self._skew_s = hello.server_time / 1000 - ready_at

    @property
    def silent_at(self) -> float:
        """When silence means that the server is gone."""
        return self.socket.heard_at + self._patience_s

    def left_ms(self, expires_at: int, now: float) -> int:
        """Until an instant of the server's clock."""
        return expires_at - round(1000 * (self._skew_s + now))


class ReconnectingSocket:
    """Commands are said again until they are answered; each `Ready` after the first is a return.

    Ends with `ConnectionEnded` only where coming back is of no use, or after `close`. With `stand_by`, also where
    another session of the same person takes over it goes on, over lost connections too, until an `Accept` makes it the
    active one.
    """

    def __init__(
        self,
        invitation: Invitation,
        *,
        stand_by: bool = False,
        on_away: Callable[[Away], None] = tell_log,
        random: Callable[[], float] = _dice.random,
    ) -> None:
        self._may_stand_by = stand_by
        self._stands_by = False
        self._accepting: str | None = None
        """Standing by, this `Accept` was said: until it is answered the server hears no other command."""
        self._invitation = invitation
        self._on_away = on_away
        self._random = random
        self._now = asyncio.get_running_loop().time
        self._token: str | None = invitation.token
        self._resume_token: str | None = None
        self._rev = 0
        self._person: str | None = None
        self._retries = Retries()
        self._drain_at: float | None = None
        self._outbox: dict[str, Command] = {}
        self._unread: asyncio.Queue[ServerMessage | Exception] = asyncio.Queue()
        self._link: _Link | None = None
        self._life: asyncio.Task[None] | None = None
        self._renewal: asyncio.Task[None] | None = None

    @property
    def online(self) -> bool:
        """Whether there is a connection at this moment."""
        return self._link is not None

    async def enter(self) -> Ready:
        """Come in, however long it takes. Raises `ConnectionEnded` where the server does not want us."""
        assert self._life is None, "a conversation begins once"
        self._life = asyncio.create_task(self._run(), name="client")  # noqa: TID251 - held here, its failure is read
        try:
            ready = await self.receive()
        except BaseException:
            self.close(goodbye=False)
            raise
        assert isinstance(ready, Ready), "nothing is told before it"
        return ready

    def send(self, message: ClientMessage) -> None:
        """A command is sent now or after the next return, and again until it is answered; a signal now or never."""
        if isinstance(message, Command):
            if len(self._outbox) >= OUTBOX_LIMIT:
                self._refuse(message.id, "too many commands without an answer")
                return
            self._outbox[message.id] = message
            if self._accepting is not None:
                return
        if self._link is not None:
            self._say(self._link, message)

    async def receive(self) -> ServerMessage:
        """The next message. Raises `ConnectionEnded`, again and again, once all is over."""
        message = await self._unread.get()
        if isinstance(message, Exception):
            self._unread.put_nowait(message)
            raise message
        return message

    def close(self, *, goodbye: bool) -> None:
        """Close for good. With a goodbye the seat is free at once; without, it is held for a while."""
        if self._link is not None:
            self._link.socket.close(goodbye=goodbye)
        if self._life is not None and not self._life.done():
            self._life.cancel()
            self._unread.put_nowait(ConnectionEnded(1000, "closed"))

    async def closed(self) -> None:
        """Wait until nothing is left of it."""
        if self._life is not None:
            await asyncio.wait([self._life])

    def cut(self) -> None:
        """Drop the connection of the moment without a word, as a dead network does."""
        if self._link is not None:
            self._link.socket.cut()

    # -- its life ---------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            while True:
                await self._visit_and_recover()
        except Exception as error:  # noqa: BLE001 - the end of it, or a defect: both are told to who reads
            self._unread.put_nowait(error)

    async def _visit_and_recover(self) -> None:
        try:
            await self._visit()
        except ConnectionEnded as ended:
            policy = self._policy(ended.code)
            if policy.kind == "never":
                raise
            await self._stay_away(ended, policy.delay_ms)
        except NoToken as none:
            if none.refused:
                raise ConnectionEnded(CloseCode.INVALID_TOKEN, str(none)) from none
            await self._stay_away(none, none.retry_after_ms)

    def _policy(self, code: int) -> ClosePolicy:
        policy = close_policy(code, self._told_ms() or None)
        if policy.kind != "token":
            return policy
        self._token = self._resume_token = None
        return policy if self._invitation.renew is not None else ClosePolicy("never")

    def _told_ms(self) -> int | None:
        return None if self._drain_at is None else max(0, round(1000 * (self._drain_at - self._now())))

    async def _stay_away(self, ended: ConnectionEnded | NoToken, told_ms: int | None) -> None:
        wait_ms = self._retries.next_ms(told_ms, self._now(), self._random())
        self._on_away(Away(ended, wait_ms, self._retries.failures, self._told_ms()))
        await asyncio.sleep(wait_ms / 1000)

    async def _visit(self) -> None:
        """One connection, from dialling to its end; returns when it is time to go elsewhere."""
        socket = None
        self._drain_at = None
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                socket = await Socket.open(self._invitation.websocket_url)
                hello, answer = await self._greet(socket)
            self._link = link = _Link(socket, hello, self._now())
            self._welcome(link, answer)
            await self._listen(link)
        except (OSError, WSError) as error:
            raise ConnectionEnded(ABNORMAL, str(error) or "no answer in time") from error
        finally:
            self._leave(socket)

    def _leave(self, socket: Socket | None) -> None:
        if self._link is not None:
            now = self._now()
            self._retries.lost(now - self._link.ready_at, self._link.seat_ms, now)
        if self._renewal is not None:
            self._renewal.cancel()
        self._link = self._renewal = self._accepting = None
        if socket is not None:
            self._drain_at = socket.drain_at
            socket.close(goodbye=False)

    async def _greet(self, socket: Socket) -> tuple[Hello, Ready | Standby]:
        hello = await socket.hello()
        if hello.v != VERSION:
            raise ConnectionEnded(CloseCode.UNSUPPORTED_VERSION, f"the server speaks {hello.v}")
        if self._resume_token is not None and not self._stands_by:
            ready = await socket.resume(self._resume_token, self._rev)
            if ready is not None:
                return hello, ready
            self._resume_token = None
            if self._invitation.renew is not None:  # the server may have changed its keys
                self._token = None
        if self._token is None:
            self._token = await self._new_token()
        return hello, await self._come_in(socket, self._token)

    async def _come_in(self, socket: Socket, token: str) -> Ready | Standby:
        if not self._stands_by:
            return await socket.authenticate(token)
        try:
            return await socket.stand_by(token)
        except ConnectionEnded as ended:
            if ended.code == CloseCode.PROTOCOL_ERROR:  # an older server: all that is left would take over
                raise _replaced() from ended
            raise

    async def _new_token(self) -> str:
        if self._invitation.renew is None:
            raise NoToken("the invitation cannot be renewed", refused=True)
        try:
            return await self._invitation.renew()
        except NoToken:
            raise
        except Exception as error:  # whatever fails in there, the next try may do
            raise NoToken(f"no token: {error!r}") from error

    def _welcome(self, link: _Link, answer: Ready | Standby) -> None:
        """What there is to know first, then whatever has no answer yet is said again."""
        if isinstance(answer, Standby):
            self._rev = answer.rev
        else:
            self._take(link, answer)
        self._unread.put_nowait(answer)
        self._renew_later(link, answer.expires_at)
        self._say_all(link)

    def _take(self, link: _Link, ready: Ready) -> None:
        """We speak for our person."""
        if self._person not in (None, ready.self.person):
            for each in list(self._outbox):
                self._refuse(each, "somebody else is here now")
        self._person, self._rev, self._resume_token = ready.self.person, ready.rev, ready.resume_token
        link.seat_ms, self._stands_by = ready.seat_ms, False

    def _say_all(self, link: _Link) -> None:
        for command in list(self._outbox.values()):
            if self._accepting is None:
                self._say(link, command)

    # -- what is heard ----------------------------------------------------------------------

    async def _listen(self, link: _Link) -> None:
        while True:
            try:
                async with asyncio.timeout_at(min(link.silent_at, link.socket.drain_at or link.silent_at)):
                    message = await link.socket.receive()
            except TimeoutError:
                if link.socket.drain_at is not None and self._now() >= link.socket.drain_at:
                    return
                if self._now() >= link.silent_at:
                    raise ConnectionEnded(ABNORMAL, "silence") from None
            else:
                self._hear(link, message)

    def _hear(self, link: _Link, message: ServerMessage) -> None:
        match message:
            case Reply(id=id_):
                self._hear_reply(link, message, self._outbox.pop(id_, None))
            case Ready():  # what an `Accept` has come to
                self._take(link, message)
                self._tell(message)
                self._renew_later(link, message.expires_at)
            case Refreshed(resume_token=token, expires_at=expires_at):
                self._resume_token = token
                self._renew_later(link, expires_at)
            case Standby(rev=rev):
                self._tell(message)
                if not self._may_stand_by:  # coming back would take over from the other session
                    raise _replaced()
                self._rev, self._stands_by, link.seat_ms = rev, True, None
            case _ if not is_old(message, self._rev):
                self._rev = getattr(message, "rev", self._rev)
                self._tell(message)

    def _hear_reply(self, link: _Link, reply: Reply, command: Command | None) -> None:
        if not isinstance(command, Refresh):  # that was asked for here
            self._tell(reply)
        if reply.id == self._accepting:
            self._accepting = None
            self._say_all(link)

    def _tell(self, message: ServerMessage) -> None:
        if self._unread.qsize() >= UNREAD_LIMIT:
            self._unread = asyncio.Queue()
            raise ConnectionEnded(CloseCode.RESYNC, "too much unread news")
        self._unread.put_nowait(message)

    def _refuse(self, id_: str, why: str) -> None:
        self._outbox.pop(id_, None)
        error = CommandError(ErrorCode.UNAVAILABLE, why, temporary=True)
        self._unread.put_nowait(Reply(id_, ok=False, error=error))

    def _say(self, link: _Link, message: ClientMessage) -> None:
        if self._stands_by and isinstance(message, Accept):
            self._accepting = message.id
        with suppress(ConnectionEnded):  # `_listen` hears of it, too
            link.socket.send(message)

    # -- the token --------------------------------------------------------------------------

    def _renew_later(self, link: _Link, expires_at: int | None) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
        self._renewal = None
        if expires_at is not None and self._invitation.renew is not None:
            self._renewal = asyncio.create_task(self._renew(link, expires_at))  # noqa: TID251 - held, and ends with the link

    async def _renew(self, link: _Link, expires_at: int) -> None:
        """A talk must not break off because a token ends. Tried again in what is left, until `Refreshed` comes."""
        while (wait_ms := renew_in_ms(link.left_ms(expires_at, self._now()), self._random())) is not None:
            await asyncio.sleep(wait_ms / 1000)
            try:
                self._token = await self._new_token()
            except NoToken as none:
                log.warning("%s", none)
            else:
                self.send(Refresh(f"refresh-{secrets.token_hex(8)}", self._token))


def _replaced() -> ConnectionEnded:
    return ConnectionEnded(CloseCode.REPLACED, "another session of the same person goes on")
