"""The benchmark of what it costs to be observed: what it switches off, and whose work a sample is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter as Tally

import pytest

from benchmarks.observed.inside import OWNERS
from benchmarks.observing import PATH, likely, share

COUNT_AND_LOG = """
import structlog
from benchmarks.observed.inside import Switch
from duologue import logs
from duologue.gateway import tally
from duologue.metrics import definitions as metrics
from duologue.settings import LogSettings

logs.set_up(LogSettings(format="json"), for_good=True)
log = structlog.get_logger()
log.info("first")
switch = Switch()
for on in (False, True):
    switch.turn(on=on)
    metrics.COMMANDS.inc("find", "ok")
    metrics.MATCH_SECONDS.observe(3)
    with metrics.MEDIA_CALL_SECONDS.time("open"):
        tally.came_in(resumed=True)
    log.info("observed", on=on)
    log.warning("warned", on=on)
    counted = [metrics.COMMANDS, metrics.MATCH_SECONDS, metrics.MEDIA_CALL_SECONDS, metrics.SESSIONS_STARTED]
    samples = [sample for metric in counted for family in metric.collect() for sample in family.samples]
    print(sum(sample.value for sample in samples if sample.name.endswith(("_total", "_count"))))
"""

LOG_AND_COUNT = """
import json, signal, sys, time
from benchmarks.observed.inside import Sampler, SAMPLE_EVERY_S
import structlog
from duologue import logs
from duologue.metrics import definitions as metrics
from duologue.metrics.sampled import Sampled
from duologue.settings import LogSettings

class Source:
    def fails(self):
        structlog.get_logger().info("inside")
        return {}

logs.set_up(LogSettings(format="json"), for_good=True)
log, source, figure = structlog.get_logger(), Source(), Sampled("figure", "for a test")
figure.read_from(source.fails)
sampler = Sampler()
signal.signal(signal.SIGPROF, sampler.sample)
signal.setitimer(signal.ITIMER_PROF, SAMPLE_EVERY_S, SAMPLE_EVERY_S)
while sampler.seen["figures"] < 20:
    log.info("alone")
    list(figure.collect())
signal.setitimer(signal.ITIMER_PROF, 0)
print(json.dumps(sampler.seen))
"""


@pytest.fixture(scope="module")
def switched() -> subprocess.CompletedProcess[str]:
    """A process that counts and logs while it is not observed, and then while it is."""
    command = [sys.executable, "-c", COUNT_AND_LOG]
    environment = {**os.environ, "PYTHONPATH": PATH}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


def test_who_is_not_observed_counts_nothing(switched: subprocess.CompletedProcess[str]) -> None:
    """Else the two would be the same."""
    assert switched.stdout.split() == ["0", "4.0"]


def test_who_is_not_observed_logs_warnings_alone(switched: subprocess.CompletedProcess[str]) -> None:
    """Also by loggers that were used before."""
    told = [line.partition('"event":"')[2].partition('"')[0] for line in switched.stderr.splitlines()]
    assert told == ["first", "warned", "observed", "warned"]


def test_a_sample_is_whose_the_outermost_frame_is() -> None:
    """Half of the samples that a process takes of itself find it logging, half counting, and counting may log."""
    command = [sys.executable, "-c", LOG_AND_COUNT]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": PATH}, capture_output=True, text=True, check=True)
    seen = Tally(json.loads(done.stdout))

    assert set(seen) <= {*OWNERS, "rest"}
    assert seen["log"] > 10
    assert seen["figures"] > 10
    assert share(seen, OWNERS) == (seen["log"] + seen["figures"]) / seen.total()


def test_what_is_likely_lies_around_the_median() -> None:
    """A few slices in which somebody else was busy change little."""
    low, middle, high = likely([*[1.02, 1.03, 1.04] * 20, 3.0, 0.2])

    assert 1.02 <= low <= middle == 1.03 <= high <= 1.04
