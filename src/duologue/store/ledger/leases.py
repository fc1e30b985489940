"""Who owns what only one process at a time may look after."""

from __future__ import annotations

from duologue.ids import MatcherId
from duologue.ledger import SHARD_LEASE_MS
from duologue.store.ledger.records import Lease
from duologue.store.ledger.transition import Transition


class Leases(Transition):
    """Leases with fences: each owner has a greater one than the one before."""

    def lease(self, shard: str, matcher: MatcherId) -> int | None:
        """A store that has gone back in time knows owners of then, and not who came after them: they begin anew."""
        now_ms, held, since_ms = self.ledger.now_ms(), self._records.leases.get(shard), self._epoch().since_ms
        valid = held is not None and held.fence >= since_ms
        if held is not None and valid and held.owner not in (None, matcher) and held.until_ms > now_ms:
            return None
        fence = held.fence if held is not None else 0
        if held is None or not valid or held.owner != matcher:
            # Starting from the clock keeps fences growing even when the store was emptied meanwhile.
            fence = max(fence + 1, now_ms)
        self._records.leases[shard] = Lease(matcher, fence, now_ms + SHARD_LEASE_MS)
        return fence

    def release(self, shard: str, matcher: MatcherId) -> None:
        held = self._records.leases.get(shard)
        if held is not None and held.owner == matcher:
            self._records.leases[shard] = Lease(None, held.fence, 0)

    def _holds(self, shard: str, fence: int) -> bool:
        """Whether this fence is the newest. An owner who is late but was not replaced still owns."""
        held = self._records.leases.get(shard)
        return held is not None and held.owner is not None and held.fence == fence >= self._epoch().since_ms
