"""A gateway without sockets: wires that tests hold in their hands, and a clock that they move.

Everything behind the wire is real: connections, sessions, services, the memory store.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from duologue.gateway.connection import Connection
from duologue.gateway.performer import Performer
from duologue.gateway.server import Gateway
from duologue.ids import GatewayId, PairId
from duologue.ledger import Proposal, TicketArrived
from duologue.matching.rules import Rules
from duologue.media.fake import FakeMedia
from duologue.protocol import client as c
from duologue.protocol import codec
from duologue.protocol import server as s
from duologue.protocol.client import ClientMessage
from duologue.protocol.codes import MediaEvent, Mode
from duologue.services.blocks import Blocks
from duologue.services.calls import Calls
from duologue.services.going_back import GoingBack
from duologue.services.identity import TokenOffice
from duologue.services.lobby import Lobby
from duologue.services.pairs import Pairs
from duologue.services.reports import Reports
from duologue.settings import Settings
from duologue.store.memory import MemoryLimiter, MemoryStore
from duologue.store.memory.safety import MemorySafetyStore
from duologue.tasks import Tasks
from tests.contract.stores import MATCHER, SHARD
from tests.fakes import CountingRng, ManualClock

Kind = TypeVar("Kind", bound=s.ServerMessage)
TEXT = c.Filters(mode=Mode.TEXT)


class FakeWire:
    """One client's end: what was written to it, and how it was closed."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.frames: list[bytes] = []
        self.close_code: int | None = None
        self.close_reason = ""
        self.aborted = False
        self.unsent = 0

    def send(self, frame: bytes) -> None:
        self.frames.append(frame)

    def close(self, code: int, reason: str) -> None:
        self.close_code, self.close_reason = int(code), reason

    def abort(self) -> None:
        self.aborted = True

    def unsent_bytes(self) -> int:
        return self.unsent

    # -- for tests ----------------------------------------------------------------------------

    def say(self, *messages: ClientMessage) -> None:
        """The client sends."""
        for message in messages:
            self.connection.received(codec.encode(message))

    def heard(self, kind: type[Kind]) -> list[Kind]:
        """All messages of a kind that were written."""
        return [message for message in map(codec.decode_server, self.frames) if isinstance(message, kind)]


class Yard:
    """A gateway on hand-held wires. Nothing moves but in `settle` and `pass_ms`."""

    def __init__(
        self,
        tasks: Tasks,
        limits: dict[str, Any] | None = None,
        timing: dict[str, Any] | None = None,
        beside: Yard | None = None,
        **gateway: Any,
    ) -> None:
        """`beside`: another gateway of the same realm."""
        self.tasks = tasks
        self.clock: ManualClock = beside.clock if beside else ManualClock()
        self.rng: CountingRng = beside.rng if beside else CountingRng()
        rng = self.rng
        self.store: MemoryStore = beside.store if beside else MemoryStore(self.clock)
        self.tokens = TokenOffice(b"k" * 32, self.clock, rng)
        self.media: FakeMedia = beside.media if beside else FakeMedia()
        pairs = Pairs(self.store, self.media, self.clock, tasks)
        self.safety: MemorySafetyStore = beside.safety if beside else MemorySafetyStore(self.clock, rng)
        blocks = Blocks(self.store, self.safety, pairs)
        lobby = Lobby(self.store, self.tokens, pairs, blocks, Rules(), frozenset(Mode), self.clock)
        self.name = GatewayId("g2" if beside else "g1")
        settings = Settings(gateway=gateway, limits=limits or {}, timing=timing or {})
        modes = frozenset([Mode.TEXT, Mode.VIDEO])
        calls = Calls(self.store, self.safety, lobby, pairs, settings.calls, modes, rng)
        reports = Reports(self.store, self.safety, blocks, settings.reports.terms(), self.clock)
        limiter = MemoryLimiter(self.clock)
        going_back = GoingBack(self.store, blocks, rng)
        performer = Performer(
            self.name, lobby, pairs, blocks, reports, calls, going_back, self.store, limiter, settings.limits
        )
        self.gateway = Gateway(performer, self.store, self.clock, rng, settings, Rules(), tasks)
        self._news = self._queue = 0

    def wire(self, address: str = "192.0.2.1") -> FakeWire:
        """A new socket, greeted."""
        connection, refusal = self.gateway.accept(address)
        wire = FakeWire(connection)
        connection.opened(wire, refusal)
        return wire

    async def person(self, token: str | None = None) -> FakeWire:
        """Somebody who came in."""
        wire = self.wire()
        wire.say(c.Auth(token or self.tokens.mint_guest({}).token))
        await self.settle()
        return wire

    async def talk(self, token: str | None = None) -> tuple[FakeWire, FakeWire, PairId]:
        """Two people who talk by text; the token is of the first."""
        wires = await self.person(token), await self.person()
        for wire in wires:
            wire.say(c.Find("find", 1, TEXT))
        await self.settle()
        events, self._queue = await self.store.read_queue(SHARD, self._queue, 0)
        tickets = [event.ticket for event in events if isinstance(event, TicketArrived)][-2:]
        pair = PairId(f"pair-{self._queue}")
        fence = await self.store.lease(SHARD, MATCHER)
        assert fence is not None, "no other matcher is at work"
        await self.store.commit(SHARD, fence, [Proposal(pair, (tickets[0], tickets[1]), ("Heron", "Otter"))])
        await self.settle()
        for wire in wires:
            wire.say(c.MediaReport(pair, MediaEvent.CONNECTED))
        await self.settle()
        return *wires, pair

    async def settle(self) -> None:
        """Let everything that is under way come to rest, at this very moment."""
        await self.store.keep_alive(self.name)
        for _ in range(10):
            for _ in range(20):
                await asyncio.sleep(0)
            deliveries, self._news = await self.store.read_news(self.name, self._news, 0)
            self.gateway.deliver(deliveries)

    async def pass_ms(self, duration_ms: int) -> None:
        """Let time pass, in steps of the wheel."""
        for _ in range(duration_ms // 100):
            self.clock.advance(100)
            self.gateway.tick()
        await self.settle()


@asynccontextmanager
async def open_yard(**options: Any) -> AsyncIterator[Yard]:
    """A gateway, until the end of the test."""
    tasks = Tasks()
    try:
        yield Yard(tasks, **options)
    finally:
        await tasks.cancel_all()
