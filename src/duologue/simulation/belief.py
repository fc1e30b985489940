"""What a client knows, from its snapshot and the pushes after it and nothing else."""

from __future__ import annotations

from typing import Literal, NamedTuple

from duologue.protocol import client as c
from duologue.protocol import server as s

State = Literal["idle", "waiting", "paired", "ringing"]


class Belief(NamedTuple):
    """Values in, values out: `after` gives the belief after a message."""

    state: State = "idle"
    rev: int = 0
    attempt: int = 0
    pair: str | None = None
    talking: bool = False
    last_pair: str | None = None
    call: str | None = None
    outgoing: bool = False
    back: str | None = None
    """The pair that they may go back to."""

    def after(self, message: s.ServerMessage) -> Belief:
        """A push with an older `rev` is old news and changes nothing (protocol, `rev`)."""
        if getattr(message, "rev", self.rev) < self.rev:
            return self
        match message:
            case s.Ready():
                return _snapshot(message)
            case s.Waiting(rev=rev, attempt=attempt):
                return Belief("waiting", rev, attempt, last_pair=self.last_pair, back=self.back)
            case s.Matched(rev=rev, attempt=attempt, pair=pair):
                return Belief("paired", rev, attempt, pair, talking=self.talking and pair == self.pair)
            case s.Talking(rev=rev) if message.pair == self.pair:
                return self._replace(rev=rev, talking=True)
            case s.BackOffer(pair=pair, until=until):
                return self._replace(back=pair if until is not None else None)
            case s.Ended(rev=rev, waiting=None, pair=pair, back_until=until):
                return Belief("idle", rev, self.attempt, last_pair=pair, back=pair if until is not None else None)
            case s.Ended(rev=rev, waiting=waiting, pair=pair, back_until=until):
                assert waiting is not None, "the case before took the others"
                back = pair if until is not None else None
                return Belief("waiting", rev, waiting.attempt, last_pair=pair, back=back)
            case s.Incoming(rev=rev, call=call):
                return Belief("ringing", rev, self.attempt, last_pair=self.last_pair, call=call)
            case s.CallState():
                return self._after_call(message)
            case s.Standby(rev=rev, ringing=ringing):
                rings = ringing.call if ringing is not None else None
                return Belief("idle" if rings is None else "ringing", rev, self.attempt, call=rings)
        return self

    def _after_call(self, told: s.CallState) -> Belief:
        match told:
            case s.CallState(rev=rev, state="ringing", call=call):
                return Belief("ringing", rev, self.attempt, last_pair=self.last_pair, call=call, outgoing=True)
            case s.CallState(rev=rev, state="accepted", pair=pair):
                return Belief("paired", rev, self.attempt, pair, last_pair=self.last_pair)
            case s.CallState(rev=rev, waiting=None):
                return Belief("idle", rev, self.attempt, last_pair=self.last_pair)
        assert told.waiting is not None, "the case before took the others"
        return Belief("waiting", told.rev, told.waiting.attempt, last_pair=self.last_pair)

    def is_ended_by(self, command: c.Command) -> bool:
        """Whether an `ok` to that says that what is on now is over: it may have been about something of before."""
        match command:
            case c.Cancel():
                return self.state == "waiting"
            case c.Leave(pair=pair):
                return self.state == "waiting" or (self.state == "paired" and self.pair == pair)
        return False

    def cancelled(self) -> Belief:
        """What a reply to `cancel` or `leave` says."""
        return self._replace(state="idle", pair=None, talking=False, last_pair=self.pair or self.last_pair)


def _snapshot(ready: s.Ready) -> Belief:
    match ready.state:
        case s.WaitingState(waiting):
            return Belief("waiting", ready.rev, waiting.attempt)
        case s.PairState(matched=matched, talking_since=since):
            return Belief("paired", ready.rev, matched.attempt, matched.pair, talking=since is not None)
        case s.RingingState(call=call, outgoing=outgoing):
            return Belief("ringing", ready.rev, ready.attempt, call=call, outgoing=outgoing)
        case _:
            return Belief("idle", ready.rev, ready.attempt)
