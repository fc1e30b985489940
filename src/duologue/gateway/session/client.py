"""What a session remembers of its client from one event to the next, and the moves that several states make.

It decides nothing and says nothing: that is for the handlers.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from duologue.calls.call import Call
from duologue.gateway import events as ev
from duologue.gateway import views
from duologue.gateway.board import Board
from duologue.gateway.heart import Heart
from duologue.gateway.session.meters import Meters
from duologue.gateway.terms import Limits, Timing
from duologue.ids import PersonId, SessionId
from duologue.ledger import Delivery, Idle, Paired, PersonState, Ringing, Waiting
from duologue.matching.rules import Rules
from duologue.matching.ticket import Ticket
from duologue.pairs.pair import Pair
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import MediaEvent, PeerEvent

Commands = list[ev.SessionCommand]
Timer = Literal["auth", "expiry", "news", "room"]
SOCKET_LOST = 1006


class State(StrEnum):
    """Where a session is in its life."""

    OPENED = "opened"
    """The socket is up; nobody said who they are."""
    ENTERING = "entering"
    """Their token is being checked."""
    LIVE = "live"
    """This session speaks for its person."""
    STANDBY = "standby"
    """Another session of the same person does."""
    OVER = "over"


class Client:
    """One client as its session knows them."""

    __slots__ = (
        "announced", "attempt", "board", "buffered_news", "call", "close_code", "departed", "early", "heart", "hidden",
        "id", "in_flight", "left", "left_politely", "me", "meters", "pair", "resume_refused", "rev", "rules", "sought",
        "state", "ticket", "timers", "timing", "unheard", "welcome_with", "wishes",
    )  # fmt: skip

    def __init__(self, session: SessionId, board: Board, timing: Timing, limits: Limits, rules: Rules) -> None:
        self.id = session
        self.board = board
        self.timing = timing
        self.rules = rules
        self.buffered_news = limits.buffered_news
        self.state = State.OPENED
        self.heart = Heart(timing)
        self.meters = Meters(limits)
        self.timers: dict[Timer, int] = {}
        # Who they are, once they came in.
        self.me: PersonId | None = None
        self.rev = 0
        # What they do, by the news up to `rev`.
        self.ticket: Ticket | None = None
        self.wishes: Ticket | None = None
        """How they waited last."""
        self.pair: Pair | None = None
        self.announced = False
        """Whether the client knows of the pair."""
        # What they know by the answer to a command; the news of it may not be here yet.
        self.left: str | None = None
        """The pair that is over for them."""
        self.sought = 0
        """The attempt of their newest search."""
        self.unheard: tuple[s.ChatLine, ...] = ()
        """Lines of a pair of which the client does not know yet."""
        self.call: Call | None = None
        """That rings; with a ticket, they wait again should it come to nothing."""
        self.attempt = 0
        self.hidden = False
        # Coming in.
        self.early: list[Delivery] | None = None
        """News that came before the snapshot it follows."""
        self.welcome_with: ev.Entered | None = None
        self.in_flight = False
        """A token is being checked, and somebody may come in."""
        self.resume_refused = False
        # Going.
        self.left_politely = False
        self.departed = False
        self.close_code = SOCKET_LOST

    @property
    def deadline_ms(self) -> int | None:
        """When something is due next."""
        beat_ms = self.heart.due_ms
        if not self.timers:
            return beat_ms
        timer_ms = min(self.timers.values())
        return timer_ms if beat_ms is None else min(beat_ms, timer_ms)

    @property
    def person(self) -> PersonId:
        """Who this is; to be asked only of somebody who came in."""
        assert self.me is not None, "only somebody who came in is anybody"
        return self.me

    @property
    def doing(self) -> PersonState:
        """What they do, by the news up to `rev`."""
        if self.pair is not None:
            return Paired(self.pair)
        if self.call is not None:
            return Ringing(self.call, self.ticket)
        return Waiting(self.ticket) if self.ticket is not None else Idle()

    @property
    def has_left(self) -> bool:
        """Whether their pair is over for them, and the news of it has not come."""
        return self.pair is not None and self.pair.id == self.left

    @property
    def is_ahead(self) -> bool:
        """Whether they know more than news have told."""
        return self.has_left or self.sought > self.attempt

    def note_answer(self, left: str | None, sought: int) -> None:
        """What was done for them: nothing where they search anew already, or have another partner."""
        if 0 < sought <= self.attempt or (left is not None and self.pair is not None and self.pair.id != left):
            return
        self.left = left or self.left
        self.sought = max(self.sought, sought)

    def in_pair(self, pair_id: str) -> Pair | None:
        """Their pair, if it is this one."""
        return self.pair if self.pair is not None and self.pair.id == pair_id else None

    def hold_wait(self, ticket: Ticket | None) -> None:
        """With what they wait, once it rings no more; nobody is told of it until then."""
        self.ticket = ticket
        self.timers.pop("news", None)
        if ticket is not None:
            self.wishes, self.attempt = ticket, ticket.attempt

    def wait_with(self, ticket: Ticket, now_ms: int) -> s.Waiting:
        """They wait now; what to tell them of it."""
        self.ticket, self.wishes, self.attempt = ticket, ticket, ticket.attempt
        self.news_after(self.timing.first_news_ms, now_ms)
        return self.waiting(ticket, now_ms)

    def waiting(self, ticket: Ticket, now_ms: int) -> s.Waiting:
        """What they are told of their wait, with the numbers of now."""
        status = self.board.of(ticket.cohort.key)
        return views.waiting(self.rev, ticket, status, self.rules, now_ms)

    def news_after(self, delay_ms: int, now_ms: int) -> None:
        """Fresh numbers are due then; sooner when a back-off ends before, so that nobody reads of it for longer."""
        assert self.ticket is not None
        back_off_ms = self.ticket.not_before_ms - now_ms
        self.timers["news"] = now_ms + (min(delay_ms, back_off_ms) if back_off_ms > 0 else delay_ms)

    def stop_waiting(self) -> None:
        """They do not wait any more."""
        self.ticket = None
        self.timers.pop("news", None)

    def note_said(self, message: c.Hidden | c.MediaReport | c.Mute) -> None:
        """What the client says once, and would not say again to a store that forgot it."""
        match message:
            case c.Hidden(value=value):
                self.hidden = value
            case c.MediaReport(pair=pair, event=MediaEvent.CONNECTED):
                self._note(pair, mine=True, connected=True)
            case c.Mute(pair=pair, audio=audio, video=video):
                self._note(pair, mine=True, audio_off=audio, video_off=video)

    def note_partner(self, message: s.PeerChanged) -> None:
        """What is told once of the partner, likewise."""
        match message:
            case s.PeerChanged(pair=pair, event=PeerEvent.RECONNECTING | PeerEvent.BACK, until=until_ms):
                self._note(pair, mine=False, away_until_ms=until_ms)
            case s.PeerChanged(pair=pair, event=PeerEvent.MUTED, audio=audio, video=video):
                self._note(pair, mine=False, audio_off=bool(audio), video_off=bool(video))
            case s.PeerChanged(pair=pair, event=PeerEvent.HIDDEN, value=value):
                self._note(pair, mine=False, hidden=bool(value))

    def _note(self, pair_id: str, *, mine: bool, **changed: bool | int | None) -> None:
        pair = self.in_pair(pair_id)
        if pair is not None:
            replace = msgspec.structs.replace
            one, other = (replace(s, **changed) if (s.person == self.me) is mine else s for s in pair.sides)
            self.pair = replace(pair, sides=(one, other))

    def forget_pair(self) -> None:
        """They are in no pair any more."""
        self.pair, self.announced, self.unheard = None, False, ()
        self.timers.pop("room", None)

    def expire_at(self, expires_ms: int | None) -> None:
        """When the time of their token is over; None: no news of that."""
        if expires_ms is not None:
            self.timers["expiry"] = expires_ms
