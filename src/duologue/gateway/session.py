"""One client's session as a state machine: `handle(event, now_ms)` gives the commands to carry out.

A method per state: opened -> entering -> live -> over; a live session that another one of the same
person took over from stands by, and may enter again. Pure, so every order of events can be tested
and simulated; `connection.py` does what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

import msgspec

from duologue.gateway import events as ev
from duologue.gateway import views
from duologue.gateway.heart import Beat, Heart
from duologue.gateway.terms import Limits, Timing
from duologue.ids import PersonId, SessionId
from duologue.ledger import (
    Attention,
    Delivery,
    Dequeued,
    Dropped,
    Idle,
    Outcome,
    Paired,
    PairEnded,
    PairFormed,
    Probe,
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
from duologue.protocol.codes import CloseCode, EndReason, ErrorCode, MediaEvent, Mode
from duologue.safety.ratelimit import admit
from duologue.safety.text import without_controls

Commands = list[ev.SessionCommand]

GOODBYE = 1000
SOCKET_LOST = 1006
NOT_YET = (
    c.Back, c.Call, c.Accept, c.Decline, c.CancelCall, c.Report, c.Unblock, c.BlockedList,
)  # fmt: skip
"""Commands of the protocol that this version answers with `not_available`."""


class Session:
    """One client, from socket to socket."""

    __slots__ = (
        "_announced", "_any_full_at_ms", "_attempt", "_board", "_chat_full_at_ms", "_close_code", "_departed",
        "_diagnostics_full_at_ms", "_early", "_find_full_at_ms", "_heart", "_hidden", "_id", "_in_flight",
        "_left_politely", "_limits", "_me", "_pair", "_resume_refused", "_rev", "_rules", "_state", "_ticket",
        "_timers", "_timing", "_welcome_with",
    )  # fmt: skip

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
        self._state: Callable[[ev.Event, int], Commands] = self._opened
        self._heart = Heart(timing)
        self._timers: dict[str, int] = {}
        self._any_full_at_ms = self._chat_full_at_ms = self._find_full_at_ms = self._diagnostics_full_at_ms = 0
        self._early: list[Delivery] | None = None
        self._me: PersonId | None = None
        self._welcome_with: ev.Entered | None = None
        self._ticket: Ticket | None = None
        self._pair: Pair | None = None
        self._attempt = 0
        self._announced = False
        self._rev = 0
        self._hidden = False
        self._left_politely = False
        self._resume_refused = False
        self._in_flight = False
        self._departed = False
        self._close_code = SOCKET_LOST

    @property
    def deadline_ms(self) -> int | None:
        """When this session wants a `Ticked`."""
        beat_ms = self._heart.due_ms
        if not self._timers:
            return beat_ms
        timer_ms = min(self._timers.values())
        return timer_ms if beat_ms is None else min(beat_ms, timer_ms)

    def handle(self, event: ev.Event, now_ms: int) -> Commands:
        """What to do about this event."""
        return self._state(event, now_ms)

    # -- opened: the socket is up, nobody said who they are ----------------------------------

    def _opened(self, event: ev.Event, now_ms: int) -> Commands:
        match event:
            case ev.Opened():
                self._timers["auth"] = now_ms + self._timing.auth_ms
                t = self._timing
                return [ev.Send(s.Hello(s.VERSION, t.heartbeat_ms, t.pong_wait_ms, MAX_FRAME_BYTES, now_ms))]
            case ev.Received(c.Auth(token=token)):
                return self._enter(token, resume=False)
            case ev.Received(c.Resume(resume_token=token)) if not self._resume_refused:
                return self._enter(token, resume=True)
            case ev.Received(c.Bye()):
                return self._close(GOODBYE, "bye")
            case ev.Received():
                return self._close(CloseCode.PROTOCOL_ERROR, "the first message is auth or resume")
            case ev.Ticked():
                return self._close(CloseCode.AUTH_TIMEOUT, "send auth or resume after hello")
        return self._common(event)

    # -- entering: the token is being checked --------------------------------------------------

    def _enter(self, token: str, *, resume: bool) -> Commands:
        self._state, self._in_flight = self._entering, True
        return [ev.Enter(token, resume)]

    def _entering(self, event: ev.Event, now_ms: int) -> Commands:
        match event:
            case ev.Entered():
                return self._welcome(event, now_ms)
            case ev.Placed(_, credentials) if self._pair is not None:
                return self._greet_in(self._pair, credentials, now_ms)
            case ev.EntryRefused(code, detail, retry_after_ms):
                self._in_flight = False
                return self._close(code, detail, retry_after_ms)
            case ev.ResumeRefused():
                self._state, self._resume_refused, self._in_flight = self._opened, True, False
                return [ev.Send(s.InvalidSession(retry=True))]
            case ev.Delivered(delivery):
                return self._keep(delivery)
            case ev.Received(c.Pong() | c.Typing() | c.MediaReport()):
                return []
            case ev.Received(c.Bye()):
                return self._goodbye()
            case ev.Received():
                return self._close(CloseCode.PROTOCOL_ERROR, "wait for ready")
            case ev.Ticked():
                return self._close(CloseCode.BACKEND_UNAVAILABLE, "nobody could check your token in time")
        return self._common(event)

    def _keep(self, delivery: Delivery) -> Commands:
        """News that came before the snapshot it follows."""
        self._early = self._early or []
        if len(self._early) >= self._limits.buffered_news:
            return self._close(CloseCode.RESYNC, "too much happened while you were coming in")
        self._early.append(delivery)
        return []

    def _welcome(self, entered: ev.Entered, now_ms: int) -> Commands:
        self._welcome_with, self._in_flight = entered, False
        self._me = PersonId(entered.self.person)
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

    def _welcome_to_pair(self, pair: Pair, now_ms: int) -> Commands:
        """Into a pair whose room is there: credentials first. Into one whose room is not: make it, just in case."""
        self._pair = pair
        if pair.mode is not Mode.TEXT and pair.room_open:
            return [ev.Place(pair)]
        commands = self._greet_in(pair, None, now_ms)
        if pair.mode is not Mode.TEXT:
            commands.append(ev.OpenRoom(pair))
        return commands

    def _greet_in(self, pair: Pair, credentials: s.Credentials | None, now_ms: int) -> Commands:
        return self._greet(views.pair_state(self._rev, self._person, pair, self._attempt, credentials, now_ms), now_ms)

    def _greet(self, state: s.State, now_ms: int) -> Commands:
        """Say `ready`, then what happened meanwhile."""
        entered, self._welcome_with = self._welcome_with, None
        assert entered is not None, "ready comes after entering"
        self._state = self._live
        self._announced = self._pair is not None
        self._hidden = False
        self._heart.start(now_ms)
        self._timers.pop("auth", None)
        self._expire_at(entered.expires_ms)
        ready = s.Ready(
            self._rev, self._id, entered.resume_token, self._timing.resume_window_ms, entered.self, self._attempt,
            state, entered.expires_ms,
        )  # fmt: skip
        commands: Commands = [ev.Send(ready)]
        early, self._early = self._early, None
        for delivery in early or ():
            commands += self._state(ev.Delivered(delivery), now_ms)
        return commands

    # -- live: this session speaks for its person ------------------------------------------------

    def _live(self, event: ev.Event, now_ms: int) -> Commands:
        match event:
            case ev.Received(message):
                return self._received(message, now_ms)
            case ev.PeerSaid(message):
                return self._relayed(message, now_ms)
            case ev.Delivered(delivery):
                return self._news(delivery, now_ms)
            case ev.Answered(id_, outcome):
                return self._answered(id_, outcome)
            case ev.Placed(pair, credentials):
                return self._placed(pair, credentials, now_ms)
            case ev.Refreshed(id_, resume_token, expires_ms):
                return self._refreshed(id_, resume_token, expires_ms)
            case ev.Ticked():
                return self._ticked(now_ms)
        return self._common(event)

    def _received(self, message: c.ClientMessage, now_ms: int) -> Commands:
        if not (self._heart.asked and isinstance(message, c.Pong)):  # what we asked for is free
            self._any_full_at_ms, too_fast = admit(self._limits.any, self._any_full_at_ms, now_ms)
            if too_fast:
                return self._close(CloseCode.RATE_LIMITED, "too many messages")
        if self._heart.heard(now_ms):
            attention = Attention.HIDDEN if self._hidden else Attention.VISIBLE
            return [ev.Attend(attention), *self._dealt_with(message, now_ms)]
        return self._dealt_with(message, now_ms)

    def _dealt_with(self, message: c.ClientMessage, now_ms: int) -> Commands:
        match message:
            case c.Typing(pair_id):
                return self._typing(pair_id, now_ms)
            case c.Chat():
                return self._chat(message, now_ms)
            case c.Pong():
                return []
            case c.Find() | c.Next():
                self._find_full_at_ms, wait_ms = admit(self._limits.find, self._find_full_at_ms, now_ms)
                return [_too_fast(message.id, wait_ms) if wait_ms else ev.Perform(message)]
            case c.MediaReport():
                return [*self._doubt_partner(message), ev.Perform(message)]
            case c.Hidden(value=value):
                self._hidden = value
                return [ev.Perform(message)]
            case c.Diagnostics():
                return self._diagnostics(message, now_ms)
            case c.Cancel() | c.Leave() | c.Mute() | c.Block():
                return [ev.Perform(message)]
            case c.Refresh(id_, token):
                return [ev.Renew(id_, token)]
            case c.Bye():
                return self._goodbye()
            case c.Auth() | c.Resume():
                return self._close(CloseCode.PROTOCOL_ERROR, "you are in already")
            case _:
                assert isinstance(message, NOT_YET), "every message of the protocol is dealt with"
                return [_refuse(message.id, ErrorCode.NOT_AVAILABLE, "this server does not offer that yet")]

    def _typing(self, pair_id: str, now_ms: int) -> Commands:
        if self._pair is None or self._pair.id != pair_id:
            return []
        self._chat_full_at_ms, too_fast = admit(self._limits.chat, self._chat_full_at_ms, now_ms)
        return [] if too_fast else [ev.Relay(self._pair.peer(self._person).person, s.PeerTyping(pair_id))]

    def _diagnostics(self, report: c.Diagnostics, now_ms: int) -> Commands:
        rate = self._limits.diagnostics
        self._diagnostics_full_at_ms, wait_ms = admit(rate, self._diagnostics_full_at_ms, now_ms)
        return [_too_fast(report.id, wait_ms) if wait_ms else ev.Perform(report)]

    def _chat(self, chat: c.Chat, now_ms: int) -> Commands:
        self._chat_full_at_ms, wait_ms = admit(self._limits.chat, self._chat_full_at_ms, now_ms)
        if wait_ms:
            return [_too_fast(chat.id, wait_ms)]
        text = without_controls(chat.text)
        if not text:
            return [_refuse(chat.id, ErrorCode.BAD_REQUEST, "nothing but control characters")]
        return [ev.Perform(chat if text == chat.text else msgspec.structs.replace(chat, text=text))]

    def _doubt_partner(self, report: c.MediaReport) -> Commands:
        """When the media of one side is in trouble, the other one may be dead: ask them."""
        trouble = report.event in (MediaEvent.RECONNECTING, MediaEvent.FAILED)
        if not trouble or self._pair is None or self._pair.id != report.pair:
            return []
        return [ev.Relay(self._pair.peer(self._person).person, Probe(self._pair.id))]

    def _answered(self, id_: str, outcome: Outcome | s.CommandError) -> Commands:
        match outcome:
            case Outcome.DONE:
                return [ev.Send(s.Reply(id_, ok=True))]
            case Outcome.REFUSED:
                return [_refuse(id_, ErrorCode.BAD_REQUEST, "not possible in your present state")]
            case Outcome.STALE:
                told = [] if self._state == self._standby else self._stand_by()
                return [*told, _not_active(id_)]
            case Outcome.GONE:
                return self._close(CloseCode.RESYNC, "come in again")
            case s.CommandError():
                return [ev.Send(s.Reply(id_, ok=False, error=outcome))]
        assert_never(outcome)

    def _refreshed(self, id_: str, resume_token: str, expires_ms: int | None) -> Commands:
        self._expire_at(expires_ms)
        return [ev.Send(s.Refreshed(resume_token, expires_ms)), ev.Send(s.Reply(id_, ok=True))]

    def _expire_at(self, expires_ms: int | None) -> None:
        if expires_ms is not None:
            self._timers["expiry"] = expires_ms

    # -- news from the ledger -------------------------------------------------------------------

    def _news(self, delivery: Delivery, now_ms: int) -> Commands:
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
            case RoomIsOpen(pair_id, node) if self._pair is not None and self._pair.id == pair_id:
                self._pair = msgspec.structs.replace(self._pair, node=node)
                return [ev.Place(self._pair)]
            case RoomIsOpen():
                return []
            case TalkStarted(pair_id, since_ms):
                return [ev.Send(s.Talking(self._rev, pair_id, since_ms))]
            case PairEnded():
                return self._ended(delivery.news, now_ms)
            case Relayed(message):
                return self._relayed(message, now_ms)
            case Superseded():
                return self._stand_by()
            case Dropped():
                return self._dropped()
        assert_never(delivery.news)

    def _relayed(self, message: s.ChatLine | s.PeerChanged | s.PeerTyping | Probe, now_ms: int) -> Commands:
        """From the partner of this pair, or of one that is over by now."""
        if self._pair is None or self._pair.id != message.pair:
            return []
        if isinstance(message, Probe):
            return [ev.Send(s.Ping())] if self._heart.probe(now_ms) else []
        return [ev.Send(message)]

    def _wait_with(self, ticket: Ticket, now_ms: int) -> None:
        self._ticket, self._attempt = ticket, ticket.attempt
        self._timers["news"] = now_ms + self._timing.first_news_ms

    def _stop_waiting(self) -> None:
        self._ticket = None
        self._timers.pop("news", None)

    def _paired(self, pair: Pair, attempt: int, now_ms: int) -> Commands:
        self._pair, self._attempt, self._announced = pair, attempt, False
        if pair.mode is Mode.TEXT:
            return self._announce(pair, None, now_ms)
        if pair.sides[0].person == self._me:
            return [ev.OpenRoom(pair)]
        self._timers["room"] = now_ms + self._timing.room_fallback_ms
        return []

    def _placed(self, pair_id: str, credentials: s.Credentials | None, now_ms: int) -> Commands:
        self._timers.pop("room", None)
        if self._pair is None or self._pair.id != pair_id:
            return []
        return self._announce(self._pair, credentials, now_ms)

    def _announce(self, pair: Pair, credentials: s.Credentials | None, now_ms: int) -> Commands:
        self._announced = True
        self._stop_waiting()  # until now they were told that they wait: as far as they know, they did
        return [ev.Send(views.matched(self._rev, self._person, pair, self._attempt, credentials, now_ms))]

    def _ended(self, ended: PairEnded, now_ms: int) -> Commands:
        announced = self._announced
        self._pair, self._announced = None, False
        self._timers.pop("room", None)
        self._stop_waiting()
        waiting = None
        if ended.ticket is not None:
            self._wait_with(ended.ticket, now_ms)
            waiting = self._waiting(ended.ticket, now_ms)
        gave_up = ended.reason is EndReason.MEDIA_FAILED and ended.by == "me" and waiting is None
        hint = [ev.Send(s.Notice("error", "check_media", {}))] if gave_up else []
        if announced or (waiting is None and (ended.by != "me" or gave_up)):
            return [ev.Send(s.Ended(self._rev, ended.pair, ended.reason, ended.by, waiting)), *hint]
        notices = [ev.Send(s.Notice("warn", "media_unavailable", {}))] if ended.by == "server" else []
        return [*notices, ev.Send(waiting)] if waiting is not None else []

    # -- standby: another session of the same person is the active one ----------------------------

    def _stand_by(self) -> Commands:
        self._state = self._standby
        self._pair, self._announced, self._resume_refused = None, False, False
        self._stop_waiting()
        self._timers.pop("room", None)
        return [ev.Send(s.Standby(self._rev))]

    def _standby(self, event: ev.Event, now_ms: int) -> Commands:
        match event:
            case ev.Received(message):
                return self._received_on_standby(message, now_ms)
            case ev.Delivered(Delivery(news=Dropped())):
                return self._dropped()
            case ev.Answered(id_, outcome):
                return self._answered(id_, outcome)
            case ev.Refreshed(id_, resume_token, expires_ms):
                return self._refreshed(id_, resume_token, expires_ms)
            case ev.Ticked():
                return self._ticked(now_ms)
        return self._common(event)

    def _received_on_standby(self, message: c.ClientMessage, now_ms: int) -> Commands:
        self._heart.heard(now_ms)
        self._any_full_at_ms, too_fast = admit(self._limits.any, self._any_full_at_ms, now_ms)
        if too_fast:
            return self._close(CloseCode.RATE_LIMITED, "too many messages")
        match message:
            case c.Auth(token=token) | c.Resume(resume_token=token):
                self._heart.stop()
                self._timers.pop("expiry", None)
                self._timers["auth"] = now_ms + self._timing.auth_ms
                return self._enter(token, resume=isinstance(message, c.Resume))
            case c.Bye():
                return self._goodbye()
            case c.Refresh(id_, token):
                return [ev.Renew(id_, token)]
            case c.Pong() | c.Typing() | c.MediaReport():
                return []
        return [_not_active(message.id)]

    def _dropped(self) -> Commands:
        return self._close(CloseCode.REPLACED, "this person has too many sessions")

    # -- time ----------------------------------------------------------------------------------

    def _ticked(self, now_ms: int) -> Commands:
        commands: Commands = []
        for name in [name for name, at_ms in self._timers.items() if at_ms <= now_ms]:
            if self._timers.pop(name, None) is not None:  # one before it may have ended the session
                commands += self._due(name, now_ms)
        for beat in self._heart.beat(now_ms):
            commands += self._beat(beat)
        return commands

    def _due(self, name: str, now_ms: int) -> Commands:
        match name:
            case "expiry":
                return self._close(CloseCode.TOKEN_EXPIRED, "your token has expired: refresh it in time")
            case "news" if self._ticket is not None:
                self._timers["news"] = now_ms + self._timing.news_ms
                return [ev.Send(self._waiting(self._ticket, now_ms))]
            case "room" if self._pair is not None:
                return [ev.OpenRoom(self._pair)]
        return []

    def _beat(self, beat: Beat) -> Commands:
        match beat:
            case Beat.PING:
                return [ev.Send(s.Ping())]
            case Beat.QUIET:
                return [ev.Attend(Attention.QUIET)] if self._state == self._live else []
            case Beat.DEAD:
                return self._close(CloseCode.NO_PONG, "no answer to a ping")
        assert_never(beat)

    # -- over ----------------------------------------------------------------------------------

    def _over(self, event: ev.Event, now_ms: int) -> Commands:  # noqa: ARG002 - one shape for all states
        """Who came in departs once: when the socket is gone, but not while they may still be coming in."""
        match event:
            case ev.Entered(me):
                self._in_flight, self._me = False, PersonId(me.person)
                return self._depart()
            case ev.Closed(code):
                self._close_code = code
                return [] if self._in_flight else self._depart()
            case ev.EntryRefused() | ev.ResumeRefused():
                self._in_flight = False
                return self._depart()
        return []

    def _depart(self) -> Commands:
        if self._me is None or self._departed:
            return []
        self._departed = True
        return [ev.Depart(self._hold_ms())]

    def _common(self, event: ev.Event) -> Commands:
        """What is the same in every state before the end."""
        match event:
            case ev.Violated(code, detail):
                return self._close(code, detail)
            case ev.CutOff(code, retry_after_ms):
                return self._close(code, code.name.lower(), retry_after_ms)
            case ev.Closed():
                self._finish()
                return self._over(event, 0)
        return []

    def _goodbye(self) -> Commands:
        self._left_politely = True
        return self._close(GOODBYE, "bye")

    def _close(self, code: int, reason: str, retry_after_ms: int | None = None) -> Commands:
        self._finish()
        hint = [ev.Send(s.Drain(retry_after_ms))] if retry_after_ms is not None else []
        return [*hint, ev.Close(code, reason)]

    def _finish(self) -> None:
        self._state = self._over
        self._timers.clear()
        self._heart.stop()
        self._early = self._ticket = self._pair = None

    def _hold_ms(self) -> int:
        if self._left_politely:
            return 0
        return self._timing.seat_after_leaving_page_ms if self._close_code == 1001 else self._timing.seat_ms

    @property
    def _person(self) -> PersonId:
        assert self._me is not None, "only somebody who came in is anybody"
        return self._me

    def _waiting(self, ticket: Ticket, now_ms: int) -> s.Waiting:
        status = self._board.get(ticket.cohort.key, QueueStatus())
        return views.waiting(self._rev, ticket, status, self._rules, now_ms)


def _refuse(id_: str, code: ErrorCode, message: str, retry_after_ms: int | None = None) -> ev.Send:
    temporary = code is not ErrorCode.NOT_AVAILABLE
    return ev.Send(s.Reply(id_, ok=False, error=s.CommandError(code, message, temporary, retry_after_ms)))


def _too_fast(id_: str, retry_after_ms: int) -> ev.Send:
    return _refuse(id_, ErrorCode.RATE_LIMITED, "too fast", retry_after_ms)


def _not_active(id_: str) -> ev.Send:
    return _refuse(id_, ErrorCode.NOT_ACTIVE, "another session of yours is the active one: send auth to take over")
