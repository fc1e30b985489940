"""A Prometheus of a test's own: a real server on a free port of 127.0.0.1, gone with its data at the end of the test.

`scripts/bootstrap prometheus` brings the programs; those on PATH win.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import HTTPError, URLError

from tests.fakes import free_port

START_WITHIN_S = 20
STOP_WITHIN_S = 20
DURATION = re.compile(r"(\[|for: |offset )(\d+[smhd])(\]|\b)")
"""Where a rule has one."""


@dataclass(frozen=True)
class Series:
    """One answer to a question: `points` are times in seconds since 1970, and figures."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]

    @property
    def value(self) -> float:
        """The newest figure."""
        return self.points[-1][1]


@dataclass(frozen=True)
class Alert:
    """An alert that fires, or is about to (`state` is firing or pending)."""

    name: str
    state: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


class Prometheus:
    """One server. Its answers are those of its HTTP API."""

    def __init__(self, folder: Path, config: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where people and programs find it."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers questions."""
        command = [
            str(program("prometheus")), f"--config.file={self._config}", f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}", "--web.enable-lifecycle", "--log.level=warn",
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        give_up = time.monotonic() + START_WITHIN_S
        while not self._is_ready():
            assert self._process.poll() is None, f"prometheus ended: {self.log.read_text()[-2_000:]}"
            assert time.monotonic() < give_up, f"prometheus is not ready: {self.log.read_text()[-2_000:]}"
            time.sleep(0.02)

    def stop(self) -> None:
        """The end of it."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(STOP_WITHIN_S)

    @property
    def log(self) -> Path:
        """What it says: warnings and errors only."""
        return self._folder / "prometheus.log"

    def query(self, expression: str) -> list[Series]:
        """What is the case now. An expression that is wrong is an AssertionError with the server's words."""
        found = self.ask("query", query=expression)
        if found["resultType"] == "scalar":
            return [Series({}, [_point(found["result"])])]
        return [Series(one["metric"], [_point(one["value"])]) for one in found["result"]]

    def value(self, expression: str) -> float | None:
        """The one figure that this is now; None where there is none."""
        answers = self.query(expression)
        assert len(answers) <= 1, f"{expression} has {len(answers)} answers"
        return answers[0].value if answers else None

    def query_range(self, expression: str, start: float, end: float, step_s: float = 1) -> list[Series]:
        """How it went between two times, in seconds since 1970."""
        found = self.ask("query_range", query=expression, start=start, end=end, step=step_s)
        return [Series(one["metric"], [_point(point) for point in one["values"]]) for one in found["result"]]

    def alerts(self) -> list[Alert]:
        """Those that fire or are about to."""
        return [
            Alert(one["labels"]["alertname"], one["state"], one["labels"], one["annotations"])
            for one in self.ask("alerts")["alerts"]
        ]

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        return {alert.name for alert in self.alerts() if alert.state == "firing"}

    def ask(self, path: str, **parameters: str | float) -> Any:
        """The data of an answer of `/api/v1/PATH`."""
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except HTTPError as refused:
            raise AssertionError(f"{path} {parameters}: {refused.read().decode()}") from refused

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=10):
                return True
        except (HTTPError, URLError, ConnectionError):
            return False


def program(name: str) -> Path:
    """`prometheus` or `promtool`: on PATH, or where the bootstrap puts it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    found = shutil.which(name) or shutil.which(cache / "duologue" / "prometheus" / name)
    assert found, f"{name} is not installed: run scripts/bootstrap prometheus"
    return Path(found)


def scraping(targets: Path, rules: Sequence[Path] = (), every: str = "1s") -> dict[str, Any]:
    """A configuration that scrapes what a file in the format of `file_sd_configs` names, as job `duologue`."""
    return {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "rule_files": [str(path) for path in rules],
        "scrape_configs": [
            {"job_name": "duologue", "file_sd_configs": [{"files": [str(targets)], "refresh_interval": every}]}
        ],
    }


def quickened(rules: Sequence[Path], folder: Path, by: int) -> list[Path]:
    """The same rules, with windows and patience so many times shorter; what they compare with stays."""
    quick = [folder / path.name for path in rules]
    for path, copy in zip(rules, quick, strict=True):
        copy.write_text(DURATION.sub(lambda found: f"{found[1]}{_ms(found[2]) // by}ms{found[3]}", path.read_text()))
    return quick


def _ms(duration: str) -> int:
    return int(duration[:-1]) * {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}[duration[-1]]


@contextmanager
def running_prometheus(config: Mapping[str, Any]) -> Iterator[Prometheus]:
    """A server with this configuration, for as long as this lasts."""
    with TemporaryDirectory(prefix="duologue-prometheus-") as directory:
        folder = Path(directory)
        file = folder / "prometheus.yml"
        file.write_text(json.dumps(config))  # JSON is YAML
        server = Prometheus(folder, file)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _point(told: Sequence[Any]) -> tuple[float, float]:
    return float(told[0]), float(told[1])
