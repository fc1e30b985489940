"""The store and the media servers as one process sees them: late, now and then away, now and then silent.

Every call yields before and after what it does. It can fail before (`Unavailable`: nothing
happened) and after (`OutcomeUnknown`: it did), and its caller can be stopped or killed in between.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol

from duologue.errors import OutcomeUnknown, Unavailable
from duologue.simulation.process import Process
from duologue.simulation.virtual import VirtualClock


class Climate(Protocol):
    """How bad it is at the moment."""

    fails: float
    """Share of calls that fail, before or after."""
    away: bool
    """Every call fails before, and whoever asked earlier gets no answer any more."""
    slow_ms: int
    """Each way takes up to this long."""


class Faulty:
    """Any port, with faults. Calls of methods that do not await (`instant`) pass through as they are; those that
    are `steady` are late, and fail only by themselves.
    """

    def __init__(
        self,
        port: object,
        process: Process,
        climate: Climate,
        *,
        before: Callable[[str, tuple[Any, ...]], None] = lambda *_: None,
        after: Callable[[str, tuple[Any, ...], Any], None] = lambda *_: None,
        instant: frozenset[str] = frozenset(),
        steady: frozenset[str] = frozenset(),
    ) -> None:
        self._port = port
        self._process = process
        self._climate = climate
        self._before = before
        self._after = after
        self._instant = instant
        self._steady = steady
        self._clock = VirtualClock()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found) or name in self._instant:
            return found
        return partial(self._call, name, found)

    async def _call(self, name: str, run: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        await self._travel()
        if name in self._steady:
            return await run(*args, **kwargs)
        if self._fails():
            self._process.trace.note(self._process.name, f"{name}: out of reach")
            raise Unavailable("the simulated backend")
        self._before(name, args)
        answer = await run(*args, **kwargs)
        self._after(name, args, answer)
        await self._travel()
        if self._fails():
            self._process.trace.note(self._process.name, f"{name}: answer lost")
            raise OutcomeUnknown
        return answer

    def _fails(self) -> bool:
        return self._climate.away or self._process.rng.dice.random() < self._climate.fails

    async def _travel(self) -> None:
        await self._process.door()
        await self._clock.sleep_ms(self._process.rng.dice.randint(0, self._climate.slow_ms))
        await self._process.door()
