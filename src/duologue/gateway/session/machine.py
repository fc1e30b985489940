"""The machine itself: which state an event meets. It knows nothing of what is done there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from duologue.gateway import events as ev
from duologue.gateway.board import Board
from duologue.gateway.session import ending, entry, live, standby
from duologue.gateway.session.client import Client, Commands, State
from duologue.gateway.terms import Limits, Timing
from duologue.ids import SessionId
from duologue.ledger import Attention, Claim, Idle, PersonState
from duologue.matching.rules import Rules

HANDLERS: Mapping[State, Callable[[Client, ev.Event, int], Commands]] = {
    State.OPENED: entry.opened,
    State.ENTERING: entry.entering,
    State.LIVE: live.live,
    State.STANDBY: standby.standby,
    State.OVER: ending.over,
}


class Session:
    """One client, from socket to socket."""

    __slots__ = ("_client",)

    def __init__(
        self,
        session: SessionId,
        board: Board,
        *,
        timing: Timing = Timing(),  # noqa: B008 - frozen
        limits: Limits = Limits(),  # noqa: B008 - frozen
        rules: Rules = Rules(),  # noqa: B008 - frozen
    ) -> None:
        self._client = Client(session, board, timing, limits, rules)

    @property
    def deadline_ms(self) -> int | None:
        """When this session wants a `Ticked`."""
        return self._client.deadline_ms

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self._client.state

    @property
    def doing(self) -> PersonState:
        """What its person does, as far as it knows."""
        return self._client.doing

    @property
    def is_ahead(self) -> bool:
        """Whether its client knows by an answer that their pair is over, or that they search, and there is no news of
        it yet.
        """
        return self._client.is_ahead

    def claim(self, generation: int) -> Claim | None:
        """What its client was told last, for a store that may have forgotten; None: nobody came in on it."""
        client = self._client
        if client.state not in (State.LIVE, State.STANDBY):
            return None
        attention = Attention.HIDDEN if client.hidden else Attention.VISIBLE
        active, rev, doing = client.state is State.LIVE, client.rev, client.doing
        if client.has_left:
            rev, doing = rev + 1, Idle()
        return Claim(client.person, client.id, generation, active, rev, doing, client.attempt, client.wishes, attention)

    def handle(self, event: ev.Event, now_ms: int) -> Commands:
        """What to do about this event."""
        client = self._client
        commands = HANDLERS[client.state](client, event, now_ms)
        if client.early is not None and client.state in (State.LIVE, State.STANDBY):
            early, client.early = client.early, None
            for delivery in early:  # one by one: each may change the state
                commands += self.handle(ev.Delivered(delivery), now_ms)
        return commands
