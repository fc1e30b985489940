"""Time that jumps."""

from __future__ import annotations

import asyncio
import time

import pytest

from duologue.simulation.network import _Pipe
from duologue.simulation.process import STOP_WITHIN_MS, Process
from duologue.simulation.trace import Trace
from duologue.simulation.virtual import SeededRng, Stuck, VirtualClock, VirtualLoop


def test_a_day_takes_no_time() -> None:
    """Sleeping moves the clock and nothing else."""

    async def day() -> int:
        await asyncio.sleep(24 * 3600)
        return VirtualClock().monotonic_ms()

    begun_s = time.monotonic()
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(day()) == 24 * 3600 * 1000
    assert time.monotonic() - begun_s < 10


def test_waiting_for_what_never_comes_is_told() -> None:
    """A deadlock is an error, not a run that never ends."""

    async def wait() -> None:
        await asyncio.get_running_loop().create_future()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner, pytest.raises(Stuck):
        runner.run(wait())


def test_a_link_keeps_the_order() -> None:
    """Whatever each frame's delay: TCP does not overtake itself."""

    async def send() -> list[int]:
        arrived: list[int] = []
        pipe = _Pipe(SeededRng(1, "pipe").dice, 200)
        for number in range(200):
            pipe.carry(lambda number=number: arrived.append(number))  # type: ignore[misc]
        await asyncio.sleep(3600)
        return arrived

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(send()) == list(range(200))


def test_a_stopped_process_does_nothing_and_loses_nothing() -> None:
    """What was sent to it arrives afterwards, in order; its sleepers wake late."""

    async def stop() -> list[tuple[str, int]]:
        process, clock, seen = Process("g1", 1, Trace()), VirtualClock(), list[tuple[str, int]]()

        async def sleeper() -> None:
            await process.clock.sleep_ms(100)
            seen.append(("woke", clock.monotonic_ms()))

        process.tasks.spawn(sleeper(), name="sleeper")
        stopped = asyncio.ensure_future(process.pause(1_000))
        await clock.sleep_ms(10)
        for letter in ("first", "second"):
            process.post(lambda letter=letter: seen.append((letter, clock.monotonic_ms())))  # type: ignore[misc]
        assert seen == []
        await stopped
        await clock.sleep_ms(10)
        return seen

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        seen = runner.run(stop())
    assert sorted(seen) == [("first", 1_000), ("second", 1_000), ("woke", 1_000)]
    assert seen.index(("first", 1_000)) < seen.index(("second", 1_000))


def test_a_process_that_is_asked_to_stop_is_killed_where_that_takes_too_long() -> None:
    """Its roles let go of what is theirs, one after the other; meanwhile nobody replaces it a second time."""

    async def stop() -> tuple[list[str], list[bool], int]:
        process, said, ending = Process("m1", 1, Trace()), list[str](), list[bool]()

        async def let_go() -> None:
            said.append("let go")
            ending.append(process.ending)

        process.stops += [let_go, lambda: process.clock.sleep_ms(60_000), let_go]
        await process.stop()
        return said, [*ending, process.dead], VirtualClock().monotonic_ms()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(stop()) == (["let go"], [True, True], STOP_WITHIN_MS)


def test_a_killed_process_never_goes_on() -> None:
    """Not even what was asleep, or on its way to it."""

    async def kill() -> list[str]:
        process, seen = Process("g1", 1, Trace()), list[str]()

        async def sleeper() -> None:
            await process.clock.sleep_ms(100)
            seen.append("woke")

        process.tasks.spawn(sleeper(), name="sleeper")
        await asyncio.sleep(0)
        await process.kill()
        process.post(lambda: seen.append("letter"))
        await asyncio.sleep(10)
        return seen

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(kill()) == []
