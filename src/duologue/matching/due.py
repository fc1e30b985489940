"""Who is to be looked at again, and when: a heap that forgets.

An entry that was replaced or forgotten stays in the heap until it comes up, but never more than
about as many of them as there are people: then the heap is built anew.
"""

from __future__ import annotations

import heapq

from duologue.ids import PersonId

SLACK = 64
"""Stale entries that are always bearable."""


class Due:
    """At most one time for each person."""

    def __init__(self) -> None:
        self._at_ms: dict[PersonId, int] = {}
        self._heap: list[tuple[int, PersonId]] = []

    def __len__(self) -> int:
        return len(self._at_ms)

    def set(self, person: PersonId, at_ms: int) -> None:
        """Have this person back at `at_ms`; replaces an earlier time."""
        if self._at_ms.get(person) != at_ms:
            self._at_ms[person] = at_ms
            heapq.heappush(self._heap, (at_ms, person))
            self._compact()

    def forget(self, person: PersonId) -> None:
        """Somebody is not to come back."""
        if self._at_ms.pop(person, None) is not None:
            self._compact()

    def next_ms(self) -> int | None:
        """The earliest time, if anybody has one."""
        heap = self._heap
        while heap and self._at_ms.get(heap[0][1]) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def pop(self, now_ms: int) -> PersonId | None:
        """The person whose time came first, if any has come by now."""
        next_ms = self.next_ms()
        if next_ms is None or next_ms > now_ms:
            return None
        _, person = heapq.heappop(self._heap)
        del self._at_ms[person]
        return person

    def _compact(self) -> None:
        if len(self._heap) > 2 * len(self._at_ms) + SLACK:
            self._heap = [(at_ms, person) for person, at_ms in self._at_ms.items()]
            heapq.heapify(self._heap)
