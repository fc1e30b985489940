"""What happens on connections, in figures. It only counts: nothing depends on it.

Label values are those of our own enumerations; whatever a client could choose freely is counted as `other`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Protocol

from duologue.gateway import events as ev
from duologue.ids import PersonId
from duologue.ledger import Dequeued, News, Outcome, PairFormed, PersonState, Waiting
from duologue.metrics import definitions as metrics
from duologue.metrics.bounded import OTHER
from duologue.pairs.failure import cause_of
from duologue.pairs.pair import Pair
from duologue.protocol import client as c
from duologue.protocol.codes import CloseCode, ErrorCode, MediaEvent, ReportCause
from duologue.protocol.server import CommandError, Reply

STANDARD_CODES = (1000, 1001, 1005, 1006, 1009, 1011)
CODES = frozenset([*STANDARD_CODES, *map(int, CloseCode)])
ANSWERS = {Outcome.DONE: "ok", Outcome.REFUSED: ErrorCode.BAD_REQUEST, Outcome.STALE: ErrorCode.NOT_ACTIVE}
LIMIT_OF = {c.Find: "find", c.Next: "find", c.Chat: "chat", c.Diagnostics: "diagnostics"}
"""By which limit of a connection a command may be refused; for all others it is `blocks`."""
REPORTED = {"pc_built": "built", "pc_swept": "leaked"}
"""What of a client's report is counted, and as what."""
BELIEVED = 1_000
"""More than so many of anything in one report are a joke."""
LONGEST_FRAME_MS = 60_000


class Doing(Protocol):
    """A session: what its person does is worked out only when it is asked for."""

    @property
    def doing(self) -> PersonState: ...


def told(news: News, session: Doing, now_ms: int) -> None:
    """The ledger has news for the person of this session, which has not heard them yet."""
    match news:
        case PairFormed(pair):
            metrics.OUTBOX_DELAY_SECONDS.observe(_since_s(pair.matched_ms, now_ms))
        case Dequeued():
            if isinstance(doing := session.doing, Waiting):
                waited("cancelled", doing.ticket.since_ms, now_ms)


def talk_started(pair: Pair, since_ms: int) -> None:
    """Both sides are connected; to be said once a pair."""
    metrics.ESTABLISH_SECONDS.observe(_since_s(pair.matched_ms, since_ms), pair.mode)


def gone(doing: PersonState, now_ms: int) -> None:
    """The socket of somebody who was doing this is gone."""
    if isinstance(doing, Waiting):
        waited("gone", doing.ticket.since_ms, now_ms)


def waited(outcome: str, since_ms: int, now_ms: int) -> None:
    """A wait ended in another way than with a partner."""
    metrics.WAIT_SECONDS.observe(_since_s(since_ms, now_ms), outcome)


def came_in(kind: str) -> None:
    """Somebody is here: `new`, `resumed` or on `standby`."""
    metrics.SESSIONS_STARTED.inc(kind)


def closed(code: int, by: str) -> None:
    """A socket ended, or is being closed."""
    metrics.SOCKETS_CLOSED.inc(str(code) if code in CODES else OTHER, by)


def answered(message: c.Command, outcome: Outcome | CommandError, took_ms: int) -> None:
    """A command was carried out, or it turned out that it cannot be."""
    name = _name(type(message))
    answer = outcome.code if isinstance(outcome, CommandError) else ANSWERS.get(outcome, "gone")
    metrics.COMMANDS.inc(name, answer)
    metrics.COMMAND_SECONDS.observe(took_ms / 1000, name)


def refused(message: c.ClientMessage, commands: Iterable[ev.SessionCommand]) -> None:
    """What a session answered at once, without asking anybody: refusals."""
    for command in commands:
        match command:
            case ev.Send(Reply(error=CommandError(code=code))):
                metrics.COMMANDS.inc(_name(type(message)), code)
                if code is ErrorCode.RATE_LIMITED:
                    metrics.LIMITED.inc(LIMIT_OF.get(type(message), "blocks"))
            case ev.Close(CloseCode.RATE_LIMITED):
                metrics.LIMITED.inc("message")


def media_said(report: c.MediaReport, pair: Pair, me: PersonId, now_ms: int) -> None:
    """What a client says of its media, while it is in that pair."""
    metrics.MEDIA_EVENTS.inc(report.event)
    match report.event:
        case MediaEvent.CONNECTED if not pair.side(me).connected:
            metrics.MEDIA_CONNECT_SECONDS.observe(_since_s(pair.matched_ms, now_ms), pair.mode)
        case MediaEvent.FAILED:
            metrics.MEDIA_FAILURES.inc(cause_of(report.detail))
        case MediaEvent.FIRST_FRAME if report.ms is not None:
            metrics.FIRST_FRAME_SECONDS.observe(min(report.ms, LONGEST_FRAME_MS) / 1000)


def diagnosed(figures: Mapping[str, float], cause: ReportCause | None) -> None:
    """What a client found out about itself."""
    if cause is not None:
        metrics.CLIENT_REPORTS.inc(cause)
    for word, event in REPORTED.items():
        count = figures.get(word, 0)
        if 0 < count < BELIEVED:
            metrics.PEER_CONNECTIONS.inc(event, by=int(count))


def _since_s(since_ms: int, now_ms: int) -> float:
    """Clocks of two machines may differ a little."""
    return max(0, now_ms - since_ms) / 1000


@lru_cache(maxsize=64)
def _name(kind: type[c.ClientMessage]) -> str:
    """As it is called on the wire."""
    return str(kind.__struct_config__.tag)
