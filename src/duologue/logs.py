"""How this process logs: structlog, one event name and key-values, JSON where a machine reads.

Levels: *error* somebody has to act, *warning* something failed and was dealt with, *info* one line
per thing that began or ended, *debug* the rest. Never tokens, chat text, SDP or full addresses.
Whatever strangers can cause at will is one line in a while (`Thinning`): they must not fill a disk, nor hide the rest.
Of a crowd, the stories of some are told (`Sampling`). Every event is in `docs/reference/logs.md`.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import TextIO
from zlib import crc32

import msgspec
import structlog

from duologue.clock import SystemClock, utc_now
from duologue.ports import Clock
from duologue.settings import LogSettings

_encoder = msgspec.json.Encoder(enc_hook=repr)
MAX_FRAMES = 30
LIBRARIES_AT_LEAST = logging.WARNING
"""What libraries say below that may hold anything: at DEBUG, that of SQLite logs the values in each statement."""
THINNED = frozenset([
    "origin_refused", "http_failed", "http_full", "store_unavailable", "backend_unavailable", "loop_failed",
    "token_refused", "webhook_lost", "webhook_given_up", "sweep_failed",
])  # fmt: skip
"""Lines that strangers can cause at will, or that come again and again while something is broken."""
KIND = ("event", "task", "issuer", "webhook", "why")
"""Lines that are alike in these are of one kind. Of each there are few values, and none is a stranger's."""
EVERYWHERE = "store_unavailable"
"""All loops of a process say this at once: the store is away for each of them, and one line says so."""
THIN_EVERY_MS = 10_000
STORY = ("pair", "person", "session")
"""Whose story a line belongs to: the first of these that it has."""
QUIET = frozenset(["debug", "info"])


class Forgiving:
    """Where lines go. A disk that is full, or a reader that is gone, costs lines, and never whoever had one to say."""

    def __init__(self, stream: TextIO) -> None:
        """The stream passes on each line that ends, as standard error does."""
        self._write = stream.write

    def msg(self, line: str) -> None:
        try:
            self._write(f"{line}\n")
        except OSError:
            return

    debug = info = warning = error = critical = msg


class Thinning:
    """One line of a kind in `THIN_EVERY_MS`; it says how many like it were kept back since the one before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next_ms: dict[str, int] = {}
        self._kept_back: dict[str, int] = {}

    def admit(self, kind: str) -> int | None:
        """How many were kept back; None: this one is, too. Kinds are few: they are names in our sources."""
        now_ms = self._clock.monotonic_ms()
        if now_ms < self._next_ms.get(kind, now_ms):
            self._kept_back[kind] = self._kept_back.get(kind, 0) + 1
            return None
        self._next_ms[kind] = now_ms + THIN_EVERY_MS
        return self._kept_back.pop(kind, 0)

    def process(self, _: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        """For lines of ours. The defect of one loop does not keep back that of another, nor one reason another."""
        if event["event"] not in THINNED:
            return event
        kind = EVERYWHERE if event["event"] == EVERYWHERE else " ".join(str(event.get(name, "")) for name in KIND)
        suppressed = self.admit(kind)
        if suppressed is None:
            raise structlog.DropEvent
        return {**event, "suppressed": suppressed} if suppressed else event

    def filter(self, record: logging.LogRecord) -> bool:
        """For uvicorn's: it warns of every request that it cannot read or has no room for."""
        if not record.name.startswith("uvicorn") or record.levelno >= logging.ERROR:
            return True
        suppressed = self.admit(str(record.msg))
        if suppressed:
            record.suppressed = suppressed
        return suppressed is not None


class Sampling:
    """Of the lines about one pair or one person, those of a share of all pairs and people; all of theirs, or none.

    Which ones follows from the id alone, so every process tells the same stories. Warnings and errors are always told.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._below = share * 2**32

    def process(self, _: object, level: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        """To come after what is bound: a line may be about somebody without saying so itself."""
        about = next((event[name] for name in STORY if name in event), None)
        if about is None or level not in QUIET:
            return event
        if crc32(str(about).encode()) >= self._below:
            raise structlog.DropEvent
        return {**event, "sample": self._share}


def set_up(settings: LogSettings, clock: Clock | None = None, *, for_good: bool = False) -> None:
    """Send everything, ours and the libraries', through one pipeline to standard error.

    `for_good`: it is not set up again in this process, so loggers need not ask for it with every line.
    """
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    console = settings.format == "console" or (settings.format == "auto" and sys.stderr.isatty())
    renderer = _for_people() if console else [_for_machines]
    thinning = Thinning(clock or SystemClock())
    bound: structlog.typing.Processor = structlog.contextvars.merge_contextvars
    sampling = [Sampling(settings.sample).process] if settings.sample < 1 else []
    structlog.configure(
        processors=[thinning.process, bound, *sampling, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: Forgiving(sys.stderr),
        cache_logger_on_first_use=for_good,
    )
    handler = logging.StreamHandler(sys.stderr)
    clean = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    foreign: list[structlog.typing.Processor] = [bound, structlog.stdlib.ExtraAdder(["suppressed"])]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[clean, *renderer], foreign_pre_chain=foreign))
    handler.addFilter(thinning.filter)
    logging.basicConfig(level=max(level, LIBRARIES_AT_LEAST), handlers=[handler], force=True)
    logging.getLogger("picows").setLevel(logging.CRITICAL)  # it logs every broken frame at ERROR


def _for_people() -> list[structlog.typing.Processor]:
    """Never with the values of local variables: those are tokens, messages and keys."""
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback, repr_native_str=True),
    ]


_failures = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=MAX_FRAMES)
)
"""The same holds for machines, and a traceback has an end."""


def _for_machines(logger: object, level: str, event: structlog.typing.EventDict) -> str:
    """As JSON, and first what one looks for who reads it by eye. One step, for it is the price of every line."""
    if "exc_info" in event:
        event = _failures(logger, level, event)
    line = {"timestamp": utc_now(), "level": level, "event": event["event"], **event}
    try:
        return _encoder.encode(line).decode()
    except (TypeError, ValueError, OverflowError):  # what msgspec cannot write is rare, and must not cost the line
        return json.dumps(line, default=str, separators=(",", ":"))
