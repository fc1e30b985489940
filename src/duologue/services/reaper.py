"""Gives up seats and pairs whose time is over. One process at a time, by lease: more would do no harm, only work."""

from __future__ import annotations

import structlog

from duologue.errors import BackendError
from duologue.ids import MatcherId
from duologue.ledger import REAPER_LEASE
from duologue.metrics import definitions as metrics
from duologue.ports import Rng, Store
from duologue.services.pairs import Pairs

log = structlog.get_logger()

REAP_EVERY_MS = 250


class Reaper:
    """The reaper of one process."""

    def __init__(self, store: Store, pairs: Pairs, rng: Rng) -> None:
        self.id = MatcherId(rng.token())
        self._store = store
        self._pairs = pairs
        self._owns = self._stopping = False

    async def stop(self) -> None:
        """Let go of the lease, so that another process need not wait for its end, and take it not again."""
        self._stopping = True
        try:
            await self._store.release(REAPER_LEASE, self.id)
        except BackendError as error:
            log.warning("store_unavailable", detail=str(error))

    async def turn(self) -> None:
        """One round, if this process is the one that does. Raises `BackendError`."""
        if self._stopping:
            return
        owned, self._owns = self._owns, await self._store.lease(REAPER_LEASE, self.id) is not None
        if not self._owns:
            return
        if not owned:
            metrics.LEASE_MOVES.inc(REAPER_LEASE)
        for closed in await self._store.expire():
            self._pairs.settle(closed)
