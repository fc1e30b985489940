"""`ports.Media` without media servers: for tests, the simulation, and an installation that offers text only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from duologue.errors import Unavailable
from duologue.ids import NodeName, PairId, PersonId
from duologue.pairs.pair import Pair
from duologue.ports import Room, Webhook, WebhookRefused
from duologue.protocol.server import Credentials
from duologue.safety.ratelimit import UNLIMITED, Rate

NODE = NodeName("fake")


class FakeNode:
    """One media server: it can die, hang, come back, and refuse rooms while it lives."""

    def __init__(self) -> None:
        self.rooms: dict[PairId, int] = {}
        self.down = self.refuses = False
        self._answers = asyncio.Event()
        self._answers.set()

    def die(self) -> None:
        """Nobody listens any more; its rooms are gone."""
        self.down = True
        self.rooms.clear()
        self._answers.set()

    def hang(self) -> None:
        """It keeps its rooms and answers nothing."""
        self._answers.clear()

    def come_back(self) -> None:
        """All is well; what a dead one had is lost."""
        self.down = self.refuses = False
        self._answers.set()

    @property
    def works(self) -> bool:
        """Whether it would answer."""
        return not self.down and self._answers.is_set()

    async def answer(self) -> None:
        """Raises `Unavailable` where nobody listens; takes as long as it hangs."""
        await self._answers.wait()
        if self.down:
            raise Unavailable("LiveKit", "the fake is down")


class FakeMedia:
    """Remembers which rooms there are, and on which node."""

    def __init__(self, nodes: Mapping[NodeName, Rate] | None = None, *, now_ms: Callable[[], int] = lambda: 0) -> None:
        self.nodes: Mapping[NodeName, Rate] = {NODE: UNLIMITED} if nodes is None else nodes
        self.on = {name: FakeNode() for name in self.nodes}
        self.opened: list[PairId] = []
        self._now_ms = now_ms

    @property
    def open(self) -> set[PairId]:
        """The rooms of all nodes."""
        return {pair for node in self.on.values() for pair in node.rooms}

    async def probe(self, node: NodeName) -> bool:
        """Whether it works; raises and hangs as it does."""
        await self.on[node].answer()
        return True

    async def open_room(self, pair: PairId, node: NodeName) -> None:
        """Make the room."""
        await self.on[node].answer()
        if self.on[node].refuses:
            raise Unavailable("LiveKit", "the fake takes no rooms")
        self.on[node].rooms.setdefault(pair, self._now_ms())
        self.opened.append(pair)

    async def close_room(self, pair: PairId, node: NodeName) -> None:
        """Delete the room."""
        await self.on[node].answer()
        self.on[node].rooms.pop(pair, None)

    async def rooms(self, node: NodeName, only: Sequence[PairId] | None = None) -> list[Room]:
        """The rooms that exist now."""
        await self.on[node].answer()
        return [Room(pair, at) for pair, at in self.on[node].rooms.items() if only is None or pair in only]

    def place(self, pair: Pair, person: PersonId) -> Credentials | None:
        """Credentials that name the room, so that tests can read them."""
        if pair.node not in self.on:
            return None
        peer = pair.identity(pair.peer(person).person)
        return Credentials("livekit", f"ws://{pair.node}.invalid", f"{pair.id}/{pair.identity(person)}", [peer])

    def read_webhook(self, body: bytes, authorization: str) -> Webhook:  # noqa: ARG002 - the port's signature
        """It sends none."""
        raise WebhookRefused("unsigned")
