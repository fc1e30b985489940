"""The part of the store about who waits, and what matchers make of it. `store.py` says what holds for all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from duologue.ids import MatcherId
from duologue.ledger import Caller, Closed, CommitResult, Outcome, Proposal, QueueEvent
from duologue.matching.estimate import QueueStatus
from duologue.matching.ticket import Ticket


class TicketStore(Protocol):
    """Who waits."""

    async def find(self, caller: Caller, ticket: Ticket) -> Outcome:
        """Wait with this ticket; `rev`, `since_ms`, `met` and `avoid` are filled in by the store.

        An attempt that is not newer than the last one is DONE and does nothing. Somebody who
        already waits waits on with the new wishes. Somebody in a pair is REFUSED.
        """

    async def cancel(self, caller: Caller, attempt: int) -> Closed:
        """Stop waiting. If this attempt has become a pair, end that pair (LEFT): it is not wanted any more."""

    async def read_shards(self, after: int, wait_ms: int) -> tuple[list[str], int]:
        """The keys of the cohorts that somebody ever waited in, after a position; waits for a new one."""

    async def lease(self, shard: str, matcher: MatcherId) -> int | None:
        """Own this shard for `SHARD_LEASE_MS`, or for that much longer; None: another matcher does.

        Also other things that one process at a time looks after, such as `NODES_LEASE`. Returns the
        *fence*: it stays the same while the owner renews in time or before anybody else came, and
        is greater for every later owner.
        """

    async def release(self, shard: str, matcher: MatcherId) -> None:
        """Give the shard up, so that another matcher need not wait for the lease to end."""

    async def commit(self, shard: str, fence: int, proposals: Sequence[Proposal]) -> list[CommitResult]:
        """Turn each proposal into a pair, atomically per pair.

        Committed only if both still wait with the very ticket (`rev`) that was proposed, neither
        is away, and neither has blocked the other, by the ticket or since; otherwise `Rejected`
        with those who may be offered again as they are. All but text pairs take a join slot of a
        media node that works, and carry its name; `NoSlot` when there is none, and for any pair while
        a store that began anew hears who is here, but only then: both wait on, and the same proposal
        may be made again. Raises `Deposed`, having done nothing, when `fence` is not the newest.
        """

    async def read_queue(self, shard: str, after: int, wait_ms: int) -> tuple[list[QueueEvent], int]:
        """A shard's changes after a position, and the new position; waits for one if there is none.

        Position 0 starts with everybody who waits now. `ResyncNeeded` when `after` is too old.
        """

    async def publish_status(self, status: Mapping[str, QueueStatus]) -> None:
        """Tell all gateways what the cohorts look like (by cohort key)."""

    async def read_status(self) -> Mapping[str, QueueStatus]:
        """What matchers published last; cohorts that nobody reports on any more are absent."""
