"""What it costs a gateway to be observed: its figures, which are read as often as usual, and its log at level info.

Two services take turns under the same stream of people who find each other, talk and part: one as it comes, and one
that counts nothing and logs warnings only. README.md says who does what. Linux only, as is `relay/processes.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import uvloop

from benchmarks.meeting.service import FACET, Service, serving
from benchmarks.meeting.stream import FINDERS, WAITERS, Stream
from benchmarks.redis_store.server import redis_running
from benchmarks.report import CannotRun, Report, Target, run
from duologue.app.process import settle
from duologue.clock import SystemClock, SystemRng
from duologue.services.identity import TokenOffice

GATEWAYS = 2
WARM_UP_S = 5.0
READ_EVERY_S = 15.0
UNOBSERVED = {
    "PYTHONPATH": str(Path(__file__).parent / "unobserved"),
    "DUOLOGUE_LOG__LEVEL": "warning",
}
NAMES = ("on", "off")


def measure(report: Report) -> None:
    """All rounds, then the figures."""
    options: argparse.Namespace = report.options
    key = secrets.token_urlsafe(32)
    with ExitStack() as stack:
        services = {}
        for name, environment in zip(NAMES, ({}, UNOBSERVED), strict=True):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="duologue-observing-")))
            redis = stack.enter_context(redis_running())
            services[name] = stack.enter_context(serving(redis, GATEWAYS, key, folder, environment))
            report.names_version("redis-server", redis.version())
        turns = stack.enter_context(report.progress("turns", 2 * options.rounds))
        runner = stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
        try:
            spent_ms = runner.run(_rounds(services, key, options, turns))
        except (OSError, TimeoutError, ExceptionGroup) as error:
            raise CannotRun(f"a service did not hold its crowd: {error!r}") from error
    ratios = [on / off for on, off in zip(spent_ms["on"], spent_ms["off"], strict=True)]
    report.add("gateway_cpu_ratio_observed_to_not", ratios, "", Target("<=", 1.05))
    for name in NAMES:
        report.add(f"gateway_cpu_ms_per_match_{name}", spent_ms[name], "ms")
    report.add("people", [options.people // 2 * 2], "people")
    report.add("finds_per_s", [options.rate], "1/s")


async def _rounds(
    services: dict[str, Service], key: str, options: argparse.Namespace, turn: Callable[[int], None]
) -> dict[str, list[float]]:
    """CPU of the gateways for each match, turn by turn."""
    streams = {name: await _crowd(service, key, options) for name, service in services.items()}
    settle()
    spent_ms: dict[str, list[float]] = {name: [] for name in NAMES}
    for number in range(options.rounds):
        for name in NAMES if number % 2 else reversed(NAMES):
            spent_ms[name].append(await _turn(services[name], streams[name], options, observed=name == "on"))
            turn(1)
    for stream in streams.values():
        await stream.leave()
    return spent_ms


async def _crowd(service: Service, key: str, options: argparse.Namespace) -> Stream:
    office, stream = TokenOffice(key.encode(), SystemClock(), SystemRng()), Stream()
    half = options.people // 2
    waiters, finders = ([office.mint_guest({FACET: side}).token for _ in range(half)] for side in (WAITERS, FINDERS))
    await stream.come(service.address, waiters, finders, lambda _: None)
    await stream.fill(options.waiting)
    await stream.run(options.rate, WARM_UP_S)
    return stream


async def _turn(service: Service, stream: Stream, options: argparse.Namespace, *, observed: bool) -> float:
    reader = asyncio.create_task(_read(service)) if observed else None
    before_s = service.cpu_s("gateway")
    await stream.run(options.rate, options.seconds)
    spent_s = service.cpu_s("gateway") - before_s
    if reader is not None:
        reader.cancel()
    if stream.tally.gone or len(stream.samples) < stream.asked:
        raise CannotRun(f"{stream.tally.gone} sockets were closed, {stream.asked - len(stream.samples)} found nobody")
    return spent_s / len(stream.samples) * 1e3


async def _read(service: Service) -> None:
    """As Prometheus does it."""
    while True:
        for url in service.metrics:
            await asyncio.to_thread(lambda at=url: urllib.request.urlopen(at).read())  # type: ignore[misc]
        await asyncio.sleep(READ_EVERY_S)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--people", type=int, default=2_000, help="connections to each service")
    parser.add_argument("--seconds", type=float, default=16, help="how long a turn lasts")
    parser.add_argument("--rounds", type=int, default=8, help="turns of each service")
    parser.add_argument("--rate", type=float, default=100, help="finds a second, each of which is a match")
    parser.add_argument("--waiting", type=int, default=100, help="people of the other side who wait at any time")


if __name__ == "__main__":
    sys.exit(run("observing", measure, options=_options, packages=("prometheus-client", "structlog", "picows")))
