"""Gives up seats and pairs whose time is over. Runs anywhere, any number of times: the store decides."""

from __future__ import annotations

import structlog

from duologue.errors import BackendError
from duologue.ledger import Closed, Outcome
from duologue.ports import Clock, PresenceStore
from duologue.services.pairs import Pairs

log = structlog.get_logger()

EVERY_MS = 250


async def reap(store: PresenceStore, pairs: Pairs, clock: Clock) -> None:
    """Run until cancelled."""
    while True:
        try:
            for pair in await store.expire():
                pairs.settle(Closed(Outcome.DONE, pair))
        except BackendError as error:
            log.warning("store_unavailable", detail=str(error))
        await clock.sleep_ms(EVERY_MS)
