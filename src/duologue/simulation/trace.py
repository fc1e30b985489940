"""What happened, in the order in which it did, for whoever has to understand it."""

from __future__ import annotations

import re
import sys
import traceback
from collections import deque
from collections.abc import Callable, MutableMapping
from typing import Any, NamedTuple

from duologue.simulation.virtual import VirtualClock

KEPT = 3_000
DEFECTS = frozenset(["task_failed", "loop_failed", "session_failed", "commits_keep_failing"])
"""Log lines that only a defect of ours writes."""
TOKEN = re.compile(r"eyJ[\w.-]+")
"""They say nothing to a reader."""


class Entry(NamedTuple):
    """One line, not yet put into words: most of them nobody ever reads."""

    at_ms: int
    who: str
    what: object

    def __str__(self) -> str:
        return f"{self.at_ms / 1000:9.3f}  {self.who:<12} {TOKEN.sub('…', str(self.what))}"


class Trace:
    """The last entries of a run."""

    def __init__(self, kept: int | None = KEPT) -> None:
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._clock = VirtualClock()
        self.on_defect: Callable[[str], None] = lambda _: None

    def note(self, who: str, what: object) -> None:
        """Something happened now."""
        self._entries.append(Entry(self._clock.monotonic_ms(), who, what))

    def lines(self, last: int | None = None) -> list[str]:
        """The entries in words."""
        entries = list(self._entries)
        return [str(entry) for entry in (entries if last is None else entries[-last:])]

    def log_processor(self, _: object, level: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """For structlog: the roles' own log lines stand in the trace."""
        name = event.pop("event", "")
        error = event.pop("exc_info", None)
        words = " ".join(f"{key}={value}" for key, value in event.items())
        self.note(f"log {level}", f"{name} {words}")
        if name in DEFECTS:
            self.defect(f"{name} {words}", error)
        return {"event": name}

    def defect(self, what: str, error: object) -> None:
        """Something failed that nobody foresaw."""
        if not isinstance(error, BaseException):
            error = sys.exc_info()[1]
        if error is not None:
            self.note("traceback", "".join(traceback.format_exception(error)))
        self.on_defect(f"{what}: {error!r}")
