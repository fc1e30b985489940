"""The gateway against its yardsticks: what a relayed message, an idle person and an accepted one cost.

Duologue, a bare picows echo and Node socket.io, each a fresh process, take turns round by round under the same crowd
(`relay/`). README.md says what each of them does for a message; without that the ratios mean nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import uvloop

from benchmarks.relay import picows_echo
from benchmarks.relay.crowd import Crowd
from benchmarks.relay.people import DuologuePerson, EchoPerson, Person, SocketIoPerson
from benchmarks.relay.processes import Process, free_port, raise_file_limit, running
from benchmarks.report import CannotRun, Report, Target, run
from duologue.clock import SystemClock, SystemRng
from duologue.services.identity import TokenOffice

SOCKETIO = Path(__file__).parent / "socketio"
HOST = "127.0.0.1"
WARM_UP_PEOPLE = 100
"""They are let in before memory is weighed, so that what a server loads once is not charged to anybody."""
SETTLE_S = 1.0
SPARE_FILES = 100
UNITS = {
    "relay_cpu_us": "µs",
    "busy_cpu_us": "µs",
    "messages_per_s": "1/s",
    "accepts_per_s": "1/s",
    "accept_cpu_us": "µs",
    "kb_per_idle_person": "kB",
    "idle_cpu_percent": "%",
}


class Server(NamedTuple):
    """One of those that are compared: `start` gives its command line for a host, a port and a key file."""

    name: str
    dialect: type[Person]
    start: Callable[[str, int, Path], list[str]]


class Measured(NamedTuple):
    """What one server did in one round."""

    accepts_per_s: float
    accept_cpu_us: float
    kb_per_idle_person: float
    idle_cpu_percent: float
    relay_cpu_us: float
    messages_per_s: float
    busy_cpu_us: float


def _python(module: str) -> Callable[[str, int, Path], list[str]]:
    return lambda host, port, key: [sys.executable, "-m", module, host, str(port), str(key)]


def _node(host: str, port: int, key: Path) -> list[str]:
    return [shutil.which("node") or "node", str(SOCKETIO / "server.js"), host, str(port), str(key)]


DUOLOGUE = Server("duologue", DuologuePerson, _python("benchmarks.relay.duologue_server"))
ECHO = Server("picows_echo", EchoPerson, _python(picows_echo.__name__))
SOCKET_IO = Server("socketio", SocketIoPerson, _node)
SERVERS = (DUOLOGUE, ECHO, SOCKET_IO)


def measure(report: Report) -> None:
    """All rounds, then the figures."""
    options: argparse.Namespace = report.options
    _check(options.people)
    rounds: list[dict[str, Measured]] = []
    with report.progress("rounds", options.rounds * len(SERVERS)) as advance:
        for _ in range(options.rounds):
            rounds.append({})
            for server in SERVERS:
                rounds[-1][server.name] = _one(server, options)
                advance(1)
    report.names_version("node", _node_version())
    report.names_version("socket.io", _socketio_version())
    _report(report, rounds)


def _check(people: int) -> None:
    if not (SOCKETIO / "node_modules" / "socket.io").exists():
        raise CannotRun(f"socket.io is not installed. Run: make bench-gateway, or: npm ci --prefix {SOCKETIO.name}")
    if people % 2 or people < WARM_UP_PEOPLE * 2:
        raise CannotRun(f"--people must be even and at least {WARM_UP_PEOPLE * 2}")
    limit = raise_file_limit()
    if limit < people + SPARE_FILES:
        raise CannotRun(f"{people} people need {people + SPARE_FILES} open files and the limit is {limit} (ulimit -Hn)")


def _one(server: Server, options: argparse.Namespace) -> Measured:
    """One server for one round, from start to end."""
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder) / "token.key"
        key.write_bytes(secrets.token_bytes(32))
        office = TokenOffice(key.read_bytes(), SystemClock(), SystemRng())
        tokens = [office.mint_guest({}).token for _ in range(options.people)]
        port = free_port(HOST)
        with running(server.start(HOST, port, key), HOST, port) as process:
            crowd = Crowd(server.dialect, f"{HOST}:{port}")
            try:
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    return runner.run(_round(crowd, process, tokens, options))
            except (OSError, TimeoutError, ExceptionGroup) as error:
                raise CannotRun(f"{server.name} did not hold its crowd: {error!r}") from error


async def _round(crowd: Crowd, process: Process, tokens: Sequence[str], options: argparse.Namespace) -> Measured:
    await crowd.come(tokens[:WARM_UP_PEOPLE])
    accepts_per_s, accept_cpu_us, kb = await _accept(crowd, process, tokens[WARM_UP_PEOPLE:])
    await crowd.pair_up()
    await asyncio.sleep(SETTLE_S)
    idle_cpu = await _cpu_share(process, SETTLE_S)
    relay_cpu_us = await _relay(crowd, process, options, idle_cpu)
    messages_per_s, busy_cpu_us = await _saturate(crowd, process, options.seconds)
    if crowd.tally.gone:
        raise CannotRun(f"{crowd.tally.gone} sockets were closed by the server")
    await crowd.leave()
    return Measured(accepts_per_s, accept_cpu_us, kb, idle_cpu * 100, relay_cpu_us, messages_per_s, busy_cpu_us)


async def _accept(crowd: Crowd, process: Process, tokens: Sequence[str]) -> tuple[float, float, float]:
    """Accepts per second, CPU microseconds and resident kilobytes (1000 bytes) a person."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(SETTLE_S)
    rss, cpu, start = process.rss_bytes(), process.cpu_s(), loop.time()
    await crowd.come(tokens)
    took_s, cpu_s = loop.time() - start, process.cpu_s() - cpu
    await asyncio.sleep(SETTLE_S)
    grown = process.rss_bytes() - rss
    return len(tokens) / took_s, cpu_s / len(tokens) * 1e6, grown / len(tokens) / 1000


