"""Takes connections, turns the timing wheel, carries news to connections. One per process.

It must not know sockets: `sockets.listen` brings them, a simulation calls `accept` itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any

import structlog

from duologue.gateway import events as ev
from duologue.gateway.board import Board
from duologue.gateway.carrier import Carrier
from duologue.gateway.census import Census
from duologue.gateway.connection import Connection
from duologue.gateway.door import Door
from duologue.gateway.lease import KEEP_ALIVE_EVERY_MS, Lease
from duologue.gateway.outlet import CLOSE_WITHIN_MS
from duologue.gateway.performer import Performer
from duologue.gateway.session import Session
from duologue.gateway.terms import Limits, Timing
from duologue.gateway.wheel import Wheel
from duologue.ids import PersonId, SessionId
from duologue.ledger import Delivery, Probe
from duologue.matching.rules import Rules
from duologue.metrics import definitions as metrics
from duologue.ports import Clock, Rng, Store
from duologue.protocol.codes import CloseCode
from duologue.protocol.server import PeerTyping
from duologue.safety.addresses import prefix_of
from duologue.services.visitors import Visitors
from duologue.settings import Settings
from duologue.tasks import Tasks

log = structlog.get_logger()

STATUS_EVERY_MS = 1_000
CATCH_UP_EVERY_MS = 1_000
"""With blocks of which the ledger may not know."""
REFUSED_AT_MOST = 1_000
"""Sockets that are being told why they are not taken."""
SILENT_RETRY_MS = 5_000
"""For who stood at the door without a word while others wanted in."""
FULL_RETRY_MS = 5_000
DRAIN_STEP_MS = 100
DRAIN_JITTER_MS = 1_000
FLUSH_STEP_MS = 20


class Gateway:
    """Everything that the connections of one process share."""

    def __init__(
        self,
        performer: Performer,
        store: Store,
        clock: Clock,
        rng: Rng,
        settings: Settings,
        rules: Rules,
        tasks: Tasks,
    ) -> None:
        self.performer = performer
        self.clock = clock
        self._store = store
        self._rng = rng
        self.settings = settings.gateway
        self._timing = Timing(**settings.timing.model_dump())
        rate = settings.limits.rate
        self._limits = Limits(
            any=rate("message"),
            find=rate("find"),
            chat=rate("chat"),
            blocks=rate("blocks"),
            diagnostics=rate("diagnostics"),
        )
        self._door = Door(rate("accept"), settings.limits.standing)
        self._visitors = Visitors("gateway", settings.limits.proxies)
        self._draining = False
        self._refused: dict[SessionId, Connection] = {}
        self._rules = rules
        self._tasks = tasks
        self._connections: dict[SessionId, Connection] = {}
        self._wheel: Wheel[SessionId] = Wheel()
        self._board = Board()
        self._people: dict[PersonId, Connection] = {}
        self._lease = Lease(performer, store, self._connections, _resync, tasks)
        self._carrier = Carrier(performer.gateway, store, clock, self.deliver, self._resync_everybody)
        self._census = Census(self._connections, self._board, self.settings.max_connections, self._carrier.age_ms)

    @property
    def known(self) -> asyncio.Event:
        """Set once the store knows this gateway: before, it takes nobody through it."""
        return self._lease.known

    # -- life -------------------------------------------------------------------------------

    def start(self) -> None:
        """Run the loops, until the tasks are cancelled. Taking connections is somebody else's."""
        self._census.tell()
        repeat = partial(self._tasks.repeat, clock=self.clock)
        repeat(self._lease.keep, name="gateway-lease", every_ms=KEEP_ALIVE_EVERY_MS)
        repeat(self._turn_wheel, name="gateway-wheel", every_ms=self._wheel.slot_ms)
        repeat(self._carrier.carry, name="gateway-news")
        repeat(self.performer.blocks.catch_up, name="gateway-blocks", every_ms=CATCH_UP_EVERY_MS)
        repeat(self._read_status, name="gateway-status", every_ms=STATUS_EVERY_MS)

    async def drain(self) -> None:
        """Send everybody elsewhere, as fast as others can take them; seats stay held for those who come back.

        Nobody new is taken. Who was not told yet goes on as before. Returns when the sockets are
        closed, or after `drain_within_ms` and a moment; cancelled, it leaves the rest as they are.
        """
        self._draining = True
        everybody = list(self._connections.values())
        for_ms = min(len(everybody) * 1_000 // self.settings.drain_per_s, self.settings.drain_within_ms)
        batches = max(1, for_ms // DRAIN_STEP_MS)
        if everybody:
            log.info("gateway_draining", sockets=len(everybody), for_ms=for_ms)
        for n in range(batches):
            if n:
                await self.clock.sleep_ms(DRAIN_STEP_MS)
            for connection in everybody[n::batches]:
                away = ev.CutOff(CloseCode.GOING_AWAY, self._rng.below(DRAIN_JITTER_MS))
                _safely(connection, connection.handle, away)
        await self._until_empty()

    async def _until_empty(self) -> None:
        for _ in range(CLOSE_WITHIN_MS // FLUSH_STEP_MS):
            if not self._connections:
                return
            await self.clock.sleep_ms(FLUSH_STEP_MS)

    def accept(self, peer: str, forwarded: str = "") -> tuple[Connection, ev.CutOff | None]:
        """A connection for a new socket of this peer, and why it is not welcome, if so.

        `forwarded` is its `X-Forwarded-For`. Whoever owns the wire calls `Connection.opened` with
        both next.
        """
        session_id = SessionId(self._rng.token())
        session = Session(session_id, self._board, timing=self._timing, limits=self._limits, rules=self._rules)
        connection = Connection(self, session_id, session, self._visitors.address_of(peer, forwarded))
        refusal = self._refusal(connection)
        (self._connections if refusal is None else self._refused)[session_id] = connection
        return connection, refusal

    @property
    def crowded(self) -> bool:
        """Too many sockets are being told why they are not taken; no more are to be opened for that."""
        full = len(self._refused) >= REFUSED_AT_MOST
        if full:
            metrics.BOUNDS_HIT.inc("refused_sockets")
        return full

    def _refusal(self, connection: Connection) -> ev.CutOff | None:
        if self._draining:
            return ev.CutOff(CloseCode.GOING_AWAY, self.spread_ms(DRAIN_JITTER_MS))
        if len(self._connections) >= self.settings.max_connections:
            metrics.BOUNDS_HIT.inc("sockets")
            return ev.CutOff(CloseCode.OVERLOADED, self.spread_ms(FULL_RETRY_MS))
        knock = self._door.knock(connection.id, prefix_of(connection.address), self.clock.now_ms())
        if knock.makes_room is not None and (silent := self._connections.get(knock.makes_room)) is not None:
            silent.handle(ev.CutOff(CloseCode.OVERLOADED, self.spread_ms(SILENT_RETRY_MS)))
        if not knock.retry_after_ms:
            return None
        metrics.LIMITED.inc("accept")
        self._visitors.refused(connection.address)
        return ev.CutOff(CloseCode.RATE_LIMITED, knock.retry_after_ms + self._rng.below(DRAIN_JITTER_MS))

    # -- what connections need (`connection.Hub`) ----------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.spawn(work, name=name)

    def arm(self, connection: Connection, at_ms: int | None) -> None:
        if at_ms is None:
            self._wheel.disarm(connection.id)
        else:
            self._wheel.arm(connection.id, at_ms)

    def entered(self, connection: Connection, person: PersonId) -> None:
        self._people[person] = connection
        self._door.clear(connection.id)

    def stands_by(self, connection: Connection) -> None:
        self._door.clear(connection.id)

    def relay(self, to: PersonId, message: PeerTyping | Probe) -> bool:
        peer = self._people.get(to)
        return peer is not None and peer.hear(message)

    async def vouch_for(self, connection: Connection) -> None:
        await self._lease.vouch_for(connection)

    def forget(self, connection: Connection) -> None:
        self._connections.pop(connection.id, None)
        self._refused.pop(connection.id, None)
        self._door.clear(connection.id)
        self._wheel.disarm(connection.id)
        person = connection.person
        if person is not None and self._people.get(person) is connection:
            del self._people[person]

    def spread_ms(self, retry_after_ms: int) -> int:
        return retry_after_ms + self._rng.below(retry_after_ms + 1)

    # -- what the loops do ---------------------------------------------------------------------

    def tick(self) -> None:
        """Turn the wheel up to now."""
        for session_id in self._wheel.turn(self.clock.now_ms()):
            connection = self._connections.get(session_id) or self._refused.get(session_id)
            if connection is not None:
                _safely(connection, connection.ticked)

    def deliver(self, deliveries: Iterable[Delivery]) -> None:
        """Hand news to the sessions they are for; who is gone needs none."""
        for delivery in deliveries:
            connection = self._connections.get(delivery.session)
            if connection is not None:
                _safely(connection, connection.told, delivery)

    # -- one turn of each loop ------------------------------------------------------------------

    async def _turn_wheel(self) -> None:
        self.tick()

    def _resync_everybody(self) -> None:
        for connection in list(self._connections.values()):
            _resync(connection)

    async def _read_status(self) -> None:
        try:
            self._board.show(await self._store.read_status())
        except Exception:
            self._board.lose()
            raise


def _resync(connection: Connection) -> None:
    """Send it for a snapshot."""
    _safely(connection, connection.handle, ev.CutOff(CloseCode.RESYNC))


def _safely(connection: Connection, act: Callable[..., None], *about: Delivery | ev.Event) -> None:
    """A defect of ours that one person meets must not stop what everybody needs; not even where closing fails too."""
    try:
        act(*about)
    except Exception:
        metrics.DEFECTS.inc("session")
        log.exception("session_failed", session=connection.id)
        try:
            connection.broken()
        except Exception:
            log.exception("session_failed", session=connection.id, hint="it could not be closed")
