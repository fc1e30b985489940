"""Rate limits as values."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from duologue.safety.ratelimit import UNLIMITED, Buckets, Rate, Verdict, admit, parse_rate

NOW = 1_000_000


def test_a_burst_passes_at_once_and_then_one_per_interval() -> None:
    """The first who is refused learns how long to wait."""
    rate, full_at_ms = Rate(interval_ms=100, burst=3), 0
    waits = []
    for _ in range(4):
        full_at_ms, retry_after_ms = admit(rate, full_at_ms, NOW)
        waits.append(retry_after_ms)

    assert waits == [0, 0, 0, 100]
    assert admit(rate, full_at_ms, NOW + 99).retry_after_ms == 1
    assert admit(rate, full_at_ms, NOW + 100).retry_after_ms == 0


def test_a_refused_event_costs_nothing() -> None:
    """Hammering does not make the wait longer."""
    rate = Rate(interval_ms=100, burst=1)
    full_at_ms, _ = admit(rate, 0, NOW)

    assert admit(rate, full_at_ms, NOW) == Verdict(full_at_ms, 100)
    assert admit(rate, full_at_ms, NOW + 60) == Verdict(full_at_ms, 40)


def test_a_pause_fills_the_bucket_no_further_than_full() -> None:
    """A day of silence is worth one burst."""
    rate = Rate(interval_ms=100, burst=2)
    full_at_ms, _ = admit(rate, 0, NOW)
    later = NOW + 86_400_000
    waits = []
    for _ in range(3):
        full_at_ms, retry_after_ms = admit(rate, full_at_ms, later)
        waits.append(retry_after_ms)

    assert waits == [0, 0, 100]


@given(st.integers(1, 500), st.integers(1, 10), st.lists(st.integers(0, 400), max_size=60))
def test_no_window_ever_holds_more_than_the_rate_allows(interval_ms: int, burst: int, pauses: list[int]) -> None:
    """Any stretch of time admits at most a burst and one for each interval; the promised wait is exact."""
    rate, full_at_ms, now_ms = Rate(interval_ms, burst), 0, NOW
    admitted: list[int] = []
    for pause_ms in pauses:
        now_ms += pause_ms
        full_at_ms, retry_after_ms = admit(rate, full_at_ms, now_ms)
        if not retry_after_ms:
            admitted.append(now_ms)
        else:
            assert admit(rate, full_at_ms, now_ms + retry_after_ms).retry_after_ms == 0
            assert admit(rate, full_at_ms, now_ms + retry_after_ms - 1).retry_after_ms == 1
    for first, start in enumerate(admitted):
        for last in range(first, len(admitted)):
            assert last - first + 1 <= burst + (admitted[last] - start) // interval_ms


def test_without_a_limit_everything_passes() -> None:
    """At once, for ever."""
    full_at_ms = 0
    for _ in range(1_000):
        full_at_ms, retry_after_ms = admit(UNLIMITED, full_at_ms, NOW)
        assert retry_after_ms == 0


def test_each_key_has_a_bucket_of_its_own() -> None:
    """And only a refusal has a wait."""
    buckets, rate = Buckets(), Rate(interval_ms=100, burst=1)

    assert [buckets.admit(key, rate, NOW) for key in ("a", "b", "a", "b")] == [0, 0, 100, 100]
    assert buckets.admit("a", rate, NOW + 100) == 0


def test_the_key_seen_longest_ago_is_forgotten() -> None:
    """Memory is bounded; a forgotten key is admitted. Who hammers is seen, and stays known."""
    buckets, rate = Buckets(keys_at_most=2), Rate(interval_ms=100, burst=1)
    waits = [buckets.admit(key, rate, NOW) for key in ("a", "b", "a", "c", "a", "b")]

    assert waits == [0, 0, 100, 0, 100, 0]
    assert len(buckets._full_at_ms) == 2


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("1/2s burst 5", Rate(2_000, 5)),
        ("20/s burst 60", Rate(50, 60)),
        ("10/m burst 30", Rate(6_000, 30)),
        ("1/250ms burst 1", Rate(250, 1)),
        ("1/h burst 2", Rate(3_600_000, 2)),
        (" off ", UNLIMITED),
    ],
)
def test_a_rate_is_read_as_operators_write_it(text: str, rate: Rate) -> None:
    """N in each TIME, B at once."""
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "5", "0/s burst 1", "1/s burst 0", "1/0s burst 1", "1/d burst 1", "-1/s burst 1"])
def test_a_rate_that_is_none_shows_how_to_write_one(text: str) -> None:
    """In the error."""
    with pytest.raises(ValueError, match='write a rate such as "1/2s burst 5"'):
        parse_rate(text)


def test_a_rate_beyond_the_clock_is_refused() -> None:
    """Times are whole milliseconds."""
    with pytest.raises(ValueError, match="off"):
        parse_rate("1001/s burst 1")
