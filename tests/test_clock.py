"""Processes of several machines agree on what time it is, and none is misled by an answer that took long."""

from __future__ import annotations

from duologue.clock import SharedClock, SystemClock

BASE_MS = 1_700_000_000_000


class Machine(SystemClock):
    """Its day may be wrong, and how long things take is right."""

    def __init__(self, wrong_by_ms: int) -> None:
        self.passed_ms = 0
        self.wrong_by_ms = wrong_by_ms

    def now_ms(self) -> int:
        return BASE_MS + self.passed_ms + self.wrong_by_ms

    def monotonic_ms(self) -> int:
        return self.passed_ms


def asked(clock: SharedClock, machine: Machine, takes_ms: int) -> None:
    """Somebody with the right time is asked, and answers half-way."""
    asked_ms = machine.passed_ms
    machine.passed_ms += takes_ms
    clock.told(BASE_MS + asked_ms + takes_ms // 2, asked_ms)


def test_a_wrong_clock_is_put_right() -> None:
    """Ahead or behind: at most so wrong as the answer was on its way."""
    for wrong_by_ms in (-180_000, 180_000):
        machine = Machine(wrong_by_ms)
        clock = SharedClock(machine)
        asked(clock, machine, takes_ms=10)

        assert abs(clock.now_ms() - (BASE_MS + machine.passed_ms)) <= 10
        assert abs(clock.machine_is_ahead_ms - wrong_by_ms) <= 10


def test_a_right_clock_stays_as_it_is() -> None:
    """However long answers take: nothing jitters."""
    machine = Machine(0)
    clock = SharedClock(machine)
    for takes_ms in (2, 900, 40):
        asked(clock, machine, takes_ms)

        assert clock.now_ms() == BASE_MS + machine.passed_ms


def test_a_slow_answer_undoes_nothing() -> None:
    """It says only that the time is somewhere in between."""
    machine = Machine(60_000)
    clock = SharedClock(machine)
    asked(clock, machine, takes_ms=4)
    before_ms = clock.now_ms() - machine.passed_ms
    asked(clock, machine, takes_ms=5_000)

    assert clock.now_ms() - machine.passed_ms == before_ms


def test_a_machine_that_is_put_right_meanwhile_changes_nothing() -> None:
    """NTP steps the day; how long things take goes on."""
    machine = Machine(60_000)
    clock = SharedClock(machine)
    asked(clock, machine, takes_ms=2)
    before_ms = clock.now_ms()
    machine.wrong_by_ms = 0

    assert clock.now_ms() == before_ms
