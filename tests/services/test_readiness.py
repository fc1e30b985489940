"""When a process is ready, and when not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from structlog.testing import capture_logs

from duologue.errors import Unavailable
from duologue.matching.estimate import QueueStatus
from duologue.services.readiness import Readiness
from duologue.store.memory import MemoryStore
from tests.fakes import ManualClock


class AwayStore(MemoryStore):
    async def read_status(self) -> Mapping[str, QueueStatus]:
        raise Unavailable("Redis")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def serving(clock: ManualClock) -> Readiness:
    """Of a process that serves, and whose store answered just now."""
    readiness = Readiness(clock, 30_000)
    readiness.reached(MemoryStore(clock))
    readiness.serving()
    return readiness


def test_a_process_is_ready_from_when_it_serves_until_it_stops(clock: ManualClock) -> None:
    """Each phase says what it is."""
    readiness = Readiness(clock, 30_000)
    before = readiness.why_not, readiness.store, readiness.store_answers
    readiness.reached(MemoryStore(clock))
    reached = readiness.why_not, readiness.store, readiness.store_answers
    readiness.serving()
    serves = readiness.why_not
    readiness.stopping()

    assert before == ("starting: the store was not reached yet", "none yet", False)
    assert reached == ("starting", "memory", True)
    assert serves is None
    assert readiness.why_not == "stopping"


async def test_a_silent_store_takes_readiness_only_after_a_while(clock: ManualClock, serving: Readiness) -> None:
    """Every process sees the same, and a balancer must not take out all of them at once."""
    with pytest.raises(Unavailable):
        await serving.look(AwayStore(clock))
    clock.advance(30_000)
    assert (serving.why_not, serving.store_answers) == (None, False)

    clock.advance(1)
    assert serving.why_not == "the store has been silent for 30 s"


async def test_a_store_that_answers_again_gives_it_back(clock: ManualClock, serving: Readiness) -> None:
    """By itself, and the log says how long it was away."""
    clock.advance(60_000)
    with capture_logs() as logs:
        for _ in range(2):
            await serving.look(MemoryStore(clock))

    assert (serving.why_not, serving.store_answers) == (None, True)
    assert [(line["event"], line["silent_ms"]) for line in logs] == [("store_answers_again", 60_000)]
