"""What somebody knows of themselves, from what they have heard. Pure.

A snapshot is the whole truth: `take` believes it, and `missed` says what the news between would have been.
"""

from __future__ import annotations

from collections.abc import Iterator

from duologue.protocol.client import MediaReport
from duologue.protocol.codes import EndReason
from duologue.protocol.server import (
    CallState,
    ChatLine,
    Ended,
    Incoming,
    Matched,
    PairState,
    Ready,
    RingingState,
    ServerMessage,
    Standby,
    State,
    Talking,
    Waiting,
    WaitingState,
)


class Standing:
    """As of the last message that was read."""

    def __init__(self) -> None:
        self.ready: Ready | None = None
        self.pair: str | None = None
        self.last_pair: str | None = None
        """The pair that ended last."""
        self.talking = False
        """Whether both of this pair are connected."""
        self.waiting: Waiting | None = None
        self.ringing: str | None = None
        """The call that rings, of this person or to them."""
        self.standing_by = False
        self._attempt = 0
        self._stopped_at = 0
        self._last_n = 0
        """The number of the last line that one wrote in this pair."""
        self._heard_n = 0
        """The same of the partner."""
        self._parting: EndReason | None = None
        """Why one asked for the end of this pair."""
        self._said: MediaReport | None = None
        """What one said last of the media of this pair."""

    def note(self, message: ServerMessage) -> None:
        """Believe it."""
        match message:
            case Matched(pair=pair):
                self._begin(pair)
            case Talking():
                self.talking = True
            case ChatLine(n=n):
                self._heard_n = max(self._heard_n, n)
            case Incoming(call=call):
                self.ringing, self.waiting = call, None
            case CallState():
                self._note_call(message)
            case Ready():
                self.take(message)
            case Standby(expires_at=expires_at, ringing=ringing):
                self.standing_by, self.pair, self.waiting = True, None, None
                if expires_at is not None:  # on a new connection: it has all that there is to know
                    self.ringing = ringing.call if ringing is not None else None
            case Waiting():
                self._wait(message)
            case Ended(pair=pair, waiting=waiting):
                self._end(pair)
                self._wait(waiting)

    def take(self, ready: Ready) -> None:
        """Drop what was believed."""
        self.ready = ready
        self.waiting = self.ringing = None
        self.standing_by = False
        self._attempt = max(self._attempt, ready.attempt)
        match ready.state:
            case PairState() as state:
                self._begin(state.matched.pair)
                self._catch_up(state)
                return
            case WaitingState(waiting=waiting):
                self._wait(waiting)
            case RingingState(call=call):
                self.ringing = call
        self._end(self.pair)

    def _catch_up(self, state: PairState) -> None:
        self.talking = state.talking_since is not None
        self._last_n = max(self._last_n, state.last_n)  # lines of ours may still be on their way
        self._heard_n = max([self._heard_n, *(line.n for line in state.lines if not line.mine)])

    def _begin(self, pair: str | None) -> None:
        if pair != self.pair:
            self._end(self.pair)
            self._last_n = self._heard_n = 0
            self._parting = self._said = None
        self.pair, self.waiting, self.ringing = pair, None, None

    def _end(self, pair: str | None) -> None:
        self.pair, self.last_pair = None, pair or self.last_pair
        self.talking = False

    def _note_call(self, told: CallState) -> None:
        if told.state == "accepted":
            self._begin(told.pair)
        self.ringing = told.call if told.state == "ringing" else None
        self._wait(told.waiting)

    def _wait(self, waiting: Waiting | None) -> None:
        wanted = waiting is not None and waiting.attempt > self._stopped_at
        self.waiting = waiting if wanted else None

    def _stopped(self) -> None:
        """The reply is all the news of it, and older news may come after it."""
        self._stopped_at, self.waiting = self._attempt, None

    # -- what a snapshot tells --------------------------------------------------------------

    def missed(self, ready: Ready) -> Iterator[ServerMessage]:
        """What there is in the snapshot that was not heard yet, as the messages that would have told it."""
        yield from self._missed_of_call(ready.rev, ready.state)
        match ready.state:
            case PairState() as state:
                if state.matched.pair != self.pair:
                    yield from self._missed_end(ready)
                yield from self._missed_of_talk(ready.rev, state)
            case WaitingState(waiting=waiting):
                yield from self._missed_end(ready, waiting)
                if self.pair is None:
                    yield waiting
            case _:
                yield from self._missed_end(ready)

    def _missed_end(self, ready: Ready, waiting: Waiting | None = None) -> Iterator[ServerMessage]:
        if self.pair is None:
            return
        if self._parting is None:
            yield Ended(ready.rev, self.pair, EndReason.LOST, "server", waiting)
        else:
            yield Ended(ready.rev, self.pair, self._parting, "me", waiting)

    def _missed_of_talk(self, rev: int, state: PairState) -> Iterator[ServerMessage]:
        pair = state.matched.pair
        known = pair == self.pair
        if not known:
            yield state.matched
        if state.talking_since is not None and not (known and self.talking):
            yield Talking(rev, pair, state.talking_since)
        for line in state.lines:
            if not line.mine and line.n > (self._heard_n if known else 0):
                yield ChatLine(pair, line.n, line.text, line.at)

    def missed_standing_by(self, standby: Standby) -> Iterator[ServerMessage]:
        """The same for a session that stands by: of calls, and nothing else."""
        if standby.expires_at is not None:
            yield from self._missed_of_call(standby.rev, standby.ringing)

    def _missed_of_call(self, rev: int, state: State | None) -> Iterator[ServerMessage]:
        rings = state.call if isinstance(state, RingingState) else None
        if self.ringing is not None and self.ringing != rings:
            taken = isinstance(state, PairState) and state.matched.call == self.ringing
            pair = state.matched.pair if isinstance(state, PairState) and taken else None
            yield CallState(rev, self.ringing, "accepted" if taken else "ended", pair=pair)
        if isinstance(state, RingingState) and self.ringing != rings:
            if state.outgoing:
                yield CallState(rev, state.call, "ringing", expires=state.expires)
            else:
                yield Incoming(rev, state.call, state.peer, state.mode, state.expires)
