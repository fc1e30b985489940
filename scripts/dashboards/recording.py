"""What Prometheus answered to every query of every dashboard over some time, as a file: pictures are drawn from it.

The file is JSON, gzipped if its name ends so:

    {"about": "...", "start": 1795872000, "end": 1795872900, "step": 5, "interval": "30s",
     "answers": {"sum (duologue_sockets)": [{"labels": {}, "points": [[1795872000, 12.0], ...]}, ...], ...}}

Times are seconds since 1970. What was not there at a time has no point.
"""

from __future__ import annotations

import gzip
import json
import math
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from scripts.dashboards import pages

ANSWER_WITHIN_S = 30
MAGIC = b"\x1f\x8b"


class Series(msgspec.Struct, frozen=True):
    """One line."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]


class Recording(msgspec.Struct, frozen=True):
    """The answers by query; `interval` is what stood for `$__rate_interval`."""

    about: str
    start: int
    end: int
    step: int
    interval: str
    answers: Mapping[str, Sequence[Series]]

    def answer(self, expr: str) -> Sequence[Series]:
        """To a query as it stands in a dashboard."""
        filled = pages.filled(expr, self.interval)
        if filled not in self.answers:
            raise LookupError(f"the recording has no answer to {filled}: the dashboards have changed, record again")
        return self.answers[filled]


def record(prometheus_url: str, start: int, end: int, step: int, *, interval: str, about: str) -> Recording:
    """Ask everything that the dashboards ask, over this time. `interval` has to hold some scrapes."""
    boards = pages.boards().values()
    exprs = {asked.expr for asked in pages.queries(interval)} | {
        expr for page in boards for expr, _ in pages.marks(page)
    }
    answers = {expr: _lines(prometheus_url, expr, start, end, step) for expr in sorted(exprs)}
    return Recording(about, start, end, step, interval, answers)


def save(recording: Recording, path: Path) -> None:
    """The same recording is the same file."""
    told = msgspec.json.encode(recording)
    path.write_bytes(gzip.compress(told, mtime=0) if path.suffix == ".gz" else told)


def load(path: Path) -> Recording:
    """As it was saved."""
    told = path.read_bytes()
    return msgspec.json.decode(gzip.decompress(told) if told.startswith(MAGIC) else told, type=Recording)


def now(prometheus_url: str) -> float:
    """What time it is there."""
    at: float = _ask(prometheus_url, "query", query="time()")[0]
    return at


def _lines(prometheus_url: str, expr: str, start: int, end: int, step: int) -> list[Series]:
    found = _ask(prometheus_url, "query_range", query=expr, start=start, end=end, step=step)
    return [Series(_without_name(one["metric"]), _points(one["values"])) for one in found]


def _ask(prometheus_url: str, path: str, **question: str | int) -> Any:
    url = f"{prometheus_url.rstrip('/')}/api/v1/{path}?{urllib.parse.urlencode(question)}"
    with urllib.request.urlopen(url, timeout=ANSWER_WITHIN_S) as answer:  # noqa: S310 - the operator's own server
        return json.load(answer)["data"]["result"]


def _without_name(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in labels.items() if name != "__name__"}


def _points(values: Sequence[tuple[float, str]]) -> list[tuple[float, float]]:
    """What is not a number (a share of nothing) is left out, as Grafana does."""
    told = [(float(at), float(value)) for at, value in values]
    return [(at, float(f"{value:.6g}")) for at, value in told if math.isfinite(value)]
