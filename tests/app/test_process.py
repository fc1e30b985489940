"""What a process does when it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal

from duologue.app.process import stop_signal


async def test_two_signals_at_once_are_one_stop() -> None:
    """As where a supervisor and a terminal both send one: no line in the log says that something is wrong."""
    wrong: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))
    stop = stop_signal()
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.wait_for(stop, 5)
    await asyncio.sleep(0)

    assert wrong == []
