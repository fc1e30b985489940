"""Carries news from the outbox of the store to the sessions that they are for, each once and none in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog

from duologue.ids import GatewayId
from duologue.ledger import Delivery
from duologue.metrics import definitions as metrics
from duologue.ports import Clock, Outbox, ResyncNeeded

log = structlog.get_logger()

NEWS_WAIT_MS = 5_000


class Carrier:
    """Of one gateway. `resync_everybody` sends all of its people for a snapshot: news were lost."""

    def __init__(
        self,
        gateway: GatewayId,
        outbox: Outbox,
        clock: Clock,
        deliver: Callable[[Iterable[Delivery]], None],
        resync_everybody: Callable[[], None],
    ) -> None:
        self._gateway = gateway
        self._outbox = outbox
        self._clock = clock
        self._deliver = deliver
        self._resync_everybody = resync_everybody
        self._position = 0
        self._read_ms = clock.monotonic_ms()

    def age_ms(self) -> int:
        """Since news were last read, or it was last heard that there are none."""
        return self._clock.monotonic_ms() - self._read_ms

    async def carry(self) -> None:
        """A turn: the next news, once there are some."""
        deliveries = await self._read()
        try:
            self._deliver(deliveries)
        except Exception:
            self._lost("a defect")
            raise

    async def _read(self) -> list[Delivery]:
        """What was read is not read again, whatever becomes of it."""
        try:
            deliveries, self._position = await self._outbox.read_news(self._gateway, self._position, NEWS_WAIT_MS)
            self._read_ms = self._clock.monotonic_ms()
        except ResyncNeeded as behind:
            if behind.position < self._position:
                self._position = 0  # the store began anew, and so did we: all of that is news
            else:
                self._lost("this gateway fell behind")
                self._position = behind.position
            return []
        return deliveries

    def _lost(self, why: str) -> None:
        metrics.BOUNDS_HIT.inc("news")
        log.error("news_lost", why=why, hint="everybody on this gateway gets a snapshot")
        self._resync_everybody()
