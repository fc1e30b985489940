"""Two ways for two people to meet again and again in real browsers: by Duologue, and by the SDK alone.

A side brings its own servers, so that its CPU time is its own. Sides take turns; who waits is silent.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import Any, Protocol

from benchmarks.media.pages import Tab
from benchmarks.media.servers import Duologue, Node

Meeting = dict[str, float]
"""When what happened to one person, in ms since `asked`. The names are those of `next/marks.ts`."""
STOP_WITHIN_MS = 5_000
TOGETHER_MS = 100


class Side(Protocol):
    """Two people and their servers."""

    name: str
    node: Node
    people: Sequence[Tab]

    def meet(self) -> list[Meeting]:
        """Part from whoever is there and meet again, up to the first frame of both. Raises playwright's Error."""

    def rest(self) -> None:
        """Part, and be silent."""

    def connections(self) -> int:
        """`RTCPeerConnection`s built since the start, by both together."""

    def left_over(self) -> int:
        """Those that are open still."""


class Bare:
    """A page with the SDK and nothing else. The room and both tokens are there before anybody begins."""

    def __init__(self, node: Node, people: Sequence[Tab], *, name: str = "bare", url: str | None = None) -> None:
        self.name = name
        self.node = node
        self.people = people
        self.create_room_ms: list[float] = []
        self._url = url or node.url
        self._numbers = itertools.count()
        self._room: str | None = None
        for person in people:
            person.ask("open")

    def meet(self) -> list[Meeting]:
        """Both connect at the same instant."""
        self.rest()
        self._room = f"bare-{next(self._numbers)}"
        start = time.perf_counter()
        self.node.create_room(self._room)
        self.create_room_ms.append((time.perf_counter() - start) * 1000)
        at_ms = time.time() * 1000 + TOGETHER_MS
        for number, person in enumerate(self.people):
            person.ask("meet", self._url, self.node.token(self._room, f"person-{number}"), at_ms)
        return [_since(raw, raw["asked"]) for raw in [person.ask("seen") for person in self.people]]

    def rest(self) -> None:
        """Leave the room, which is deleted."""
        if self._room is None:
            return
        for person in self.people:
            person.ask("leave")
        self.node.delete_room(self._room)
        self._room = None

    def connections(self) -> int:
        """Not counted: nothing of ours is in that page."""
        return 0

    def left_over(self) -> int:
        """Not counted either."""
        return 0


class Product:
    """Duologue: the server, the client package with its media, and a LiveKit. They press Next by turns."""

    def __init__(
        self, node: Node, server: Duologue, people: Sequence[Tab], options: dict[str, Any], *, name: str = "product"
    ) -> None:
        self.name = name
        self.node = node
        self.server = server
        self.people = people
        self._together = False
        self._turns = itertools.cycle([(0, 1), (1, 0)])
        for person in people:
            person.ask("open", options)

    def meet(self) -> list[Meeting]:
        """Next, by one of them; the other one's time runs from that press too. Find, when they rest."""
        presses, waits = (self.people[index] for index in next(self._turns))
        if self._together:
            waits.ask("expect")
            presses.ask("next")
        else:
            waits.ask("find")
            presses.ask("find")
        raws = [person.ask("seen") for person in (presses, waits)]
        self._together = True
        return [_since(raw, raws[0]["asked"]) for raw in raws]

    def rest(self) -> None:
        """Stop, and wait until nothing is open."""
        self._together = False
        for person in self.people:
            person.ask("stop")
        for person in self.people:
            person.wait_until("bench.counts().live === 0", STOP_WITHIN_MS)

    def connections(self) -> int:
        """By the ledger of the client."""
        return sum(person.ask("counts")["built"] for person in self.people)

    def left_over(self) -> int:
        """By the ledger of the client."""
        return sum(person.ask("counts")["live"] for person in self.people)


def _since(raw: Meeting, asked: float) -> Meeting:
    return {name: at - asked for name, at in raw.items()}
