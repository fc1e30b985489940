"""A store that begins another life while its data stay, as when a replica comes or takes over.

Processes keep their connections and notice it one after the other: until the last one has, some believe in the new
life and some in the one before, and each begins theirs anew for the others.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from duologue.store.ledger import Transitions
from duologue.store.memory import MemoryStore
from duologue.store.port import Key

Answer = TypeVar("Answer")


class DividedStore(MemoryStore):
    """`ports.Store`, whose callers may believe in different lives of it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._asker: ContextVar[str] = ContextVar("asker", default="")
        self._late: dict[str, str] = {}
        """Who still believes in which life."""

    def asks(self, process: str) -> None:
        """It does all that follows in this task."""
        self._asker.set(process)

    def begin_another_life(self, late: list[str]) -> None:
        """What it knows stays; these have not noticed."""
        self._late |= {process: self._late.get(process, self.records.store_id) for process in late}
        self.records.store_id += "'"

    def notice(self, process: str) -> None:
        """It believes in the newest life from now on."""
        self._late.pop(process, None)

    def everybody_notices(self) -> None:
        """The newest life."""
        self._late.clear()

    async def _transact(self, decide: Callable[[Transitions], Answer], *reads: Key) -> Answer:
        newest = self.records.store_id
        self.records.store_id = self._late.get(self._asker.get(), newest)
        try:
            return await super()._transact(decide, *reads)
        finally:
            self.records.store_id = newest
