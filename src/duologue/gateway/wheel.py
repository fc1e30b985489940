"""One timing wheel for all sessions of a process: a bucket of keys per slot of time.

A timer a session would cost the loop a heap entry each; here arming and firing cost a dictionary
operation. Keys come back at the earliest in their slot; the owner checks whether something is
really due and arms again. Pure: the shell turns it.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Wheel(Generic[Key]):
    """Keys by the slot of time in which they are due."""

    def __init__(self, slot_ms: int = 100) -> None:
        self.slot_ms = slot_ms
        self._slots: dict[int, set[Key]] = {}
        self._slot_of: dict[Key, int] = {}
        self._turned_to: int | None = None

    def arm(self, key: Key, at_ms: int) -> None:
        """Have this key back at or shortly after `at_ms`; replaces an earlier arming."""
        slot = -(-at_ms // self.slot_ms)
        if self._turned_to is not None:
            slot = max(slot, self._turned_to + 1)
        if self._slot_of.get(key) == slot:
            return
        self.disarm(key)
        self._slots.setdefault(slot, set()).add(key)
        self._slot_of[key] = slot

    def disarm(self, key: Key) -> None:
        """Forget a key."""
        slot = self._slot_of.pop(key, None)
        if slot is not None:
            keys = self._slots[slot]
            keys.discard(key)
            if not keys:
                del self._slots[slot]

    def turn(self, now_ms: int) -> list[Key]:
        """All keys that are due by now, in no particular order."""
        slot = now_ms // self.slot_ms
        first = min(self._slots, default=slot) if self._turned_to is None else self._turned_to + 1
        self._turned_to = slot
        passed = range(first, slot + 1)
        due_slots = [n for n in self._slots if n <= slot] if len(passed) > len(self._slots) else passed
        due = [key for n in due_slots for key in self._slots.pop(n, ())]
        for key in due:
            del self._slot_of[key]
        return due
