"""A role's process: it can be paused for a while (SIGSTOP), asked to stop (SIGTERM), and killed (SIGKILL).

Python code cannot be stopped between two lines, and need not be: a role meets the world only where
it awaits a port or is handed a frame, so a stopped process is one that passes through none of these
doors. While it is stopped, what was sent to it waits, as in a kernel's buffers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable

from duologue.simulation.trace import Trace
from duologue.simulation.virtual import SeededRng, VirtualClock
from duologue.tasks import Tasks

STOP_WITHIN_MS = 10_000


class Process:
    """Where one role lives."""

    def __init__(self, name: str, seed: int, trace: Trace) -> None:
        self.name = name
        self.rng = SeededRng(seed, name)
        self.tasks = Tasks()
        self.clock = ProcessClock(self)
        self.trace = trace
        self.dead = False
        self.ending = False
        """Dead, or about to be."""
        self.stops: list[Callable[[], Awaitable[None]]] = []
        """What its roles do when it is asked to stop, one after the other."""
        self.woken_ms = 0
        self._awake = asyncio.Event()
        self._awake.set()
        self._mail: deque[Callable[[], None]] = deque()

    @property
    def running(self) -> bool:
        return not self.dead and self._awake.is_set()

    async def door(self) -> None:
        """Pass when this process runs; a dead one never does."""
        while not self.running:
            if self.dead:
                await asyncio.get_running_loop().create_future()
            await self._awake.wait()

    def post(self, letter: Callable[[], None]) -> None:
        """Something arrives from outside: now, after the pause, or never."""
        if self.dead:
            return
        if self.running and not self._mail:
            letter()
        else:
            self._mail.append(letter)

    async def pause(self, duration_ms: int) -> None:
        """Stop for a while."""
        if not self.running:
            return
        self.trace.note(self.name, f"is stopped for {duration_ms} ms")
        self._awake.clear()
        await VirtualClock().sleep_ms(duration_ms)
        if self.dead:
            return
        self.trace.note(self.name, "goes on")
        self.woken_ms = VirtualClock().monotonic_ms()
        self._awake.set()
        while self._mail and self.running:
            self._mail.popleft()()

    async def stop(self) -> None:
        """End as an operator wants it: the roles let go of what is theirs; whoever takes too long is killed."""
        self.trace.note(self.name, "is asked to stop")
        self.ending = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_WITHIN_MS / 1000):
                for stop in self.stops:
                    await stop()
        await self.kill()

    async def kill(self) -> None:
        """End, between two instructions."""
        self.trace.note(self.name, "is killed")
        self.dead = self.ending = True
        self._awake.set()
        self._mail.clear()
        await self.tasks.cancel_all()


class ProcessClock:
    """The clock as seen by one process: nobody wakes while stopped."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._clock = VirtualClock()

    def now_ms(self) -> int:
        return self._clock.now_ms()

    def monotonic_ms(self) -> int:
        return self._clock.monotonic_ms()

    async def sleep_ms(self, duration_ms: int) -> None:
        await self._clock.sleep_ms(duration_ms)
        await self._process.door()