async def _cpu_share(process: Process, for_s: float) -> float:
    """CPU seconds a second while nobody says anything."""
    loop = asyncio.get_running_loop()
    cpu, start = process.cpu_s(), loop.time()
    await asyncio.sleep(for_s)
    return (process.cpu_s() - cpu) / (loop.time() - start)


async def _relay(crowd: Crowd, process: Process, options: argparse.Namespace, idle_cpu: float) -> float:
    """CPU microseconds for each message of a set load, without what the server spends when all are silent."""
    loop = asyncio.get_running_loop()
    cpu, start, heard = process.cpu_s(), loop.time(), crowd.tally.heard
    await crowd.talk(options.rate, options.seconds)
    missing = crowd.tally.sent - crowd.tally.heard
    if missing:
        raise CannotRun(f"{missing} of {crowd.tally.sent} messages were dropped at {options.rate}/s: lower --rate")
    spent_s = process.cpu_s() - cpu - idle_cpu * (loop.time() - start)
    return spent_s / (crowd.tally.heard - heard) * 1e6


async def _saturate(crowd: Crowd, process: Process, for_s: float) -> tuple[float, float]:
    """Messages per second as fast as they go, and CPU microseconds for each."""
    loop = asyncio.get_running_loop()
    cpu, start, heard = process.cpu_s(), loop.time(), crowd.tally.heard
    await crowd.talk_at_will(for_s)
    cpu_s, took_s, messages = process.cpu_s() - cpu, loop.time() - start, crowd.tally.heard - heard
    await crowd.fall_silent()
    if crowd.tally.heard < crowd.tally.sent:
        raise CannotRun(f"{crowd.tally.sent - crowd.tally.heard} messages were dropped as fast as they go")
    return messages / took_s, cpu_s / messages * 1e6


def _report(report: Report, rounds: Sequence[dict[str, Measured]]) -> None:
    """The figures with targets first, then each server's own."""

    def each(server: Server, field: str) -> list[float]:
        return [getattr(measured[server.name], field) for measured in rounds]

    def ratio(to: Server, field: str) -> list[float]:
        return [ours / theirs for ours, theirs in zip(each(DUOLOGUE, field), each(to, field), strict=True)]

    report.add("cpu_ratio_to_picows_echo", ratio(ECHO, "relay_cpu_us"), "x", Target("<=", 3))
    report.add("cpu_ratio_to_socketio", ratio(SOCKET_IO, "relay_cpu_us"), "x", Target("<=", 1))
    report.add("kb_per_idle_person", each(DUOLOGUE, "kb_per_idle_person"), "kB", Target("<=", 20))
    report.add("accepts_per_s", each(DUOLOGUE, "accepts_per_s"), "1/s")
    report.add("busy_cpu_ratio_to_picows_echo", ratio(ECHO, "busy_cpu_us"), "x")
    report.add("busy_cpu_ratio_to_socketio", ratio(SOCKET_IO, "busy_cpu_us"), "x")
    for field, unit in UNITS.items():
        for server in SERVERS:
            if (server, field) not in {(DUOLOGUE, "kb_per_idle_person"), (DUOLOGUE, "accepts_per_s")}:
                report.add(f"{field}_{server.name}", each(server, field), unit)


def _node_version() -> str:
    return subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip().lstrip("v")


def _socketio_version() -> str:
    package: dict[str, str] = json.loads((SOCKETIO / "node_modules" / "socket.io" / "package.json").read_text())
    return package["version"]


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=5, help="each server is started once a round")
    parser.add_argument("--people", type=int, default=3_000, help="connections, all of them paired")
    parser.add_argument("--rate", type=int, default=5_000, help="messages a second in the set load, of all together")
    parser.add_argument("--seconds", type=float, default=3, help="length of the set load, and of the greatest one")


if __name__ == "__main__":
    sys.exit(run("gateway", measure, options=_options, packages=("picows", "uvloop")))
