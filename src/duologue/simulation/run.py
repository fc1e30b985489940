"""Runs seeds, and says what came of it."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import structlog

from duologue.simulation.town import Town, Violation
from duologue.simulation.trace import KEPT, Trace
from duologue.simulation.virtual import VirtualLoop
from duologue.store.ledger import Transitions


class Result(NamedTuple):
    """One run."""

    seed: int
    violation: str | None
    steps: int
    pairs: int
    trace: list[str]
    """The last lines before the violation; all that was kept when it was asked for."""


def run_seed(seed: int, transitions: type[Transitions] = Transitions, *, whole_trace: bool = False) -> Result:
    """Live through one seed. The same seed gives the same trace, line by line, for one PYTHONHASHSEED."""
    trace = Trace(None if whole_trace else KEPT)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, trace.log_processor, _swallow],
        wrapper_class=structlog.make_filtering_bound_logger(0),
        cache_logger_on_first_use=False,
    )
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_run(seed, transitions, trace, whole_trace=whole_trace))


async def _run(seed: int, transitions: type[Transitions], trace: Trace, *, whole_trace: bool) -> Result:
    town = Town(seed, transitions, trace)
    violation = None
    try:
        await town.run()
    except Violation as found:
        violation = str(found)
    lines = trace.lines() if violation or whole_trace else []
    return Result(seed, violation, town.checks.steps, town.checks.pairs, lines)


def _swallow(*_: object) -> str:
    raise structlog.DropEvent
