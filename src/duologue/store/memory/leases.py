"""Who owns what, until when. A lease is for speed and order; that nothing goes wrong twice is the fence's."""

from __future__ import annotations

from dataclasses import dataclass

from duologue.ids import GatewayId, MatcherId
from duologue.ledger import GATEWAY_LEASE_MS, SHARD_LEASE_MS
from duologue.ports import Clock


@dataclass(slots=True)
class _Lease:
    owner: MatcherId | None
    fence: int
    until_ms: int


class ShardLeases:
    """One owner per shard."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._leases: dict[str, _Lease] = {}

    def lease(self, shard: str, matcher: MatcherId) -> int | None:
        """The fence of this owner, who owns the shard from now on; None while somebody else does."""
        now_ms = self._clock.now_ms()
        held = self._leases.get(shard)
        if held is not None and held.owner not in (None, matcher) and held.until_ms > now_ms:
            return None
        if held is None or held.owner != matcher:
            # Starting from the clock keeps fences growing even when the store was emptied meanwhile.
            held = self._leases[shard] = _Lease(matcher, max(held.fence + 1 if held else 1, now_ms), 0)
        held.until_ms = now_ms + SHARD_LEASE_MS
        return held.fence

    def release(self, shard: str, matcher: MatcherId) -> None:
        """Nothing happens to a lease of somebody else."""
        held = self._leases.get(shard)
        if held is not None and held.owner == matcher:
            held.owner = None

    def holds(self, shard: str, fence: int) -> bool:
        """Whether this fence is the newest. An owner who is late but was not replaced still owns."""
        held = self._leases.get(shard)
        return held is not None and held.owner is not None and held.fence == fence


class GatewayLeases:
    """Which gateways live."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until_ms: dict[GatewayId, int] = {}

    def keep(self, gateway: GatewayId) -> bool:
        """Renew; False when there was nothing to renew."""
        known = gateway in self._until_ms
        self._until_ms[gateway] = self._clock.now_ms() + GATEWAY_LEASE_MS
        return known

    def alive(self, gateway: GatewayId) -> bool:
        """Whether it holds a lease. One that was given up has to hear so (`keep`) before it goes on."""
        return gateway in self._until_ms

    def take_dead(self) -> list[GatewayId]:
        """Those whose time is over; they are forgotten with this."""
        now_ms = self._clock.now_ms()
        dead = [gateway for gateway, until_ms in self._until_ms.items() if until_ms <= now_ms]
        for gateway in dead:
            del self._until_ms[gateway]
        return dead
