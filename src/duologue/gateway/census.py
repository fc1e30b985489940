"""Who is on this gateway, and what they do: counted when somebody asks, so that no count can go wrong for long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from duologue.gateway.board import Board
from duologue.gateway.connection import Connection
from duologue.gateway.session import State
from duologue.ids import SessionId
from duologue.ledger import Paired, Ringing, Waiting
from duologue.metrics import definitions as metrics
from duologue.metrics.sampled import Reading

IDLE = "idle"
DOING = ("opened", "entering", IDLE, "waiting", "ringing", "matched", "talking", "standby", "over")
"""Where a session is in its life, and what its person does while it is live."""


class Census:
    """The figures of one gateway."""

    def __init__(
        self,
        connections: Mapping[SessionId, Connection],
        board: Board,
        connections_at_most: int,
        news_age_ms: Callable[[], int],
    ) -> None:
        self._connections = connections
        self._board = board
        self._at_most = connections_at_most
        self._news_age_ms = news_age_ms

    def tell(self) -> None:
        """From now on, as long as this lives."""
        metrics.PEOPLE.read_from(self.people)
        metrics.PAUSED_PEOPLE.read_from(self.paused)
        metrics.SOCKETS.read_from(self.sockets)
        metrics.SOCKETS_MOST.read_from(self.sockets_at_most)
        metrics.OUTBOX_AGE_SECONDS.read_from(self.outbox_age_s)

    def people(self) -> Reading:
        """Sessions by what they do."""
        counted = Counter(map(_doing, self._connections.values()))
        return {(doing,): counted[doing] for doing in DOING}

    def paused(self) -> Reading:
        """Who waits and cannot be matched at the moment, by why."""
        if not self._board.pauses:
            return {}
        waiting = Counter(_cohorts(self._connections.values()))
        paused: Counter[tuple[str, ...]] = Counter()
        for cohort, count in waiting.items():
            why = self._board.of(cohort).paused
            if why is not None:
                paused[(str(why),)] += count
        return paused

    def sockets(self) -> Reading:
        """Open sockets, but for those that are turned away."""
        return {(): len(self._connections)}

    def sockets_at_most(self) -> Reading:
        """As many are taken."""
        return {(): self._at_most}

    def outbox_age_s(self) -> Reading:
        """Since news were last read, or it was last heard that there are none."""
        return {(): self._news_age_ms() / 1000}


def _doing(connection: Connection) -> str:
    if connection.state is not State.LIVE:
        return str(connection.state)
    match connection.doing:
        case Paired(pair):
            return str(pair.phase)
        case Waiting():
            return "waiting"
        case Ringing():
            return "ringing"
    return IDLE


def _cohorts(connections: Iterable[Connection]) -> Iterable[str]:
    for connection in connections:
        if connection.state is State.LIVE and isinstance(doing := connection.doing, Waiting):
            yield doing.ticket.cohort.key
