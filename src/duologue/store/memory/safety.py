"""`SafetyStore` without a database: for tests and the simulation. Nothing of it outlives its process."""

from __future__ import annotations

from duologue.ids import BlockId, PersonId
from duologue.ledger import MAX_BLOCKS
from duologue.ports import Clock, Rng
from duologue.safety.block import Block


class MemorySafetyStore:
    """The blocks of each person, the oldest first, and their links."""

    def __init__(self, clock: Clock, rng: Rng) -> None:
        self._clock = clock
        self._rng = rng
        self._blocks: dict[PersonId, dict[PersonId, Block]] = {}
        self._links: dict[PersonId, str] = {}

    async def block(self, blocker: PersonId, blocked: PersonId, alias: str) -> Block | None:
        mine = self._blocks.setdefault(blocker, {})
        if blocked not in mine and len(mine) >= MAX_BLOCKS:
            return None
        if blocked not in mine:
            mine[blocked] = Block(BlockId(self._rng.token()), blocked, alias, self._clock.now_ms())
        return mine[blocked]

    async def unblock(self, person: PersonId, block: BlockId) -> PersonId | None:
        mine = self._blocks.get(person, {})
        freed = next((each.person for each in mine.values() if each.id == block), None)
        if freed is not None:
            del mine[freed]
        return freed

    async def blocks_of(self, person: PersonId) -> list[Block]:
        return list(self._blocks.get(person, {}).values())[::-1]

    async def blocked_by(self, person: PersonId) -> frozenset[PersonId]:
        return frozenset(self._blocks.get(person, ()))

    async def link_of(self, person: PersonId, *, renew: bool = False) -> str:
        if renew or person not in self._links:
            self._links[person] = self._rng.token()
        return self._links[person]

    async def person_of(self, link: str) -> PersonId | None:
        return next((person for person, theirs in self._links.items() if theirs == link), None)

    async def ping(self) -> None:
        """Always well."""
