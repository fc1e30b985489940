"""Counters and histograms of our own are told exactly as prometheus_client tells its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import prometheus_client
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from duologue.metrics.counted import Counter, Histogram
from duologue.metrics.figure import REGISTRY

BUCKETS = (0.0005, 0.1, 0.25, 1, 60)
names = (f"duologue_test_{number}" for number in itertools.count())


@pytest.fixture
def name() -> str:
    """Of a figure that nobody else has."""
    return next(names)


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What a test defines is not told to others."""
    before = set(REGISTRY._collector_to_names)
    yield
    for figure in set(REGISTRY._collector_to_names) - before:
        REGISTRY.unregister(figure)


def told(figure: Collector) -> str:
    """Nothing else; and not when it began, which we do not tell."""
    alone = CollectorRegistry()
    alone.register(figure)
    lines = generate_latest(alone).decode().splitlines(keepends=True)
    return "".join(line for line in lines if "_created" not in line)


def test_a_counter_is_told_as_the_library_tells_it(name: str) -> None:
    """Name, words, labels and figures."""
    theirs = prometheus_client.Counter(f"{name}_total", "Words.", ["kind", "by"], registry=None)
    ours = Counter(f"{name}_total", "Words.", ["kind", "by"])

    for values, by in [(("a", 'with "quotes"'), 1), (("b", ""), 2.5), (("b", ""), 1)]:
        ours.inc(*values, by=by)
        theirs.labels(*values).inc(by)

    assert told(ours) == told(theirs)


def test_a_histogram_is_told_as_the_library_tells_it(name: str) -> None:
    """A bound belongs to its bucket, and each bucket has all smaller ones."""
    theirs = prometheus_client.Histogram(name, "Words.", ["mode"], buckets=BUCKETS, registry=None)
    ours = Histogram(name, "Words.", ["mode"], buckets=BUCKETS)

    for seconds in (0, 0.1, 0.100001, 60, 61, 0.25):
        ours.observe(seconds, "video")
        theirs.labels("video").observe(seconds)
    ours.begin("text")
    theirs.labels("text")

    assert told(ours) == told(theirs)


@given(seconds=st.lists(st.floats(0, 100)))
def test_buckets_add_up_whatever_is_observed(seconds: list[float]) -> None:
    """The last one has all of them."""
    histogram = Histogram(next(names), "Words.", buckets=BUCKETS)

    for each in seconds:
        histogram.observe(each)

    (family,) = text_string_to_metric_families(told(histogram))
    counts = [sample.value for sample in family.samples if sample.name.endswith("_bucket")]
    assert counts == [sum(each <= bound for each in seconds) for bound in (*BUCKETS, float("inf"))]


def test_without_labels_a_figure_is_there_from_the_start(name: str) -> None:
    """A rate must see the first event."""
    assert f"{name}_total 0.0" in told(Counter(f"{name}_total", "Words."))


def test_a_block_that_fails_is_timed_too(name: str) -> None:
    """What is slow is often what fails."""
    histogram = Histogram(name, "Words.", ["call"], buckets=BUCKETS)

    with pytest.raises(LookupError), histogram.time("rooms"):
        raise LookupError

    assert f'{name}_count{{call="rooms"}} 1.0' in told(histogram)


def test_too_few_labels_are_a_mistake(name: str) -> None:
    """Otherwise it would be told under no name."""
    with pytest.raises(ValueError, match="kind"):
        Counter(f"{name}_total", "Words.", ["kind"]).inc()
