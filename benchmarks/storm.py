"""A reconnect storm: people of the Python client lose their gateway at once, and all have to be back as before.

`duologue serve` with two gateways on a real Redis, all on this machine. Half of the people talk in pairs, half wait.
One gateway is killed; then, once another has taken its place, the other is asked to stop. README.md says more.
Linux only, as is `relay/processes.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles

import uvloop

from benchmarks.meeting.service import FACET, Service, serving
from benchmarks.reconnecting.people import Crowd, Guest
from benchmarks.reconnecting.spread import distance, picture
from benchmarks.redis_store.server import redis_running
from benchmarks.relay.processes import Process, raise_file_limit
from benchmarks.report import CannotRun, Report, Target, run
from duologue.app.process import settle
from duologue.client.coming_back import BASE_MS
from duologue.clock import SystemClock, SystemRng
from duologue.services.identity import TokenOffice

GATEWAYS = 2
SPARE_FILES = 200
SEAT_MS = 15_000
"""For so long a place is held for who was lost."""
BACK_WITHIN_S = 60
EVENLY = Target("<=", 2.5)
NOBODY = Target("==", 0)


def measure(report: Report) -> None:
    """Both storms, one after the other, over the same people."""
    options: argparse.Namespace = report.options
    _check(options.people)
    key = secrets.token_urlsafe(32)
    with tempfile.TemporaryDirectory(prefix="duologue-storm-") as folder, redis_running() as redis:
        report.names_version("redis-server", redis.version())
        changes = {"DUOLOGUE_GATEWAY__DRAIN_PER_S": str(options.drain_per_s)}
        with (
            serving(redis, GATEWAYS, key, Path(folder), changes) as service,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            office = TokenOffice(key.encode(), SystemClock(), SystemRng())
            crowd = Crowd(service.address, options.people, lambda side: office.mint_guest({FACET: side}).token)
            runner.run(_run(report, service, crowd))


def _check(people: int) -> None:
    if people % 4 or people < 40:
        raise CannotRun("--people must be a multiple of four, and at least 40: of each four, two talk and two wait")
    limit, needed = raise_file_limit(), people + SPARE_FILES
    if limit < needed:
        raise CannotRun(f"{people} people need {needed} open files and the limit is {limit} (ulimit -Hn)")


async def _run(report: Report, service: Service, crowd: Crowd) -> None:
    with report.progress("people come", len(crowd.guests)) as came:
        async with crowd.here(came):
            settle()
            await _calm(crowd)
            await _kill(report, service, crowd)
            await _calm(crowd)
            await _drain(report, service, crowd)


async def _calm(crowd: Crowd) -> None:
    """Everybody has what they came for, and can be heard."""
    unsettled = await crowd.until(lambda guest: guest.settled, within_s=BACK_WITHIN_S)
    missing = unsettled or await crowd.talk(BACK_WITHIN_S)
    if missing:
        raise CannotRun(f"{len(missing)} people do not talk or wait: {[guest.errors for guest in missing[:5]]}")
    crowd.begin()


async def _kill(report: Report, service: Service, crowd: Crowd) -> None:
    """One gateway dies without a word."""
    spent_s, ours_s = service.processes["gateway-2"].cpu_s(), time.process_time()
    start_s = time.perf_counter()
    os.kill(service.processes["gateway-1"].pid, signal.SIGKILL)
    lost = await _storm(report, crowd, service.processes["gateway-1"])
    spent_s, ours_s = service.processes["gateway-2"].cpu_s() - spent_s, time.process_time() - ours_s
    waits_ms = [guest.losses[0].wait_ms for guest in lost]
    back_ms = [1000 * (guest.returns[0] - start_s) for guest in lost if guest.returns]
    _draw(report, "killed: the first wait that was chosen", waits_ms)
    _draw(report, "killed: back, after the kill", back_ms)
    report.add("killed_first_wait_uneven", [distance(waits_ms, BASE_MS)], "", EVENLY)
    report.add("killed_first_wait_p50_ms", [median(waits_ms)], "ms")
    _add_times(report, "killed_back", back_ms, Target("<=", SEAT_MS))
    report.add("killed_tries_most", [max(len(guest.losses) for guest in lost)], "")
    report.add("killed_gateway_cpu_ms_per_return", [1000 * spent_s / len(lost)], "ms")
    report.add("killed_clients_cpu_ms_per_return", [1000 * ours_s / len(lost)], "ms")
    await _as_before(report, "killed", crowd, lost)


async def _drain(report: Report, service: Service, crowd: Crowd) -> None:
    """The other one is asked to stop, once there is a place to go to."""
    await asyncio.to_thread(_until_ready, service)
    start_s = time.perf_counter()
    os.kill(service.processes["gateway-2"].pid, signal.SIGTERM)
    sent = await _storm(report, crowd, service.processes["gateway-2"])
    left_ms = [1000 * (guest.losses[0].at_s - start_s) for guest in sent]
    gaps_ms = [1000 * (guest.returns[0] - guest.losses[0].at_s) for guest in sent if guest.returns]
    _draw(report, "drained: sent away, after the signal", left_ms)
    _draw(report, "drained: back, after being sent away", gaps_ms)
    report.add("drained_per_s", [1000 * len(sent) / max(left_ms)], "1/s")
    _add_times(report, "drained_gap", gaps_ms, Target("<=", SEAT_MS))
    await _as_before(report, "drained", crowd, sent)


async def _storm(report: Report, crowd: Crowd, gateway: Process) -> Sequence[Guest]:
    """Until the gateway is gone and all who lost it are back; gives them."""
    with report.progress("back or untouched", len(crowd.guests)) as back:
        await crowd.until(lambda _: not _runs(gateway), within_s=BACK_WITHIN_S)
        await crowd.until(lambda guest: bool(guest.returns) or not guest.losses, within_s=BACK_WITHIN_S, told=back)
    return [guest for guest in crowd.guests if guest.losses]


def _runs(process: Process) -> bool:
    """What has ended has no command line any more, even before its parent looks at it."""
    try:
        return Path(f"/proc/{process.pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


async def _as_before(report: Report, storm: str, crowd: Crowd, lost: Sequence[Guest]) -> None:
    """Everybody is back, with their partner or their place; and the partners hear each other."""
    await crowd.until(lambda guest: guest.kept, within_s=BACK_WITHIN_S)
    silent = await crowd.talk(BACK_WITHIN_S)
    others = set(crowd.guests) - set(lost)
    errors = [error for guest in crowd.guests for error in guest.errors]
    for error in sorted(set(errors)):
        report.console.print(error, markup=False)
    report.add(f"{storm}_people", [len(lost)], "people", Target(">=", 1))
    report.add(f"{storm}_not_back", [sum(not guest.returns for guest in lost)], "people", NOBODY)
    report.add(f"{storm}_place_lost", [sum(not guest.kept for guest in crowd.guests)], "people", NOBODY)
    report.add(f"{storm}_not_heard", [len(silent)], "people", NOBODY)
    report.add(f"{storm}_others_lost", [sum(bool(guest.losses) for guest in others)], "people", NOBODY)
    report.add(f"{storm}_errors", [len(errors)], "", NOBODY)
    report.add(f"{storm}_later", [sum(guest.refused for guest in crowd.guests)], "commands")


def _add_times(report: Report, name: str, times_ms: Sequence[float], longest: Target) -> None:
    hundredths = quantiles(times_ms, n=100, method="inclusive")
    report.add(f"{name}_p50_ms", [hundredths[49]], "ms")
    report.add(f"{name}_p99_ms", [hundredths[98]], "ms")
    report.add(f"{name}_max_ms", [max(times_ms)], "ms", longest)


def _draw(report: Report, title: str, values_ms: Sequence[float]) -> None:
    for line in picture(title, values_ms):
        report.console.print(line, markup=False, highlight=False)


def _until_ready(service: Service) -> None:
    """The one that took the place of the killed gateway serves."""
    address = service.metrics[0].replace("/metrics", "/health/ready")
    give_up_s = time.monotonic() + BACK_WITHIN_S
    while time.monotonic() < give_up_s:
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise CannotRun(f"no gateway took the place of the killed one within {BACK_WITHIN_S} s")


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--people", type=int, default=4_000, help="of whom about half are on the gateway that is killed"
    )
    parser.add_argument("--drain-per-s", type=int, default=1_000, help="the setting gateway.drain_per_s")


if __name__ == "__main__":
    sys.exit(run("storm", measure, options=_options, packages=("redis", "hiredis", "picows", "uvloop")))
