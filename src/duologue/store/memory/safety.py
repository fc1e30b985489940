"""`SafetyStore` without a database: for tests and the simulation. Nothing of it outlives its process."""

from __future__ import annotations

from duologue.ids import BlockId, PersonId
from duologue.ledger import MAX_BLOCKS
from duologue.ports import Clock, Rng
from duologue.safety.block import Block
from duologue.safety.report import MAX_REPORTS, Complaint, Report


class MemorySafetyStore:
    """The blocks of each person and all reports, the oldest first, and their links."""

    def __init__(self, clock: Clock, rng: Rng) -> None:
        self._clock = clock
        self._rng = rng
        self._blocks: dict[PersonId, dict[PersonId, Block]] = {}
        self._reports: list[Report] = []
        self._next_report = 1
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

    async def report(self, complaint: Complaint) -> bool:
        await self.block(complaint.reporter, complaint.reported, complaint.alias)
        theirs = [each.complaint for each in self._reports if each.complaint.reporter == complaint.reporter]
        if any(each.pair == complaint.pair for each in theirs):
            return True
        if len(theirs) >= MAX_REPORTS:
            return False
        self._reports.append(Report(self._next_report, self._clock.now_ms(), complaint))
        self._next_report += 1
        return True

    async def reports(self, since_ms: int, most: int) -> list[Report]:
        return [each for each in self._reports[::-1] if each.at_ms >= since_ms][:most]

    async def forget_reports(self, before_ms: int) -> int:
        before = len(self._reports)
        self._reports = [each for each in self._reports if each.at_ms >= before_ms]
        return before - len(self._reports)

    async def link_of(self, person: PersonId, *, renew: bool = False) -> str:
        if renew or person not in self._links:
            self._links[person] = self._rng.token()
        return self._links[person]

    async def person_of(self, link: str) -> PersonId | None:
        return next((person for person, theirs in self._links.items() if theirs == link), None)

    async def ping(self) -> None:
        """Always well."""
