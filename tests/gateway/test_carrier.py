"""News on their way from the outbox: what was lost is told, and what is new again is read again."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from duologue.errors import Unavailable
from duologue.gateway.carrier import Carrier
from duologue.ids import GatewayId, SessionId
from duologue.ledger import Delivery, Superseded
from duologue.ports import ResyncNeeded
from tests.fakes import ManualClock

NEWS = Delivery(SessionId("s"), 1, Superseded())
Answer = tuple[list[Delivery], int] | Exception


class Town:
    """A gateway whose outbox answers this, turn by turn."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.asked: list[int] = []
        self.delivered: list[Delivery] = []
        self.resyncs = 0
        self.clock = ManualClock()
        self.carrier = Carrier(GatewayId("g"), self, self.clock, self._deliver, self._resync_everybody)

    async def read_news(self, _: GatewayId, after: int, __: int) -> tuple[list[Delivery], int]:
        self.asked.append(after)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _deliver(self, deliveries: Iterable[Delivery]) -> None:
        self.delivered += deliveries

    def _resync_everybody(self) -> None:
        self.resyncs += 1


async def test_each_is_carried_once() -> None:
    """From where the last turn ended."""
    town = Town(([NEWS], 7), ([], 7))
    await town.carrier.carry()
    await town.carrier.carry()

    assert (town.asked, town.delivered, town.resyncs) == ([0, 7], [NEWS], 0)


async def test_who_fell_behind_gets_snapshots_and_goes_on_from_the_newest() -> None:
    """What was trimmed nobody can tell."""
    town = Town(ResyncNeeded(50), ([NEWS], 51))
    await town.carrier.carry()
    await town.carrier.carry()

    assert (town.asked, town.delivered, town.resyncs) == ([0, 50], [NEWS], 1)


async def test_a_store_that_began_anew_is_read_from_its_beginning() -> None:
    """Nothing of it was told yet, so nobody needs a snapshot for that."""
    town = Town(([], 9), ResyncNeeded(2), ([NEWS], 3))
    for _ in range(3):
        await town.carrier.carry()

    assert (town.asked, town.delivered, town.resyncs) == ([0, 9, 0], [NEWS], 0)


async def test_its_age_is_that_of_the_last_answer() -> None:
    """A store that is away makes it older."""
    town = Town(([], 0), Unavailable("the store"))
    town.clock.advance(1_000)
    await town.carrier.carry()
    assert town.carrier.age_ms() == 0
    town.clock.advance(3_000)
    with pytest.raises(Unavailable):
        await town.carrier.carry()

    assert town.carrier.age_ms() == 3_000
