"""Loops that nothing but a cancellation ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from duologue.errors import Unavailable
from duologue.tasks import RETRY_MS, Tasks
from tests.fakes import ManualClock, wait_until

EVERY_MS = 50


class Work:
    """Turns that end as they are told to, one after another; those that nobody speaks of are fine."""

    def __init__(self, *ends: BaseException | None) -> None:
        self.clock = ManualClock()
        self.began_ms: list[int] = []
        self._ends = list(ends)

    async def turn(self) -> None:
        self.began_ms.append(self.clock.now_ms())
        if self._ends and (error := self._ends.pop(0)) is not None:
            raise error

    @property
    def pauses_ms(self) -> list[int]:
        return [after - before for before, after in zip(self.began_ms, self.began_ms[1:], strict=False)]


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    tasks = Tasks()
    yield tasks
    await tasks.cancel_all()


@pytest.mark.parametrize(
    ("error", "level", "event"),
    [
        (KeyError("nobody foresaw it"), "error", "loop_failed"),
        (RecursionError(), "error", "loop_failed"),
        (Unavailable("the store"), "warning", "store_unavailable"),
    ],
    ids=["defect", "deep defect", "store away"],
)
async def test_a_loop_outlives_a_turn_that_fails(tasks: Tasks, error: Exception, level: str, event: str) -> None:
    """It is logged with its name, a defect with its traceback too, and after a pause the loop goes on."""
    work = Work(None, error, None)
    with capture_logs() as logs:
        tasks.repeat(work.turn, name="work", clock=work.clock, every_ms=EVERY_MS)
        await wait_until(lambda: len(work.began_ms) > 3, description="it goes on")

    assert work.pauses_ms[:3] == [EVERY_MS, RETRY_MS, EVERY_MS]
    assert [(entry["log_level"], entry["event"], entry["task"]) for entry in logs] == [(level, event, "work")]
    assert logs[0].get("exc_info") is (error if level == "error" else None)


async def test_a_loop_that_always_fails_does_not_spin(tasks: Tasks) -> None:
    """Also one that has no pause of its own."""
    work = Work(*[ValueError("again")] * 5)
    with capture_logs():
        tasks.repeat(work.turn, name="work", clock=work.clock)
        await wait_until(lambda: len(work.began_ms) > 5, description="it goes on")

    assert work.pauses_ms[:5] == [RETRY_MS] * 5


async def test_cancelling_ends_a_loop(tasks: Tasks) -> None:
    """Nothing that protects it from failures protects it from that."""
    work = Work(KeyError("a defect"))
    task = tasks.repeat(work.turn, name="work", clock=work.clock)
    await wait_until(lambda: len(work.began_ms) > 1, description="it goes on")
    await tasks.cancel_all()
    turns = len(work.began_ms)
    await asyncio.sleep(0)

    assert task.cancelled()
    assert len(work.began_ms) == turns


async def test_who_swallows_a_cancellation_hears_it_again(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `asyncio.wait_for` of Python 3.11 does where it is cancelled just when what it waits for is there."""
    monkeypatch.setattr("duologue.tasks.INSIST_AFTER_S", 0.01)
    swallowed = asyncio.Event()

    async def stubborn() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        swallowed.set()
        await asyncio.Event().wait()

    task = tasks.spawn(stubborn(), name="stubborn")
    await asyncio.sleep(0)
    await tasks.cancel_all()

    assert swallowed.is_set()
    assert task.cancelled()
