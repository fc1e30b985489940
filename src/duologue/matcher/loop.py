"""Follows the queue, offers each ticket to its cohort's pool, commits the matches.

The pools are a cache of the ledger: they may be wrong, because the commit is what counts, and they
are rebuilt from the ledger whenever this loop loses its place.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from duologue.errors import Unavailable
from duologue.ids import PairId, PersonId
from duologue.ledger import Committed, Proposal, QueueEvent, Rejected, TicketArrived, TicketGone
from duologue.matching.estimate import Estimate, QueueStatus
from duologue.matching.pool import Pool
from duologue.matching.rules import Rules
from duologue.matching.ticket import Cohort, Match, Ticket
from duologue.ports import Clock, ResyncNeeded, Rng, TicketStore
from duologue.services.aliases import two_aliases
from duologue.tasks import Tasks

log = structlog.get_logger()

STATUS_EVERY_MS = 1_000
QUEUE_WAIT_MS = 500
"""How long to wait for the queue at most, so that statuses and widening stay punctual."""
RETRY_MS = 500


class _Shard:
    """One cohort: who waits in it, and how many were matched lately."""

    def __init__(self, rules: Rules, now_ms: int) -> None:
        self.pool = Pool(rules)
        self.estimate = Estimate(rules)
        self.estimate.observe(now_ms)

    def status(self, now_ms: int) -> QueueStatus:
        return self.estimate.status(len(self.pool), self.pool.group_sizes, now_ms)


class Matcher:
    """One matcher. Two of them on one queue are wasteful, never wrong."""

    def __init__(self, store: TicketStore, clock: Clock, rng: Rng, rules: Rules, tasks: Tasks) -> None:
        self._store = store
        self._clock = clock
        self._rng = rng
        self._rules = rules
        self._tasks = tasks
        self._shards: dict[str, _Shard] = {}

    def start(self) -> None:
        """Run until the tasks are cancelled."""
        self._tasks.spawn(self._follow_queue(), name="matcher-queue")
        self._tasks.spawn(self._publish_status(), name="matcher-status")

    async def _follow_queue(self) -> None:
        position = 0
        while True:
            try:
                events, position = await self._store.read_queue(position, self._patience_ms())
                matches = self._take_in(events) + self._reoffer()
                while matches:
                    matches = await self._commit(matches)
            except ResyncNeeded:
                log.warning("queue_position_lost", hint="reading the ledger again")
                position = self._forget_all()
            except Unavailable as error:
                log.warning("store_unavailable", detail=str(error))
                position = self._forget_all()
                await self._clock.sleep_ms(RETRY_MS)

    def _forget_all(self) -> int:
        """Empty the pools; position 0 fills them again from the ledger."""
        for shard in self._shards.values():
            shard.pool = Pool(self._rules)
        return 0

    def _patience_ms(self) -> int:
        """Until something is due by itself, at most."""
        due = [due_ms for shard in self._shards.values() if (due_ms := shard.pool.next_due_ms()) is not None]
        return max(1, min([QUEUE_WAIT_MS, *(due_ms - self._clock.now_ms() for due_ms in due)]))

    def _take_in(self, events: Iterable[QueueEvent]) -> list[Match]:
        matches = []
        for event in events:
            match event:
                case TicketArrived(ticket):
                    matches += self._offer(ticket)
                case TicketGone(person, cohort_key):
                    self._withdraw(person, cohort_key)
        return matches

    def _offer(self, ticket: Ticket) -> list[Match]:
        match = self._shard(ticket.cohort).pool.offer(ticket, self._clock.now_ms())
        return [match] if match is not None else []

    def _withdraw(self, person: PersonId, cohort_key: str) -> None:
        shard = self._shards.get(cohort_key)
        if shard is not None:
            shard.pool.withdraw(person)

    def _reoffer(self) -> list[Match]:
        now_ms = self._clock.now_ms()
        return [match for shard in self._shards.values() for match in shard.pool.reoffer(now_ms)]

    async def _commit(self, matches: list[Match]) -> list[Match]:
        """Commit matches; people whose partner was gone are offered again, which may give new matches."""
        proposals = [self._propose(match) for match in matches]
        again: list[Match] = []
        for proposal, result in zip(proposals, await self._store.commit(proposals), strict=True):
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
        estimate = self._shard(proposal.tickets[0].cohort).estimate
        for ticket in proposal.tickets:
            estimate.record(ticket, now_ms)
        log.info("pair_formed", pair=proposal.pair, waited_ms=max(waits), cohort=proposal.tickets[0].cohort.key)

    def _shard(self, cohort: Cohort) -> _Shard:
        shard = self._shards.get(cohort.key)
        if shard is None:
            shard = self._shards[cohort.key] = _Shard(self._rules, self._clock.now_ms())
        return shard

    async def _publish_status(self) -> None:
        while True:
            now_ms = self._clock.now_ms()
            try:
                await self._store.publish_status({key: shard.status(now_ms) for key, shard in self._shards.items()})
            except Unavailable as error:
                log.warning("store_unavailable", detail=str(error))
            await self._clock.sleep_ms(STATUS_EVERY_MS)
