"""Named background tasks with one place where they end, and where their failures are seen.

asyncio keeps only weak references to tasks, so a bare `create_task` can vanish in mid-air; a task
that fails unseen is a role that silently stopped; and a loop that ends at the first thing nobody
foresaw is a role that stopped for good. `Tasks` prevents all three.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from duologue.errors import BackendError, StartupError
from duologue.metrics import definitions as metrics
from duologue.ports import Clock

log = structlog.get_logger()

RETRY_MS = 500
"""After a turn that failed: long enough not to spin, short enough for leases."""
INSIST_AFTER_S = 2.0
"""Long enough for whoever puts things in order before they end."""


class Tasks:
    """The background tasks of one owner."""

    def __init__(self) -> None:
        self._running: dict[asyncio.Task[Any], None] = {}  # in order, so that a simulation ends them in order

    def spawn(self, work: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Run something beside; a failure is logged with the task's name."""
        task = asyncio.create_task(work, name=name)
        self._running[task] = None
        task.add_done_callback(self._finished)
        return task

    def repeat(
        self, turn: Callable[[], Awaitable[None]], *, name: str, clock: Clock, every_ms: int = 0
    ) -> asyncio.Task[None]:
        """Take turns until cancelled, with this pause between them.

        A turn that fails is logged, and the next one comes after `RETRY_MS`. What a turn has to
        remember for the next one, it keeps where a failure does not reach it.
        """
        return self.spawn(_repeat(turn, name, clock, every_ms), name=name)

    async def cancel_all(self) -> None:
        """Stop everything and wait until it has stopped.

        A library may swallow a cancellation (`asyncio.wait_for` can, before Python 3.12), so whoever goes on hears it
        again.
        """
        while running := list(self._running):
            for task in running:
                task.cancel()
            await asyncio.wait(running, timeout=INSIST_AFTER_S)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.pop(task, None)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, StartupError):  # that one is told to the operator as it is
            metrics.DEFECTS.inc("task")
            log.error("task_failed", task=task.get_name(), exc_info=error)


async def _repeat(turn: Callable[[], Awaitable[None]], name: str, clock: Clock, every_ms: int) -> None:
    while True:
        pause_ms = RETRY_MS
        try:
            await turn()
            pause_ms = every_ms
        except BackendError as error:
            log.warning("store_unavailable", task=name, detail=str(error))
        except Exception as error:
            metrics.DEFECTS.inc("loop")
            log.error("loop_failed", task=name, exc_info=error, hint="it goes on; please report this")
        await clock.sleep_ms(pause_ms)
