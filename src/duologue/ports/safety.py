"""What must outlive the store."""

from __future__ import annotations

from typing import Protocol

from duologue.ids import BlockId, PersonId
from duologue.safety.block import Block
from duologue.safety.report import Complaint, Report


class SafetyStore(Protocol):
    """What must outlive the ledger: who does not want to meet whom, what people reported, and by what link somebody may
    be called. The ledger caches the first and may forget it.

    Whatever returned is durable. Every method may be repeated after `OutcomeUnknown`. Nobody waits long: a store
    that is away or hangs is `Unavailable` within seconds, and while it is, most calls are at once.
    """

    async def block(self, blocker: PersonId, blocked: PersonId, alias: str) -> Block | None:
        """Have this one never meet that one again; `alias` is what they were called.

        Who is blocked already stays so, under the first id and alias. None, and nothing happened,
        beyond `MAX_BLOCKS` of the blocker, however many ask at once.
        """

    async def unblock(self, person: PersonId, block: BlockId) -> PersonId | None:
        """Take a block of one's own back: who may be met again. None for one that is not there, or somebody else's."""

    async def blocks_of(self, person: PersonId) -> list[Block]:
        """One's own blocks, the newest first."""

    async def blocked_by(self, person: PersonId) -> frozenset[PersonId]:
        """Whom this person has blocked."""

    async def report(self, complaint: Complaint) -> bool:
        """Keep what somebody says of a partner, and block that partner as `block` does, both or neither.

        What the same person said of the same pair before stands. False beyond `MAX_REPORTS` of theirs: then the block
        alone is kept. Beyond `MAX_BLOCKS` the report alone is.
        """

    async def reports(self, since_ms: int, most: int) -> list[Report]:
        """The newest of those that were made since, the newest first."""

    async def forget_reports(self, before_ms: int) -> int:
        """Delete some that are older, a bounded number at once: how many. 0: there are none left."""

    async def link_of(self, person: PersonId, *, renew: bool = False) -> str:
        """The personal link of somebody: the one that they have, or with `renew` another one, which replaces it.

        Unguessable, and says nothing of the person. Who renews again because the answer was lost gets yet another one.
        """

    async def person_of(self, link: str) -> PersonId | None:
        """Who is behind a link now."""

    async def ping(self) -> None:
        """Raises `Unavailable` unless it is there and fit for this version."""
