"""Sums, growth and percentiles, as PromQL would have them."""

from __future__ import annotations

import pytest

from duologue.metrics.scrape import parse
from duologue.top.figures import Figures, Histogram, growth, together

TEXT = """\
# HELP waits_seconds How long.
# TYPE waits_seconds histogram
waits_seconds_bucket{le="1.0",outcome="matched"} 10
waits_seconds_bucket{le="5.0",outcome="matched"} 30
waits_seconds_bucket{le="+Inf",outcome="matched"} 40
waits_seconds_count{outcome="matched"} 40
waits_seconds_sum{outcome="matched"} 100
# HELP ended_total Ends.
# TYPE ended_total counter
ended_total{mode="text",reason="next"} 3
ended_total{mode="video",reason="next"} 4
ended_total{mode="video",reason="left"} 5
"""
FIGURES = Figures(parse(TEXT))


def test_sums_are_by_label() -> None:
    """Or of those that have some labels, or of all."""
    assert FIGURES.by("reason", "ended_total") == {"next": 7, "left": 5}
    assert FIGURES.by("reason", "ended_total", mode="text") == {"next": 3}
    assert FIGURES.total("ended_total", mode="video") == 9
    assert FIGURES.total("ended_total") == 12
    assert FIGURES.largest("ended_total") == 5


def test_what_nobody_told_is_not_zero() -> None:
    """A dash on the screen, instead of a number that is a lie."""
    assert FIGURES.total("nothing_total") is None
    assert FIGURES.total("ended_total", mode="voice") is None
    assert FIGURES.largest("nothing_total") is None
    assert FIGURES.histogram("nothing_seconds").quantile(0.5) is None


@pytest.mark.parametrize(("share", "value"), [(0.0, 0), (0.125, 0.5), (0.25, 1), (0.5, 3), (0.75, 5), (0.99, 5)])
def test_a_percentile_lies_within_its_bucket(share: float, value: float) -> None:
    """As far in as its rank; what is beyond the last bound is told as that bound."""
    assert FIGURES.histogram("waits_seconds", outcome="matched").quantile(share) == pytest.approx(value)


def test_without_observations_there_is_no_percentile() -> None:
    """Also where the buckets are there."""
    assert Histogram(((1, 0), (float("inf"), 0))).quantile(0.5) is None


def test_counters_grow() -> None:
    """One that is new began at 0, and one that fell began anew."""
    grown = Figures(growth(parse("a_total 5\nb_total 9\n"), parse("a_total 8\nb_total 2\nc_total 4\n")))

    assert [grown.total(name) for name in ("a_total", "b_total", "c_total")] == [3, 2, 4]


def test_processes_are_added_up() -> None:
    """Label by label, histograms too."""
    both = together([parse(TEXT), parse(TEXT)])

    assert both.by("mode", "ended_total") == {"text": 6, "video": 18}
    assert both.histogram("waits_seconds").count == 80


def test_of_several_the_largest_can_be_asked_for() -> None:
    """Where a sum makes no sense."""
    both = together([parse('lag{cohort="a"} 3\nlag{cohort="b"} 1\n'), parse('lag{cohort="a"} 2\n')], max)

    assert both.by("cohort", "lag") == {"a": 3, "b": 1}
