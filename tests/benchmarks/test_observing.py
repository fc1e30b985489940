"""The benchmark of what it costs to be observed: what it switches off, and whose work a sample is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter as Tally

import pytest
import structlog

from benchmarks.observed.inside import OWNERS, Sampler
from benchmarks.observing import PATH, likely, share
from duologue.metrics.figure import REGISTRY
from duologue.metrics.sampled import Sampled

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
        tally.waited("gone", 0, 1_000)
    log.info("observed", on=on)
    log.warning("warned", on=on)
    counted = [metrics.COMMANDS, metrics.MATCH_SECONDS, metrics.MEDIA_CALL_SECONDS, metrics.WAIT_SECONDS]
    samples = [sample for metric in counted for family in metric.collect() for sample in family.samples]
    print(sum(sample.value for sample in samples if sample.name.endswith(("_total", "_count"))))
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
    """What a figure asks of others is a part of it, also where they log."""
    sampler = Sampler()

    def take(*_: object) -> dict[tuple[str, ...], float]:
        sampler.sample(signal.SIGPROF, sys._getframe())
        return {}

    class Source:
        def read(self) -> dict[tuple[str, ...], float]:
            log.info("inside")
            return take()

    log = structlog.wrap_logger(structlog.testing.CapturingLogger(), processors=[lambda *_: str(take())])
    source, figure = Source(), Sampled("duologue_test_sampled", "Words.")
    REGISTRY.unregister(figure)
    figure.read_from(source.read)
    take()
    log.info("alone")
    list(figure.collect())

    assert sampler.seen == {"rest": 1, "log": 1, "figures": 2}


def test_a_share_is_told_with_what_it_may_be_by_chance() -> None:
    """Few samples say little."""
    low, middle, high = share(Tally(log=3, figures=1, rest=96), OWNERS)

    assert middle == 0.04
    assert 0 <= low < 0.01
    assert 0.07 < high < 0.08


def test_what_is_likely_lies_around_the_median() -> None:
    """A few slices in which somebody else was busy change little."""
    low, middle, high = likely([*[1.02, 1.03, 1.04] * 20, 3.0, 0.2])

    assert 1.02 <= low <= middle == 1.03 <= high <= 1.04
