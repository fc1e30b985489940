"""Gives up seats and pairs whose time is over. Runs anywhere, any number of times: the store decides."""

from __future__ import annotations

from duologue.ledger import Closed, Outcome
from duologue.ports import PresenceStore
from duologue.services.pairs import Pairs

REAP_EVERY_MS = 250


async def reap(store: PresenceStore, pairs: Pairs) -> None:
    """One round. Raises `BackendError`."""
    for pair in await store.expire():
        pairs.settle(Closed(Outcome.DONE, pair))
