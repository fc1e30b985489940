"""The soak of Next sees what it is there to see."""

from __future__ import annotations

import argparse
from dataclasses import replace

import pytest

from benchmarks.media.vitals import Vitals
from benchmarks.report import Report
from benchmarks.soak_next import _report_left

BEFORE = Vitals(built=6, most=1, live=0, timers=2, listeners=30, nodes=20, heap_bytes=4_000_000)
AFTER = replace(BEFORE, built=17, heap_bytes=4_100_000)
MATCHES = 11


def missed(after: Vitals) -> list[str]:
    """The targets that do not hold, when only the second person is left like this."""
    report = Report("soak_next", argparse.Namespace())
    _report_left(report, [BEFORE, BEFORE], [AFTER, after], MATCHES)
    return [name for name, figure in report.figures.items() if figure.holds is False]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"built": 18}, "peer_connections_per_next"),
        ({"most": 2}, "peer_connections_at_once"),
        ({"live": 1}, "peer_connections_left"),
        ({"timers": 3}, "timers_more"),
        ({"listeners": 31}, "listeners_more"),
        ({"nodes": 21}, "nodes_more"),
        ({"heap_bytes": 4_500_000}, "heap_ratio"),
    ],
)
def test_what_is_left_of_one_person_alone_is_seen(changes: dict[str, int], name: str) -> None:
    """And nothing else is complained of."""
    assert missed(replace(AFTER, **changes)) == [name]


def test_as_it_was_is_fine() -> None:
    """A little heap is no leak."""
    assert missed(AFTER) == []
