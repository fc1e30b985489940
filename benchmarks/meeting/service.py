"""Duologue as one runs it for many people: `duologue serve` with several gateways and a matcher, text only."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.redis_store.server import HOST, RedisProcess
from benchmarks.relay.processes import ROOT, Process, free_ports, running
from benchmarks.report import CannotRun

READY_WITHIN_S = 60
DUOLOGUE = (sys.executable, "-P", "-m", "duologue")
FACET = "side"
"""People have one of two sides and want the other: so those who wait do not meet each other."""


class Service(NamedTuple):
    """One that is ready."""

    address: str
    """Of the WebSockets."""
    processes: Mapping[str, Process]
    """By name: `gateway-1`, `gateway-2`, `matcher-1`, `api-1`."""
    metrics: Sequence[str] = ()
    """Where each process tells its figures."""

    def cpu_s(self, role: str) -> float:
        """CPU time so far of all processes of a role."""
        return sum(process.cpu_s() for name, process in self.processes.items() if name.startswith(role))


@contextmanager
def serving(
    redis: RedisProcess, gateways: int, key: str, folder: Path, changes: Mapping[str, str] | None = None
) -> Iterator[Service]:
    """A service for as long as this lasts, with changes of its environment. Raises `CannotRun` with its last words."""
    names = [*(f"gateway-{number}" for number in range(1, gateways + 1)), "matcher-1", "api-1"]
    http = free_ports(HOST, 2 + len(names) + 1)  # the last is for a process that replaces another
    ws, admin = http + 1, http + 2
    environment = {**_environment(redis, key, folder), **(changes or {})}
    _make_tables(environment)
    ports = {"--port": http, "--ws-port": ws, "--admin-port": admin}
    options = ["--processes", str(gateways), "--text-only", *(f"{name}={port}" for name, port in ports.items())]
    with running([*DUOLOGUE, "serve", *options], HOST, ws, environment, within_s=READY_WITHIN_S) as parent:
        listeners = [f"http://{HOST}:{admin + seat}" for seat in range(len(names))]
        for listener in listeners:
            _until_ready(f"{listener}/health/ready")
        yield Service(f"{HOST}:{ws}", _children(parent.pid), [f"{listener}/metrics" for listener in listeners])


def _environment(redis: RedisProcess, key: str, folder: Path) -> dict[str, str]:
    return {
        "REDIS_URL": redis.url,
        "DATABASE_URL": f"sqlite:///{folder / 'duologue.sqlite'}",
        "DUOLOGUE_TOKEN_KEY": key,
        "DUOLOGUE_LIMITS__PROFILE": "load",
        # Counted in Redis for each find, as in production, and never reached.
        "DUOLOGUE_LIMITS__FIND": "1000/s burst 1000",
        "DUOLOGUE_MATCHING__FACETS": f'{{"{FACET}": {{}}}}',
        "DUOLOGUE_GATEWAY__PUBLIC_URL": "ws://not-told-to-anybody",
    }


def _make_tables(environment: Mapping[str, str]) -> None:
    command = [*DUOLOGUE, "db", "upgrade"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise CannotRun(f"duologue db upgrade: {done.stderr[-2000:]}")


def _until_ready(url: str) -> None:
    give_up_s = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < give_up_s:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise CannotRun(f"{url} was not ready within {READY_WITHIN_S} s")


def _children(parent: int) -> dict[str, Process]:
    """The processes of a service, by the names that their parent gave them."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent_of = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            words = (entry / "cmdline").read_text().split("\0")
        except OSError:  # it has just ended
            continue
        names = [word.removeprefix("--child=") for word in words if word.startswith("--child=")]
        if parent_of == parent and names:
            found[names[0]] = Process(int(entry.name))
    return found
