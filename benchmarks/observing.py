"""What it costs a gateway to be observed: its figures, which are read as often as usual, and its log at level info.

One service under a steady stream of people who find each other, talk and part. First its gateways are observed and
not, in short slices by turns, and their CPU time is compared; then what they do is sampled while they are observed.
README.md says more. Linux only, as is `relay/processes.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import secrets
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Client
from pathlib import Path
from statistics import median, quantiles

import uvloop

from benchmarks.meeting.service import FACET, Service, serving
from benchmarks.meeting.stream import FINDERS, WAITERS, Stream
from benchmarks.observed.inside import FOLDER, OWNERS, SAMPLE_EVERY_S
from benchmarks.redis_store.server import redis_running
from benchmarks.relay.processes import ROOT
from benchmarks.report import CannotRun, Report, Target, run
from duologue.app.process import settle
from duologue.clock import SystemClock, SystemRng
from duologue.services.identity import TokenOffice

GATEWAYS = 2
WARM_UP_S = 5.0
READ_EVERY_S = 15.0
AT_MOST = 0.05
"""Of what a gateway does."""
RESAMPLED = 2_000
PATH = f"{ROOT / 'benchmarks' / 'observed'}:{ROOT}"


def measure(report: Report) -> None:
    """All slices, then the samples, then the figures."""
    options: argparse.Namespace = report.options
    key = secrets.token_urlsafe(32)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="duologue-observing-")))
        redis = stack.enter_context(redis_running())
        environment = {"PYTHONPATH": PATH, FOLDER: str(folder)}
        service = stack.enter_context(serving(redis, GATEWAYS, key, folder, environment))
        report.names_version("redis-server", redis.version())
        gateways = Gateways(service, folder)
        steps = stack.enter_context(report.progress("slices", 2 * options.pairs))
        runner = stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
        try:
            costs, seen = runner.run(_observe(service, gateways, key, options, steps))
        except (OSError, TimeoutError, EOFError, ExceptionGroup) as error:
            raise CannotRun(f"the service did not hold its crowd: {error!r}") from error
    _tell(report, costs, seen)


Costs = Sequence[tuple[float, float]]
"""CPU time of a match in milliseconds, observed and not, of slices side by side."""


def _tell(report: Report, costs: Costs, seen: Counter[str]) -> None:
    report.add(
        "gateway_cpu_ratio_observed_to_not", likely([on / off for on, off in costs]), "", Target("<=", 1 + AT_MOST)
    )
    report.add("gateway_cpu_ms_per_match_on", [on for on, _ in costs], "ms")
    report.add("gateway_cpu_ms_per_match_off", [off for _, off in costs], "ms")
    report.add("slices", [2 * len(costs)], "slices")
    report.add("share_of_samples_observing", share(seen, OWNERS), "", Target("<=", AT_MOST))
    for owner in OWNERS:
        report.add(f"share_of_samples_{owner}", share(seen, [owner]), "")
    report.add("samples", [seen.total()], "samples")


def likely(ratios: Sequence[float]) -> list[float]:
    """Their median, and between what it is in 95 of 100 cases, by drawing from them again and again."""
    drawn = quantiles((median(random.choices(ratios, k=len(ratios))) for _ in range(RESAMPLED)), n=40)
    return [drawn[0], median(ratios), drawn[-1]]


def share(seen: Counter[str], owners: Iterable[str]) -> list[float]:
    """Of all that was seen, and between what it is in 95 of 100 cases."""
    part = sum(seen[owner] for owner in owners) / seen.total()
    error = 1.96 * math.sqrt(part * (1 - part) / seen.total())
    return [max(0.0, part - error), part, part + error]


class Gateways:
    """Those of a service, each of which listens: `observed/inside.py`."""

    def __init__(self, service: Service, folder: Path) -> None:
        self._service = service
        self._processes = {name: each for name, each in service.processes.items() if name.startswith("gateway")}
        self._ears = [Client(str(folder / name), family="AF_UNIX") for name in self._processes]

    def cpu_s(self) -> float:
        """CPU time of them all so far."""
        return sum(process.cpu_s() for process in self._processes.values())

    async def read(self) -> None:
        """Ask for the figures of every process, as Prometheus does it."""
        for url in self._service.metrics:
            await asyncio.to_thread(lambda at=url: urllib.request.urlopen(at).read())  # type: ignore[misc]

    def observe(self, *, yes: bool) -> None:
        """From now on."""
        self._say(yes)

    @contextmanager
    def sampled(self) -> Iterator[Counter[str]]:
        """What they do for as long as this lasts; it is there at the end."""
        seen: Counter[str] = Counter()
        self._say(SAMPLE_EVERY_S)
        yield seen
        for answer in self._say(0):
            seen.update(answer)

    def _say(self, word: bool | float) -> list[dict[str, int]]:
        for ear in self._ears:
            ear.send(word)
        return [ear.recv() for ear in self._ears]


async def _observe(
    service: Service, gateways: Gateways, key: str, options: argparse.Namespace, step: Callable[[int], None]
) -> tuple[Costs, Counter[str]]:
    stream = await _crowd(service, key, options)
    settle()
    for_s = WARM_UP_S + 2 * options.pairs * options.slice_s + options.sampled_s
    async with asyncio.TaskGroup() as group:
        people = group.create_task(stream.run(options.rate, for_s))
        await asyncio.sleep(WARM_UP_S)
        slices = Slices(gateways, stream, options.slice_s)
        costs = []
        for number in range(options.pairs):
            costs.append(await slices.pair(number))
            step(2)
        gateways.observe(yes=True)
        with gateways.sampled() as seen:
            while not people.done():
                await gateways.read()
                await asyncio.wait([people], timeout=READ_EVERY_S)
    if stream.tally.gone or len(stream.samples) < stream.asked:
        raise CannotRun(f"{stream.tally.gone} sockets were closed, {stream.asked - len(stream.samples)} found nobody")
    await stream.leave()
    return costs, seen


async def _crowd(service: Service, key: str, options: argparse.Namespace) -> Stream:
    office, stream = TokenOffice(key.encode(), SystemClock(), SystemRng()), Stream()
    half = options.people // 2
    waiters, finders = ([office.mint_guest({FACET: side}).token for _ in range(half)] for side in (WAITERS, FINDERS))
    await stream.come(service.address, waiters, finders, lambda _: None)
    await stream.fill(options.waiting)
    return stream


class Slices:
    """Short times side by side in which the gateways are observed and not, while people come and go as ever."""

    def __init__(self, gateways: Gateways, stream: Stream, slice_s: float) -> None:
        self._gateways = gateways
        self._stream = stream
        self._slice_s = slice_s

    async def pair(self, number: int) -> tuple[float, float]:
        """What a match costs, observed and not; which is first, takes turns."""
        on_first = number % 2 == 0
        first, second = [await self._slice(number, observed=observed) for observed in (on_first, not on_first)]
        return (first, second) if on_first else (second, first)

    async def _slice(self, number: int, *, observed: bool) -> float:
        self._gateways.observe(yes=observed)
        before_s, before = self._gateways.cpu_s(), len(self._stream.samples)
        if observed and number % max(1, round(READ_EVERY_S / self._slice_s)) == 0:
            await self._gateways.read()
        await asyncio.sleep(self._slice_s)
        matches = len(self._stream.samples) - before
        if not matches:
            raise CannotRun("nobody was matched in a whole slice: give longer ones, or wait until others leave you CPU")
        return (self._gateways.cpu_s() - before_s) / matches * 1e3


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--people", type=int, default=2_000, help="connections")
    parser.add_argument("--pairs", type=int, default=100, help="slices of each kind")
    parser.add_argument("--slice-s", type=float, default=1.0, help="how long a slice lasts")
    parser.add_argument("--sampled-s", type=float, default=60, help="how long samples are taken")
    parser.add_argument("--rate", type=float, default=100, help="finds a second, each of which is a match")
    parser.add_argument("--waiting", type=int, default=100, help="people of the other side who wait at any time")


if __name__ == "__main__":
    sys.exit(run("observing", measure, options=_options, packages=("prometheus-client", "structlog", "picows")))
