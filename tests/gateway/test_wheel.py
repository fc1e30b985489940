"""The timing wheel."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from duologue.gateway.wheel import Wheel


def test_a_key_comes_back_at_or_shortly_after_its_time() -> None:
    """Never early."""
    wheel: Wheel[str] = Wheel(slot_ms=100)
    wheel.arm("a", 1_050)

    assert wheel.turn(1_099) == []
    assert wheel.turn(1_100) == ["a"]
    assert wheel.turn(1_200) == []


def test_arming_again_replaces_the_earlier_time() -> None:
    """A key is due once."""
    wheel: Wheel[str] = Wheel()
    wheel.arm("a", 1_000)
    wheel.arm("a", 2_000)

    assert wheel.turn(1_500) == []
    assert wheel.turn(2_000) == ["a"]


def test_a_disarmed_key_does_not_come_back() -> None:
    """And disarming a stranger is fine."""
    wheel: Wheel[str] = Wheel()
    wheel.arm("a", 1_000)
    wheel.disarm("a")
    wheel.disarm("b")

    assert wheel.turn(5_000) == []


def test_a_time_in_the_past_comes_back_at_the_next_turn() -> None:
    """Nothing is lost behind the hand of the wheel."""
    wheel: Wheel[str] = Wheel(slot_ms=100)
    wheel.turn(5_000)
    wheel.arm("a", 1_000)

    assert wheel.turn(5_100) == ["a"]


def test_a_long_pause_brings_back_everything_that_came_due() -> None:
    """A process that slept still serves all."""
    wheel: Wheel[int] = Wheel(slot_ms=100)
    wheel.turn(0)
    for n in range(50):
        wheel.arm(n, n * 1_000)

    assert sorted(wheel.turn(3_600_000)) == list(range(50))


def test_a_first_turn_that_comes_late_leaves_nobody_behind() -> None:
    """What was armed before it is due all the same."""
    wheel: Wheel[str] = Wheel(slot_ms=100)
    wheel.arm("a", 1_000)

    assert wheel.turn(9_000) == ["a"]


arming = st.tuples(st.integers(0, 5), st.integers(0, 3_000), st.booleans())


@given(st.lists(st.tuples(st.lists(arming, max_size=4), st.integers(1, 700)), max_size=25))
def test_any_script_gives_back_what_is_due(script: list[tuple[list[tuple[int, int, bool]], int]]) -> None:
    """Against a plain dictionary: never early, at most a slot and a turn late, nothing left behind."""
    wheel: Wheel[int] = Wheel(slot_ms=100)
    armed: dict[int, int] = {}
    now_ms = 10_000
    wheel.turn(now_ms)
    for armings, pause_ms in script:
        for key, delay_ms, keep in armings:
            if keep:
                wheel.arm(key, now_ms + delay_ms)
                armed[key] = now_ms + delay_ms
            else:
                wheel.disarm(key)
                armed.pop(key, None)
        now_ms += pause_ms
        due = wheel.turn(now_ms)

        assert len(due) == len(set(due))
        assert all(armed.pop(key) <= now_ms for key in due)
        assert all(at_ms > now_ms - 200 for at_ms in armed.values())
    assert set(wheel.turn(now_ms + 10_000)) == set(armed)
    assert (wheel._slots, wheel._slot_of) == ({}, {})
