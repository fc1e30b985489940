"""How long a find takes where a partner waits: from the client's `find` to its `matched`.

`duologue serve` with two gateways and a matcher on a real Redis, and ten thousand people connected, all on this
machine. README.md says who does what. Linux only, as is `relay/processes.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

import uvloop

from benchmarks.meeting.service import FACET, Service, serving
from benchmarks.meeting.stream import FINDERS, WAITERS, Sample, Stream
from benchmarks.redis_store.server import RedisProcess, redis_running
from benchmarks.relay.processes import raise_file_limit
from benchmarks.report import CannotRun, Report, Target, run
from duologue.app.process import settle
from duologue.clock import SystemClock, SystemRng
from duologue.services.identity import TokenOffice

GATEWAYS = 2
SLICES = 5
WARM_UP_S = 5.0
SPARE_FILES = 200
ROLES = ("gateway", "matcher", "api")


class Measured(NamedTuple):
    """What one run gave."""

    accepts_per_s: float
    accept_cpu_s: float
    """Of the gateways, for each person who came."""
    slices: list[list[Sample]]
    stream: Stream
    cpu_s: dict[str, float]
    """Of each role, of Redis and of the generator, while finds came."""


def measure(report: Report) -> None:
    """One run, then the figures."""
    options: argparse.Namespace = report.options
    _check(options)
    key = secrets.token_urlsafe(32)
    with tempfile.TemporaryDirectory(prefix="duologue-match-") as folder, redis_running() as redis:
        report.names_version("redis-server", redis.version())
        with (
            serving(redis, GATEWAYS, key, Path(folder)) as service,
            report.progress("people come", options.people) as came,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            try:
                measured = runner.run(_run(service, redis, key, options, came))
            except (OSError, TimeoutError, ExceptionGroup) as error:
                raise CannotRun(f"the service did not hold its crowd: {error!r}") from error
    _report(report, measured, options)


def _check(options: argparse.Namespace) -> None:
    if options.people < 4 * options.waiting:
        raise CannotRun("--people must be at least four times --waiting")
    limit = raise_file_limit()
    if limit < options.people + SPARE_FILES:
        needed = options.people + SPARE_FILES
        raise CannotRun(f"{options.people} people need {needed} open files and the limit is {limit} (ulimit -Hn)")


async def _run(
    service: Service, redis: RedisProcess, key: str, options: argparse.Namespace, came: Callable[[int], None]
) -> Measured:
    office, stream = TokenOffice(key.encode(), SystemClock(), SystemRng()), Stream()
    half = options.people // 2
    waiters, finders = ([office.mint_guest({FACET: side}).token for _ in range(half)] for side in (WAITERS, FINDERS))
    start_s, spent_s = time.perf_counter(), service.cpu_s("gateway")
    await stream.come(service.address, waiters, finders, came)
    accepts_per_s = 2 * half / (time.perf_counter() - start_s)
    accept_cpu_s = (service.cpu_s("gateway") - spent_s) / (2 * half)
    settle()
    await stream.fill(options.waiting)
    await stream.run(options.rate, WARM_UP_S)
    start_s, before_s = time.perf_counter(), _cpu_s(service, redis)
    await stream.run(options.rate, options.seconds)
    cpu_s = {name: spent_s - before_s[name] for name, spent_s in _cpu_s(service, redis).items()}
    if stream.tally.gone:
        raise CannotRun(f"{stream.tally.gone} sockets were closed by the server")
    await stream.leave()
    return Measured(accepts_per_s, accept_cpu_s, list(_slices(stream.samples, start_s, options.seconds)), stream, cpu_s)


def _cpu_s(service: Service, redis: RedisProcess) -> dict[str, float]:
    roles = {role: service.cpu_s(role) for role in ROLES}
    return {**roles, "redis": redis.process.cpu_s(), "generator": time.process_time()}


def _slices(samples: Sequence[Sample], start_s: float, seconds: float) -> Iterator[list[Sample]]:
    """By when they asked: a bad moment of the machine is in one of them."""
    length_s = seconds / SLICES
    for number in range(SLICES):
        from_s, to_s = start_s + number * length_s, start_s + (number + 1) * length_s
        yield [sample for sample in samples if from_s <= sample.asked_s < to_s]


def _report(report: Report, measured: Measured, options: argparse.Namespace) -> None:
    stream = measured.stream
    if any(len(each) < 2 for each in measured.slices):
        raise CannotRun("hardly anybody was matched: give a higher --rate or more --seconds, or look at the service")
    percentiles = [
        quantiles([sample.took_ms for sample in each], n=100, method="inclusive") for each in measured.slices
    ]
    report.add("time_to_match_p50_ms", [each[49] for each in percentiles], "ms", Target("<=", 15))
    report.add("time_to_match_p99_ms", [each[98] for each in percentiles], "ms", Target("<=", 50))
    report.add("time_to_match_max_ms", [max(sample.took_ms for sample in each) for each in measured.slices], "ms")
    report.add("finds_without_match", [stream.asked - len(stream.samples)], "finds", Target("==", 0))
    report.add("finds_without_partner", [stream.alone], "finds", Target("==", 0))
    report.add("finds_per_s", [stream.asked / options.seconds], "1/s")
    report.add("people", [options.people // 2 * 2], "people")
    report.add("accepts_per_s", [measured.accepts_per_s], "1/s")
    report.add("accept_cpu_ms", [measured.accept_cpu_s * 1e3], "ms")
    report.add("generator_lag_p99_ms", [quantiles(stream.lags_ms, n=100, method="inclusive")[98]], "ms")
    for name, spent_s in measured.cpu_s.items():
        report.add(f"{name}_cpu_ms_per_match", [spent_s / len(stream.samples) * 1e3], "ms")


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--people", type=int, default=10_000, help="connections; half of them on each side")
    parser.add_argument("--seconds", type=float, default=60, help="how long finds come")
    parser.add_argument("--rate", type=float, default=100, help="finds a second, each of which is a match")
    parser.add_argument("--waiting", type=int, default=200, help="people of the other side who wait at any time")


if __name__ == "__main__":
    sys.exit(run("match", measure, options=_options, packages=("redis", "hiredis", "picows", "uvloop")))
