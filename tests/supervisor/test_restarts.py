"""How soon somebody comes after one that died, and when there is no more hope."""

from __future__ import annotations

import pytest

from duologue.supervisor.events import Terms
from duologue.supervisor.restarts import Restarts
from tests.fakes import CountingRng

TERMS = Terms(pause_ms=100, pause_at_most_ms=400, steady_ms=10_000, tries=3)


class Loaded(CountingRng):
    """Dice that always fall lowest, or highest."""

    def __init__(self, *, highest: bool) -> None:
        super().__init__()
        self._highest = highest

    def below(self, bound: int) -> int:
        return bound - 1 if self._highest else 0


@pytest.fixture
def restarts() -> Restarts:
    return Restarts(Loaded(highest=True), TERMS)


def test_each_pause_is_twice_as_long_up_to_a_limit(restarts: Restarts) -> None:
    """Also of those who served, if not for long."""
    assert [restarts.died(served_ms) for served_ms in (None, 9_999, None, 0)] == [100, 200, 400, 400]


def test_half_of_a_pause_is_chance() -> None:
    """Children that died together do not come together."""
    assert Restarts(Loaded(highest=False), TERMS).died(None) == 50


def test_who_served_for_long_begins_anew(restarts: Restarts) -> None:
    """As if it had never failed."""
    restarts.died(None)
    restarts.died(None)

    assert restarts.died(TERMS.steady_ms) == 100


def test_only_deaths_before_being_ready_are_in_vain(restarts: Restarts) -> None:
    """In a row: one that served gives hope again, and proves that it can be done."""
    restarts.died(None)
    restarts.died(None)
    assert not restarts.proven
    restarts.served()
    restarts.died(0)
    assert (restarts.fruitless, restarts.in_vain, restarts.proven) == (0, False, True)
    for _ in range(TERMS.tries):
        restarts.died(None)

    assert (restarts.fruitless, restarts.in_vain, restarts.proven) == (TERMS.tries, True, True)
