"""One cohort: follows its queue, offers each ticket to its pool, commits the matches.

The pool is a cache of the ledger: it may be wrong, because the commit is what counts, and it is
rebuilt from the ledger whenever this loop loses its place.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from duologue.errors import BackendError
from duologue.ids import PairId
from duologue.ledger import Committed, Proposal, QueueEvent, Rejected, TicketArrived, TicketGone
from duologue.matching.estimate import Estimate, QueueStatus
from duologue.matching.pool import Pool
from duologue.matching.rules import Rules
from duologue.matching.ticket import Match, Ticket
from duologue.ports import Clock, ResyncNeeded, Rng, TicketStore
from duologue.services.aliases import two_aliases

log = structlog.get_logger()

QUEUE_WAIT_MS = 500
"""How long to wait for the queue at most."""
RETRY_MS = 500
ROUNDS = 100
"""Commits in a row that only gave people back. Each has a cause outside; so many would be a defect."""


class Shard:
    """Who waits in one cohort, as its owner sees it."""

    def __init__(self, key: str, fence: int, store: TicketStore, clock: Clock, rng: Rng, rules: Rules) -> None:
        self.key = key
        self.fence = fence
        self._store = store
        self._clock = clock
        self._rng = rng
        self._rules = rules
        self._pool = Pool(rules)
        self._estimate = Estimate(rules)
        self._estimate.observe(clock.now_ms())

    @property
    def status(self) -> QueueStatus:
        """What this cohort looks like from outside."""
        return self._estimate.status(len(self._pool), self._pool.group_sizes, self._clock.now_ms())

    async def run(self) -> None:
        """Match people until cancelled. Raises `Deposed` once somebody else owns this shard."""
        position = 0
        while True:
            try:
                position = await self._turn(position)
            except ResyncNeeded:
                log.warning("queue_position_lost", shard=self.key, hint="reading the ledger again")
                position = self._forget_all()
            except BackendError as error:
                log.warning("store_unavailable", shard=self.key, detail=str(error))
                position = self._forget_all()
                await self._clock.sleep_ms(RETRY_MS)

    async def _turn(self, position: int) -> int:
        events, position = await self._store.read_queue(self.key, position, self._patience_ms())
        matches = self._take_in(events) + list(self._pool.reoffer(self._clock.now_ms()))
        for _ in range(ROUNDS):
            if not matches:
                return position
            matches = await self._commit(matches)
        log.error("commits_keep_failing", shard=self.key, hint="reading the ledger again")
        await self._clock.sleep_ms(RETRY_MS)
        return self._forget_all()

    def _forget_all(self) -> int:
        """Empty the pool; position 0 fills it again from the ledger."""
        self._pool = Pool(self._rules)
        return 0

    def _patience_ms(self) -> int:
        """Until something is due by itself, at most."""
        due_ms = self._pool.next_due_ms()
        return QUEUE_WAIT_MS if due_ms is None else min(QUEUE_WAIT_MS, max(1, due_ms - self._clock.now_ms()))

    def _take_in(self, events: Iterable[QueueEvent]) -> list[Match]:
        matches = []
        for event in events:
            match event:
                case TicketArrived(ticket):
                    matches += self._offer(ticket)
                case TicketGone(person):
                    self._pool.withdraw(person)
        return matches

    def _offer(self, ticket: Ticket) -> list[Match]:
        match = self._pool.offer(ticket, self._clock.now_ms())
        return [match] if match is not None else []

    async def _commit(self, matches: list[Match]) -> list[Match]:
        """Commit matches; people whose partner was gone are offered again, which may give new matches."""
        proposals = [self._propose(match) for match in matches]
        again: list[Match] = []
        results = await self._store.commit(self.key, self.fence, proposals)
        for proposal, result in zip(proposals, results, strict=True):
            match result:
                case Committed():
                    self._record(proposal)
                case Rejected(still_waiting):
                    for ticket in still_waiting:
                        again += self._offer(ticket)
        return again

    def _propose(self, match: Match) -> Proposal:
        return Proposal(PairId(self._rng.token()), (match.arrival, match.waiting), two_aliases(self._rng))

    def _record(self, proposal: Proposal) -> None:
        now_ms = self._clock.now_ms()
        waits = [max(0, now_ms - ticket.since_ms) for ticket in proposal.tickets]
        for ticket in proposal.tickets:
            self._estimate.record(ticket, now_ms)
        people = [ticket.person for ticket in proposal.tickets]
        log.info("pair_formed", pair=proposal.pair, people=people, waited_ms=waits, cohort=self.key)
