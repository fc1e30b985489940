"""One client's session as a state machine: `handle(event, now_ms)` gives the commands to carry out.

A method per state: opened -> entering -> live -> over. Pure, so every order of events can be
tested and simulated; `connection.py` does what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

import msgspec

from duologue.gateway import events as ev
from duologue.gateway import views
from duologue.ids import PersonId, SessionId
from duologue.ledger import (
    Delivery,
    Dequeued,
    Idle,
    Outcome,
    Paired,
    PairEnded,
    PairFormed,
    Queued,
    Relayed,
    RoomIsOpen,
    Superseded,
    TalkStarted,
    Waiting,
)
from duologue.matching.estimate import QueueStatus
from duologue.matching.rules import Rules
from duologue.matching.ticket import Ticket
from duologue.pairs.pair import Pair
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codec import MAX_FRAME_BYTES
from duologue.protocol.codes import CloseCode, ErrorCode, Mode
from duologue.safety.ratelimit import Rate, admit

GOODBYE = 1000
NOT_YET = (
    c.Back, c.Call, c.Accept, c.Decline, c.CancelCall, c.Report, c.Block, c.Unblock, c.BlockedList, c.Refresh, c.Hidden,
)  # fmt: skip
"""Commands of the protocol that this version answers with `not_available`."""


class Timing(msgspec.Struct, frozen=True):
    """The times of a session, in milliseconds. Relations: `pong_wait` < `heartbeat`; `auth` covers a slow phone."""

    auth_ms: int = 10_000
    heartbeat_ms: int = 25_000
    pong_wait_ms: int = 10_000
    resume_window_ms: int = 60_000
    seat_ms: int = 15_000
    """How long a seat is held after a lost socket."""
    seat_after_leaving_page_ms: int = 5_000
    """The same after close code 1001, which browsers send when a page is left or reloaded."""
    first_news_ms: int = 1_500
    """When somebody who starts to wait first hears fresh numbers; by then a matcher has published them."""
    news_ms: int = 5_000
    """At the latest, somebody who waits hears something this often."""
    room_fallback_ms: int = 1_000
    """Side B makes the room itself when side A's gateway has not done so by then."""


class Limits(msgspec.Struct, frozen=True):
    """How much one connection may send."""

    any: Rate = Rate(interval_ms=50, burst=60)
    find: Rate = Rate(interval_ms=2_000, burst=5)
    chat: Rate = Rate(interval_ms=100, burst=20)
    buffered_news: int = 256
    """News kept while a session is still entering."""


