"""An append-only list with positions, a bound, and readers that wait: what a Redis stream is, in one process."""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice
from typing import Generic, TypeVar

from duologue.ports import ResyncNeeded

Item = TypeVar("Item")


class Stream(Generic[Item]):
    """Items by position, counting from 1; the oldest are dropped beyond `max_length`."""

    def __init__(self, max_length: int) -> None:
        self._items: deque[Item] = deque(maxlen=max_length)
        self._begin = self._end = 0
        self._appended = asyncio.Event()

    @property
    def end(self) -> int:
        """The position of the newest item."""
        return self._end

    def begin_anew(self) -> None:
        """Forget everything. Whoever reads on from a position of before hears of it."""
        self._items.clear()
        self._begin = self._end = self._end + 1
        self._appended.set()

    def append(self, item: Item) -> None:
        """Add an item and wake the readers."""
        self._items.append(item)
        self._end += 1
        self._appended.set()

    async def read(self, after: int, wait_ms: int) -> tuple[list[Item], int]:
        """Items after a position and the newest position; waits for the first if there is none.

        Raises `ResyncNeeded` when an item after that position was dropped, or when the position is
        of another stream that had the same name.
        """
        if self._place(after) >= self._end and wait_ms > 0:
            self._appended.clear()
            try:
                await asyncio.wait_for(self._appended.wait(), wait_ms / 1000)
            except TimeoutError:
                return [], after
        place, start = self._place(after), self._end - len(self._items)
        if place < start:
            raise ResyncNeeded(self._end)
        return list(islice(self._items, place - start, None)), self._end

    def _place(self, after: int) -> int:
        if after == 0:
            return self._begin
        if after < self._begin:
            raise ResyncNeeded(0)
        if after > self._end:
            raise ResyncNeeded(self._end)
        return after
