"""What people are told about their wait."""

from __future__ import annotations

from duologue.matching.estimate import Estimate
from tests.builders import NOW


def test_nobody_knows_before_somebody_was_matched() -> None:
    """No figure is better than an invented one."""
    assert Estimate().median_ms(NOW) is None


def test_the_estimate_is_the_median() -> None:
    """One who waited for ever does not spoil it."""
    estimate = Estimate()
    for wait_ms in (1_000, 2_000, 90_000):
        estimate.record(wait_ms, NOW)

    assert estimate.median_ms(NOW) == 2_000


def test_an_even_number_of_waits_gives_a_whole_number() -> None:
    """The wire has whole milliseconds."""
    estimate = Estimate()
    estimate.record(1, NOW)
    estimate.record(4, NOW)

    assert isinstance(estimate.median_ms(NOW), int)


def test_old_matches_do_not_count() -> None:
    """Yesterday says nothing about now."""
    estimate = Estimate(window_ms=1_000)
    estimate.record(5, NOW)
    estimate.record(7, NOW + 900)

    assert estimate.median_ms(NOW + 1_001) == 7
    assert estimate.median_ms(NOW + 5_000) is None


def test_only_the_last_matches_count() -> None:
    """The memory has a bound."""
    estimate = Estimate(size=3)
    for wait_ms in (100, 100, 100, 1, 1, 1):
        estimate.record(wait_ms, NOW)

    assert estimate.median_ms(NOW) == 1
