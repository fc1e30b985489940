"""Named background tasks with one place where they end, and where their failures are seen.

asyncio keeps only weak references to tasks, so a bare `create_task` can vanish in mid-air; and a
task that fails unseen is a role that silently stopped. `Tasks` prevents both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from duologue.errors import StartupError

log = structlog.get_logger()


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

    async def cancel_all(self) -> None:
        """Stop everything and wait until it has stopped."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.pop(task, None)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, StartupError):  # that one is told to the operator as it is
            log.error("task_failed", task=task.get_name(), exc_info=error)
