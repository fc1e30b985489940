"""What takes time: the commands of one session that ask services, one after the other, in order.

A client gets either what it asked for or a refusal in words of the protocol; what a backend said goes to the log.
It must not know the wire.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import structlog

from duologue.errors import BackendError, DuologueError, RateLimited, TokenRefused, ValueRefused
from duologue.gateway import events as ev
from duologue.gateway import tally
from duologue.ids import CallId
from duologue.ledger import Attention, Caller, Outcome
from duologue.metrics import definitions as metrics
from duologue.protocol.client import Block, Find, Leave, MediaReport, Next, Report
from duologue.protocol.codes import CloseCode, ErrorCode
from duologue.protocol.server import CommandError
from duologue.safety.addresses import prefix_of
from duologue.services.calls import CallRefused
from duologue.services.lobby import Entry, Newcomer, SocketGone

if TYPE_CHECKING:
    from duologue.gateway.connection import Connection, Hub

log = structlog.get_logger()

AT_MOST = 64
"""Commands of one client that wait for the store."""
AWAY = "something that this server needs is out of reach"
"""All that strangers hear of it: the error names hosts, keys and people."""
PARTING = (Block, Leave, Next, Report)
"""Done, whoever asked is not in that pair any more."""
SEARCHES = (Find, Next)
REFUSALS = (RateLimited, CallRefused, TokenRefused, ValueRefused, BackendError)
"""What a command may come to; anything else is a defect of ours."""


class Errands:
    """Those of one connection. It lives only while there are some: idle people cost none."""

    def __init__(self, connection: Connection, hub: Hub) -> None:
        self._connection = connection
        self._hub = hub
        self._queue: deque[ev.SessionCommand] = deque()

    def add(self, command: ev.SessionCommand) -> bool:
        """False: there are too many; only a departure is always taken."""
        if len(self._queue) >= AT_MOST and not isinstance(command, ev.Depart):
            return False
        self._queue.append(command)
        return True

    async def run(self) -> None:
        """All of them, and those that come meanwhile."""
        self._connection.bind()
        while self._queue:
            await self._try(self._queue.popleft())

    async def _try(self, command: ev.SessionCommand) -> None:
        """A defect of ours must not leave somebody with a command that is never answered."""
        try:
            await self._carry_out(command)
        except Exception:
            metrics.DEFECTS.inc("session")
            log.exception("session_failed")
            self._tell(ev.CutOff(CloseCode.SERVER_ERROR))

    def _tell(self, event: ev.Event) -> None:
        self._connection.handle(event)

    async def _carry_out(self, command: ev.SessionCommand) -> None:
        match command:
            case ev.Enter(token, resume):
                self._tell(await self._let_in(self._enter(token, resume=resume), resume=resume))
            case ev.StandBy(token):
                self._tell(await self._let_in(self._stand_by(token), resume=False))
            case ev.Perform():
                await self._answer(command)
            case ev.Relay(_, message):
                with contextlib.suppress(BackendError):  # it may be lost
                    await self._hub.performer.relay(self._caller(), message)
            case ev.Attend(attention):
                await self._attend(attention)
            case ev.Renew(id_) | ev.ListBlocks(id_) | ev.TellLink(id_):
                try:
                    self._tell(await self._look_up(command))
                except REFUSALS as error:
                    self._tell(ev.Answered(id_, refusal_of(error)))
            case ev.TakeCall(id_, call):
                await self._take_call(id_, call)
            case ev.Depart(hold_ms):
                await self._depart(hold_ms)

    # -- coming and going -----------------------------------------------------------------------

    async def _enter(self, token: str, *, resume: bool) -> ev.Entered:
        performer, connection = self._hub.performer, self._connection
        if resume:
            entry = await performer.resume(token, self._newcomer())
        else:
            entry = await performer.enter(token, self._newcomer(), prefix_of(connection.address))
        return connection.came_in(entry, resumed=resume)

    async def _stand_by(self, token: str) -> ev.StoodBy:
        connection = self._connection
        entry = await self._hub.performer.stand_by(token, self._newcomer(), prefix_of(connection.address))
        return connection.stands_by(entry)

    async def _let_in(
        self, coming: Coroutine[Any, Any, ev.Entered | ev.StoodBy], *, resume: bool
    ) -> ev.Entered | ev.StoodBy | ev.EntryRefused | ev.ResumeRefused:
        """Or say why not, and what the client should do."""
        try:
            return await coming
        except TokenRefused as refused:
            if resume and not refused.expired:
                return ev.ResumeRefused()
            code = CloseCode.TOKEN_EXPIRED if refused.expired else CloseCode.INVALID_TOKEN
            return ev.EntryRefused(code, str(refused))
        except RateLimited as limited:
            wait_ms = self._hub.spread_ms(limited.retry_after_ms)
            return ev.EntryRefused(CloseCode.RATE_LIMITED, "too many arrivals, of yours or from your address", wait_ms)
        except DuologueError as error:
            return ev.EntryRefused(CloseCode.BACKEND_UNAVAILABLE, refusal_of(error).message)

    def _newcomer(self) -> Newcomer:
        connection = self._connection
        return Newcomer(connection.id, self._hub.performer.gateway, lambda: connection.is_open, connection.person)

    async def _take_call(self, id_: str, call: CallId) -> None:
        """With a session that stands by, which comes in by it."""
        connection, calls = self._connection, self._hub.performer.calls
        try:
            taken = await calls.answer(connection.who(), self._newcomer(), call, connection.expires_ms)
        except DuologueError as error:
            self._tell(ev.NotTaken(id_, refusal_of(error)))
            return
        if isinstance(taken, Entry):
            self._tell(connection.came_in(taken, resumed=True))
            self._tell(ev.Answered(id_, Outcome.DONE))
        else:
            self._tell(ev.NotTaken(id_, Outcome.DONE))

    async def _depart(self, hold_ms: int) -> None:
        """Asked until the ledger knows it, but for a record that cannot be read: that one cannot know anything."""
        try:
            await self._hub.performer.depart(self._caller(), hold_ms)
        except BackendError as error:
            log.error("departure_lost", detail=str(error), hint="its seat is held until its gateway is given up")

    async def _attend(self, attention: Attention) -> None:
        """Who could not be noted as here again would never be offered: their next session is."""
        try:
            await self._hub.performer.attend(self._caller(), attention)
        except BackendError:
            if attention is not Attention.QUIET:
                self._tell(ev.CutOff(CloseCode.BACKEND_UNAVAILABLE))

    # -- commands -------------------------------------------------------------------------------

    async def _answer(self, command: ev.Perform) -> None:
        began_ms = self._hub.clock.monotonic_ms()
        try:
            outcome: Outcome | CommandError = await self._perform(command)
        except REFUSALS as error:
            outcome = refusal_of(error)
        message = command.message
        if not isinstance(message, MediaReport):
            tally.answered(message, outcome, self._hub.clock.monotonic_ms() - began_ms)
            done = outcome is Outcome.DONE
            left = message.pair if done and isinstance(message, PARTING) else None
            sought = message.attempt if done and isinstance(message, SEARCHES) else 0
            self._tell(ev.Answered(message.id, outcome, left, sought))

    async def _perform(self, command: ev.Perform) -> Outcome:
        performer, message, who = self._hub.performer, command.message, self._connection.who()
        await performer.admit(who, message)
        outcome = await performer.perform(who, self._caller().generation, message)
        if outcome is Outcome.GONE:
            await self._hub.vouch_for(self._connection)
            outcome = await performer.perform(who, self._caller().generation, message)
        if isinstance(message, Find) and outcome is Outcome.DONE:
            log.debug("search_started", attempt=message.attempt, mode=str(message.filters.mode))
        return outcome

    async def _look_up(self, command: ev.Renew | ev.ListBlocks | ev.TellLink) -> ev.Event:
        """What is told to this client alone."""
        performer, who = self._hub.performer, self._connection.who()
        match command:
            case ev.Renew(id_, token):
                renewal = performer.lobby.renew(who, token, self._caller().generation)
                self._connection.renewed(renewal)
                return ev.Refreshed(id_, renewal.resume_token, renewal.expires_ms)
            case ev.ListBlocks(id_):
                return ev.Listed(id_, await performer.blocks.list(who.person))
            case ev.TellLink(id_, renew):
                return ev.LinkTold(id_, await performer.calls.link(who.person, renew=renew))

    def _caller(self) -> Caller:
        return self._connection.caller()


def refusal_of(error: DuologueError) -> CommandError:
    """What the client hears; of backends the log has the rest."""
    match error:
        case RateLimited(retry_after_ms=wait_ms):
            return CommandError(ErrorCode.RATE_LIMITED, "too fast", temporary=True, retry_after_ms=wait_ms)
        case CallRefused(code=code, retry_after_ms=wait_ms):
            return CommandError(code, str(error), wait_ms is not None, wait_ms)
        case TokenRefused() | ValueRefused():
            return CommandError(ErrorCode.BAD_REQUEST, str(error), temporary=False)
        case SocketGone():
            return CommandError(ErrorCode.UNAVAILABLE, AWAY, temporary=True)
    log.warning("backend_unavailable", detail=str(error))
    wait_ms = error.retry_after_ms if isinstance(error, BackendError) else None
    return CommandError(ErrorCode.UNAVAILABLE, AWAY, temporary=True, retry_after_ms=wait_ms)
