"""Asking again until the answer is known."""

from __future__ import annotations

import pytest

from duologue.errors import BackendError, Damaged, OutcomeUnknown, Unavailable
from duologue.services.insist import insist
from tests.fakes import ManualClock


class Moody:
    """A store that fails first."""

    def __init__(self, *errors: BackendError) -> None:
        self.errors = list(errors)
        self.asked = 0

    async def ask(self) -> str:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


async def test_it_asks_until_there_is_an_answer() -> None:
    """However often the outcome stays unknown."""
    moody = Moody(OutcomeUnknown(), Unavailable("store"), OutcomeUnknown())

    assert await insist(ManualClock(), moody.ask) == "answer"
    assert moody.asked == 4


async def test_it_gives_up_in_time() -> None:
    """Pauses grow, so the number of questions is bounded too."""
    clock = ManualClock()
    begun_ms = clock.monotonic_ms()
    moody = Moody(*[OutcomeUnknown() for _ in range(1000)])
    with pytest.raises(OutcomeUnknown):
        await insist(clock, moody.ask, for_ms=10_000)

    assert clock.monotonic_ms() - begun_ms <= 10_000
    assert moody.asked < 15


async def test_what_is_damaged_is_not_asked_for_again() -> None:
    """It stays damaged until somebody mends it, and each question would be a task that never ends."""
    moody = Moody(OutcomeUnknown(), Damaged("a key", "it is no record"), OutcomeUnknown())
    with pytest.raises(Damaged):
        await insist(ManualClock(), moody.ask)

    assert moody.asked == 2
