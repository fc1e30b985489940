"""Carries out what a client asked for: one message, one call of a service."""

from __future__ import annotations

import re

import structlog

from duologue.errors import RateLimited
from duologue.gateway import tally
from duologue.ids import BlockId, CallId, GatewayId, PairId, RequestId
from duologue.ledger import Attention, Caller, Outcome, Probe
from duologue.metrics import definitions as metrics
from duologue.pairs.pair import Pair
from duologue.ports import Limiter, Store
from duologue.protocol import client as c
from duologue.protocol.codes import MediaEvent, Mode
from duologue.protocol.server import PeerTyping
from duologue.safety.ratelimit import UNLIMITED, Rate
from duologue.services.blocks import Blocks
from duologue.services.calls import Calls
from duologue.services.going_back import GoingBack
from duologue.services.identity import Identity
from duologue.services.lobby import Entry, Lobby, Newcomer, StandbyEntry
from duologue.services.pairs import Pairs
from duologue.services.reports import Reports, Said
from duologue.settings import LimitSettings

log = structlog.get_logger()

Performable = c.Command | c.MediaReport


class Performer:
    """The services of one gateway, behind one door. Errors of the store pass through."""

    def __init__(
        self,
        gateway: GatewayId,
        lobby: Lobby,
        pairs: Pairs,
        blocks: Blocks,
        reports: Reports,
        calls: Calls,
        going_back: GoingBack,
        store: Store,
        limiter: Limiter,
        limits: LimitSettings,
    ) -> None:
        self.gateway = gateway
        self.lobby = lobby
        self.pairs = pairs
        self.blocks = blocks
        self.reports = reports
        self.calls = calls
        self.going_back = going_back
        self.store = store
        self._limiter = limiter
        self._auth, self._resume, self._find = limits.rate("auth"), limits.rate("resume"), limits.rate("find")
        self._call, self._ring, self._report_rate = limits.rate("call"), limits.rate("ring"), limits.rate("report")

    async def enter(self, token: str, newcomer: Newcomer, prefix: str) -> Entry:
        """Come in with a session token. Raises `RateLimited`, by address prefix; fails closed, as the store does.

        A token that opens nothing costs the prefix nothing: strangers behind the same address need theirs.
        """
        grant = self.lobby.grant(token)
        await self._admit(f"auth:{prefix}", self._auth)
        return await self.lobby.enter(grant, newcomer)

    async def stand_by(self, token: str, newcomer: Newcomer, prefix: str) -> StandbyEntry:
        """Stand by. Raises `RateLimited` as `enter` does: a session that stands by has limits of its own, too."""
        grant = self.lobby.grant(token)
        await self._admit(f"auth:{prefix}", self._auth)
        return await self.lobby.stand_by(grant, newcomer)

    async def resume(self, token: str, newcomer: Newcomer) -> Entry:
        """Come back with a resume token. Raises `RateLimited`, by person; fails closed, as the store does.

        Not by prefix: after a gateway died, a whole one comes back at once. But each arrival brings limits of its own
        with it, so who could come back without end would have none.
        """
        resumed = self.lobby.resumed(token)
        await self._admit(f"resume:{resumed.identity.person}", self._resume)
        return await self.lobby.resume(resumed, newcomer)

    async def attend(self, caller: Caller, attention: Attention) -> None:
        """How likely this person would notice a partner."""
        await self.lobby.attend(caller, attention)

    async def depart(self, caller: Caller, hold_ms: int) -> None:
        """The socket is gone."""
        await self.lobby.depart(caller, hold_ms)

    async def relay(self, caller: Caller, message: PeerTyping | Probe) -> None:
        """Hand something to a partner on another gateway."""
        await self.store.relay(caller, PairId(message.pair), message)

    async def open_room(self, pair: Pair) -> None:
        """Make the room of a pair."""
        await self.pairs.open(pair)

    async def admit(self, who: Identity, message: Performable) -> None:
        """Raises `RateLimited` for who searches or calls too often, over all their sockets.

        Once for each message: it is carried out a second time where the store had forgotten who sent it.
        """
        match message:
            case c.Find() | c.Next():
                await self._admit(f"find:{who.person}", self._find)
            case c.Call():
                await self._admit(f"call:{who.person}", self._call)

    async def perform(self, who: Identity, generation: int, message: Performable) -> Outcome:
        """Carry out one message that was admitted. Raises `RateLimited` for what others bear only so much of."""
        request = getattr(message, "id", None)
        caller = Caller(who.person, generation, RequestId(request) if request is not None else None)
        match message:
            case c.Find(attempt=attempt, filters=filters):
                return await self.lobby.find(caller, who, attempt, filters)
            case c.Cancel(attempt=attempt):
                return await self.lobby.cancel(caller, attempt)
            case c.Next(pair=pair, attempt=attempt, filters=wishes):
                return await self.lobby.next(caller, who, PairId(pair), attempt, wishes)
            case c.Leave(pair=pair):
                return await self.lobby.leave(caller, PairId(pair))
            case c.Back(pair=pair):
                return await self.going_back.back(caller, PairId(pair))
            case c.Call() | c.Accept() | c.Decline() | c.CancelCall():
                return await self._about_call(caller, who, message)
            case c.Block() | c.Unblock() | c.Report():
                return await self._about_blocks(caller, who, message)
            case c.Hidden() | c.Chat() | c.Mute():
                return await self._show(caller, message)
            case c.MediaReport():
                return await self._media(caller, message)
            case c.Diagnostics():
                _note_diagnostics(message)
        return Outcome.DONE

    async def _show(self, caller: Caller, message: c.Hidden | c.Chat | c.Mute) -> Outcome:
        """What a partner gets to see."""
        match message:
            case c.Hidden(value=value):
                return await self.store.attend(caller, Attention.HIDDEN if value else Attention.VISIBLE)
            case c.Chat(pair=pair, n=n, text=text):
                return await self.store.write(caller, PairId(pair), n, text)
            case c.Mute(pair=pair, audio=audio, video=video):
                return await self.store.mute(caller, PairId(pair), audio_off=audio, video_off=video)

    async def _about_blocks(self, caller: Caller, who: Identity, message: c.Block | c.Unblock | c.Report) -> Outcome:
        match message:
            case c.Block(pair=pair):
                return await self.blocks.block(caller, PairId(pair))
            case c.Unblock(block=block):
                await self.blocks.unblock(who.person, BlockId(block))
                return Outcome.DONE
            case c.Report():
                return await self._report(caller, who, message)

    async def _report(self, caller: Caller, who: Identity, message: c.Report) -> Outcome:
        """Who reports too often is told so, and gets away from the partner all the same."""
        said = Said(PairId(message.pair), message.reason, message.text)
        try:
            await self._admit(f"report:{who.person}", self._report_rate)
        except RateLimited:
            await self.blocks.block(caller._replace(request=None), said.pair)
            raise
        return await self.reports.report(caller, who.tenant, said)

    async def _about_call(
        self, caller: Caller, who: Identity, message: c.Call | c.Accept | c.Decline | c.CancelCall
    ) -> Outcome:
        match message:
            case c.Call(to=to, mode=mode):
                return await self._ring_up(caller, who, to, mode)
            case c.Accept(call=call):
                return await self.calls.accept(caller, CallId(call))
            case c.Decline(call=call):
                return await self.calls.decline(caller, CallId(call))
            case c.CancelCall(call=call):
                return await self.calls.cancel(caller, CallId(call))

    async def _ring_up(self, caller: Caller, who: Identity, to: str, mode: Mode) -> Outcome:
        """Nobody is called often, by however many."""
        callee = await self.calls.whom(who, to)
        await self._admit(f"ring:{callee}", self._ring)
        return await self.calls.call(caller, callee, mode)

    async def _admit(self, key: str, rate: Rate) -> None:
        retry_after_ms = 0 if rate == UNLIMITED else await self._limiter.admit(key, rate)
        if retry_after_ms:
            metrics.LIMITED.inc(f"shared_{key.partition(':')[0]}")
            raise RateLimited(retry_after_ms)

    async def _media(self, caller: Caller, report: c.MediaReport) -> Outcome:
        pair = PairId(report.pair)
        log.debug("media_reported", pair=_loggable_id(pair), media=str(report.event), ms=report.ms)
        match report.event:
            case MediaEvent.CONNECTED:
                return await self.pairs.connected(caller, pair)
            case MediaEvent.FAILED:
                return await self.pairs.media_failed(caller, pair, _loggable(report.detail))
        return Outcome.DONE


def _note_diagnostics(message: c.Diagnostics) -> None:
    tally.diagnosed(message.report, message.cause)
    if message.cause is not None:  # or it is a count of what went well, as anybody sends now and then
        figures = {f"client_{_loggable(name)}": _bounded(value) for name, value in message.report.items()}
        log.info("client_diagnostics", cause=message.cause, trail=" ".join(message.trail), **figures)


def _bounded(figure: float) -> float:
    """JSON knows integers of any length; a log line should not."""
    return figure if abs(figure) <= 2**53 else float("inf")


def _loggable(detail: str) -> str:
    """A client's word for what went wrong, if it is a word: free text could carry anything."""
    return detail if re.fullmatch(r"[a-z0-9_]{1,40}", detail) else "other"


def _loggable_id(name: str) -> str:
    """An id that a client named: ours have no other characters."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name) else "other"