class Session:
    """One client, from socket to socket."""

    def __init__(
        self,
        session: SessionId,
        board: Mapping[str, QueueStatus],
        *,
        timing: Timing = Timing(),  # noqa: B008 - frozen
        limits: Limits = Limits(),  # noqa: B008 - frozen
        rules: Rules = Rules(),  # noqa: B008 - frozen
    ) -> None:
        self._id = session
        self._board = board
        self._timing = timing
        self._limits = limits
        self._rules = rules
        self._state: Callable[[ev.Event, int], list[ev.SessionCommand]] = self._opened
        self._timers: dict[str, int] = {}
        self._full_at_ms: dict[str, int] = {}
        self._early: list[Delivery] = []
        self._entered: ev.Entered | None = None
        self._ticket: Ticket | None = None
        self._pair: Pair | None = None
        self._attempt = 0
        self._announced = False
        self._rev = 0
        self._left_politely = False
        self._resume_refused = False

    @property
    def deadline_ms(self) -> int | None:
        """When this session wants a `Ticked`."""
        return min(self._timers.values(), default=None)

    def handle(self, event: ev.Event, now_ms: int) -> list[ev.SessionCommand]:
        """What to do about this event."""
        return self._state(event, now_ms)

    # -- opened: the socket is up, nobody said who they are ----------------------------------

    def _opened(self, event: ev.Event, now_ms: int) -> list[ev.SessionCommand]:
        match event:
            case ev.Opened():
                self._timers["auth"] = now_ms + self._timing.auth_ms
                t = self._timing
                return [ev.Send(s.Hello(s.VERSION, t.heartbeat_ms, t.pong_wait_ms, MAX_FRAME_BYTES, now_ms))]
            case ev.Received(c.Auth(token=token)):
                self._state = self._entering
                return [ev.Enter(token, resume=False)]
            case ev.Received(c.Resume(resume_token=token)) if not self._resume_refused:
                self._state = self._entering
                return [ev.Enter(token, resume=True)]
            case ev.Received(c.Bye()):
                return self._close(GOODBYE, "bye")
            case ev.Received():
                return self._close(CloseCode.PROTOCOL_ERROR, "the first message is auth or resume")
            case ev.Ticked():
                return self._close(CloseCode.AUTH_TIMEOUT, "send auth or resume after hello")
        return self._common(event)

    # -- entering: the token is being checked --------------------------------------------------

    def _entering(self, event: ev.Event, now_ms: int) -> list[ev.SessionCommand]:
        match event:
            case ev.Entered():
                return self._welcome(event, now_ms)
            case ev.Placed(_, credentials) if self._pair is not None:
                return self._greet(
                    views.pair_state(self._rev, self._me, self._pair, self._attempt, credentials, now_ms), now_ms
                )
            case ev.EntryRefused(code, detail):
                return self._close(code, detail)
            case ev.ResumeRefused():
                self._state, self._resume_refused = self._opened, True
                return [ev.Send(s.InvalidSession(retry=True))]
            case ev.Delivered(delivery):
                if len(self._early) >= self._limits.buffered_news:
                    return self._close(CloseCode.RESYNC, "too much happened while you were coming in")
                self._early.append(delivery)
                return []
            case ev.Received(c.Pong() | c.Typing() | c.MediaReport()):
                return []
            case ev.Received():
                return self._close(CloseCode.PROTOCOL_ERROR, "wait for ready")
            case ev.Ticked():
                return self._close(CloseCode.BACKEND_UNAVAILABLE, "nobody could check your token in time")
        return self._common(event)

    def _welcome(self, entered: ev.Entered, now_ms: int) -> list[ev.SessionCommand]:
        self._entered = entered
        self._rev = entered.arrival.rev
        self._attempt = entered.arrival.last_attempt
        match entered.arrival.state:
            case Paired(pair):
                return self._welcome_to_pair(pair, now_ms)
            case Waiting(ticket):
                self._wait_with(ticket, now_ms)
                return self._greet(s.WaitingState(self._waiting(ticket, now_ms)), now_ms)
            case Idle():
                return self._greet(s.IdleState(), now_ms)
        assert_never(entered.arrival.state)

    def _welcome_to_pair(self, pair: Pair, now_ms: int) -> list[ev.SessionCommand]:
        """Into a pair whose room is there: credentials first. Into one whose room is not: make it, just in case."""
        self._pair = pair
        if pair.mode is not Mode.TEXT and pair.room_open:
            return [ev.Place(pair)]
        commands = self._greet(views.pair_state(self._rev, self._me, pair, self._attempt, None, now_ms), now_ms)
        if pair.mode is not Mode.TEXT:
            commands.append(ev.OpenRoom(pair))
        return commands

    def _greet(self, state: s.State, now_ms: int) -> list[ev.SessionCommand]:
        """Say `ready`, then what happened meanwhile."""
        assert self._entered is not None, "ready comes after entering"
        self._state = self._live
        self._announced = self._pair is not None
        self._timers.pop("auth", None)
        self._timers["ping"] = now_ms + self._timing.heartbeat_ms
        window_ms = self._timing.resume_window_ms
        ready = s.Ready(
            self._rev, self._id, self._entered.resume_token, window_ms, self._entered.self, self._attempt, state
        )
        commands: list[ev.SessionCommand] = [ev.Send(ready)]
        early, self._early = self._early, []
        for delivery in early:
            commands += self._news(delivery, now_ms)
        return commands

    # -- live ----------------------------------------------------------------------------------

    def _live(self, event: ev.Event, now_ms: int) -> list[ev.SessionCommand]:
        match event:
            case ev.Received(message):
                return self._received(message, now_ms)
            case ev.Delivered(delivery):
                return self._news(delivery, now_ms)
            case ev.Answered(id_, outcome):
                return self._answered(id_, outcome)
            case ev.Placed(pair, credentials):
                return self._placed(pair, credentials, now_ms)
            case ev.Ticked():
                return self._ticked(now_ms)
        return self._common(event)

    def _received(self, message: c.ClientMessage, now_ms: int) -> list[ev.SessionCommand]:
        self._timers.pop("pong", None)
        if self._admit("any", self._limits.any, now_ms):
            return self._close(CloseCode.RATE_LIMITED, "too many messages")
        match message:
            case c.Pong():
                return []
            case c.Bye():
                self._left_politely = True
                return self._close(GOODBYE, "bye")
            case c.Auth() | c.Resume():
                return self._close(CloseCode.PROTOCOL_ERROR, "you are in already")
            case c.Find() | c.Next():
                return self._limited("find", self._limits.find, message, now_ms)
            case c.Chat():
                return self._limited("chat", self._limits.chat, message, now_ms)
            case c.Typing():
                return [] if self._admit("chat", self._limits.chat, now_ms) else [ev.Perform(message)]
            case c.MediaReport() | c.Cancel() | c.Leave() | c.Mute() | c.Diagnostics():
                return [ev.Perform(message)]
            case _:
                assert isinstance(message, NOT_YET), "every message of the protocol is dealt with"
                return [_refuse(message.id, ErrorCode.NOT_AVAILABLE, "this server does not offer that yet")]

    def _admit(self, name: str, rate: Rate, now_ms: int) -> int:
        """How long to wait in milliseconds; 0: go on."""
        self._full_at_ms[name], retry_after_ms = admit(rate, self._full_at_ms.get(name, 0), now_ms)
        return retry_after_ms

    def _limited(self, name: str, rate: Rate, message: c.Command, now_ms: int) -> list[ev.SessionCommand]:
        retry_after_ms = self._admit(name, rate, now_ms)
        if retry_after_ms:
            return [_refuse(message.id, ErrorCode.RATE_LIMITED, "too fast", retry_after_ms)]
        return [ev.Perform(message)]

    def _answered(self, id_: str, outcome: Outcome | s.CommandError) -> list[ev.SessionCommand]:
        match outcome:
            case Outcome.DONE:
                return [ev.Send(s.Reply(id_, ok=True))]
            case Outcome.REFUSED:
                return [_refuse(id_, ErrorCode.BAD_REQUEST, "not possible in your present state")]
            case Outcome.STALE:
                return self._close(CloseCode.REPLACED, "another session of yours took over")
            case s.CommandError():
                return [ev.Send(s.Reply(id_, ok=False, error=outcome))]
        assert_never(outcome)

    # -- news from the ledger -------------------------------------------------------------------

    def _news(self, delivery: Delivery, now_ms: int) -> list[ev.SessionCommand]:
        if delivery.rev < self._rev:
            return []  # the snapshot knew that already
        self._rev = delivery.rev
        match delivery.news:
            case Queued(ticket):
                self._wait_with(ticket, now_ms)
                return [ev.Send(self._waiting(ticket, now_ms))]
            case Dequeued():
                self._stop_waiting()
                return []
            case PairFormed(pair, attempt):
                return self._paired(pair, attempt, now_ms)
            case RoomIsOpen(pair_id):
                return [ev.Place(self._pair)] if self._pair is not None and self._pair.id == pair_id else []
            case TalkStarted(pair_id, since_ms):
                return [ev.Send(s.Talking(self._rev, pair_id, since_ms))]
            case PairEnded():
                return self._ended(delivery.news, now_ms)
            case Relayed(message):
                mine = self._pair is not None and self._pair.id == message.pair
                return [ev.Send(message)] if mine else []
            case Superseded():
                return self._close(CloseCode.REPLACED, "another session of yours took over")
        assert_never(delivery.news)

    def _wait_with(self, ticket: Ticket, now_ms: int) -> None:
        self._ticket, self._attempt = ticket, ticket.attempt
        self._timers["news"] = now_ms + self._timing.first_news_ms

    def _stop_waiting(self) -> None:
        self._ticket = None
        self._timers.pop("news", None)

    def _paired(self, pair: Pair, attempt: int, now_ms: int) -> list[ev.SessionCommand]:
        self._stop_waiting()
        self._pair, self._attempt, self._announced = pair, attempt, False
        if pair.mode is Mode.TEXT:
            return self._announce(pair, None, now_ms)
        if pair.sides[0].person == self._me:
            return [ev.OpenRoom(pair)]
        self._timers["room"] = now_ms + self._timing.room_fallback_ms
        return []

    def _placed(self, pair_id: str, credentials: s.Credentials | None, now_ms: int) -> list[ev.SessionCommand]:
        self._timers.pop("room", None)
        if self._pair is None or self._pair.id != pair_id:
            return []
        return self._announce(self._pair, credentials, now_ms)

    def _announce(self, pair: Pair, credentials: s.Credentials | None, now_ms: int) -> list[ev.SessionCommand]:
        self._announced = True
        return [ev.Send(views.matched(self._rev, self._me, pair, self._attempt, credentials, now_ms))]

    def _ended(self, ended: PairEnded, now_ms: int) -> list[ev.SessionCommand]:
        announced = self._announced
        self._pair, self._announced = None, False
        self._timers.pop("room", None)
        waiting = None
        if ended.ticket is not None:
            self._wait_with(ended.ticket, now_ms)
            waiting = self._waiting(ended.ticket, now_ms)
        if announced or (waiting is None and ended.by != "me"):
            return [ev.Send(s.Ended(self._rev, ended.pair, ended.reason, ended.by, waiting))]
        notices = [ev.Send(s.Notice("warn", "media_unavailable", {}))] if ended.by == "server" else []
        return [*notices, ev.Send(waiting)] if waiting is not None else []

    # -- time ----------------------------------------------------------------------------------

    def _ticked(self, now_ms: int) -> list[ev.SessionCommand]:
        commands: list[ev.SessionCommand] = []
        for name in [name for name, at_ms in self._timers.items() if at_ms <= now_ms]:
            del self._timers[name]
            commands += self._due(name, now_ms)
        return commands

    def _due(self, name: str, now_ms: int) -> list[ev.SessionCommand]:
        match name:
            case "ping":
                self._timers["ping"] = now_ms + self._timing.heartbeat_ms
                self._timers["pong"] = now_ms + self._timing.pong_wait_ms
                return [ev.Send(s.Ping())]
            case "pong":
                return self._close(CloseCode.NO_PONG, "no answer to a ping")
            case "news" if self._ticket is not None:
                self._timers["news"] = now_ms + self._timing.news_ms
                return [ev.Send(self._waiting(self._ticket, now_ms))]
            case "room" if self._pair is not None:
                return [ev.OpenRoom(self._pair)]
        return []

    # -- over ----------------------------------------------------------------------------------

    def _over(self, event: ev.Event, now_ms: int) -> list[ev.SessionCommand]:  # noqa: ARG002 - one shape for all states
        match event:
            case ev.Entered():
                return [ev.Depart(self._timing.seat_ms)]  # came in after the socket had gone
            case ev.Closed(code) if self._entered is not None:
                self._timers.clear()
                return [ev.Depart(self._hold_ms(code))]
        return []

    def _common(self, event: ev.Event) -> list[ev.SessionCommand]:
        """What is the same in every state before the end."""
        match event:
            case ev.Violated(code, detail):
                return self._close(code, detail)
            case ev.CutOff(code):
                return self._close(code, code.name.lower())
            case ev.Closed():
                self._state = self._over
                return self._over(event, 0)
        return []

    def _close(self, code: int, reason: str) -> list[ev.SessionCommand]:
        self._state = self._over
        self._timers.clear()
        return [ev.Close(code, reason)]

    def _hold_ms(self, code: int) -> int:
        if self._left_politely:
            return 0
        return self._timing.seat_after_leaving_page_ms if code == 1001 else self._timing.seat_ms

    @property
    def _me(self) -> PersonId:
        assert self._entered is not None, "only somebody who came in is anybody"
        return PersonId(self._entered.self.person)

    def _waiting(self, ticket: Ticket, now_ms: int) -> s.Waiting:
        status = self._board.get(ticket.cohort.key, QueueStatus())
        return views.waiting(self._rev, ticket, status, self._rules, now_ms)


def _refuse(id_: str, code: ErrorCode, message: str, retry_after_ms: int | None = None) -> ev.Send:
    temporary = code is not ErrorCode.NOT_AVAILABLE
    return ev.Send(s.Reply(id_, ok=False, error=s.CommandError(code, message, temporary, retry_after_ms)))
