"""Asking a store again until the answer is known, for what nobody else would ask again.

A client repeats a command whose reply it misses. What the server does by itself (letting a session
in, noting that a socket is gone) has no such client, and must not be lost to one bad moment.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from duologue.errors import BackendError, Damaged
from duologue.ports import Clock

FIRST_PAUSE_MS = 100
LONGEST_PAUSE_MS = 2_000

Answer = TypeVar("Answer")


async def insist(
    clock: Clock,
    ask: Callable[[], Awaitable[Answer]],
    *,
    for_ms: int | None = None,
) -> Answer:
    """Ask again, with growing pauses, as long as the store fails; after `for_ms` its error is raised.

    Only for transitions that may be repeated. `Damaged` is raised at once.
    """
    give_up_ms = None if for_ms is None else clock.monotonic_ms() + for_ms
    pause_ms = FIRST_PAUSE_MS
    while True:
        try:
            return await ask()
        except Damaged:
            raise  # asking again mends nothing
        except BackendError:
            if give_up_ms is not None and clock.monotonic_ms() + pause_ms >= give_up_ms:
                raise
        await clock.sleep_ms(pause_ms)
        pause_ms = min(2 * pause_ms, LONGEST_PAUSE_MS)
