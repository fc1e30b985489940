"""One cohort: follows its queue, offers each ticket to its pool, commits the matches.

The pool is a cache of the ledger: it may be wrong, because the commit is what counts, and it is
rebuilt from the ledger whenever this loop loses its place. A match for which no media server has a
join slot is held, in order, until one has: that is also how video matching pauses and goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import structlog

from duologue.errors import BackendError, Deposed
from duologue.ids import PairId, PersonId
from duologue.ledger import CommitResult, Committed, Proposal, QueueEvent, Rejected, TicketArrived, TicketGone
from duologue.matching.estimate import Estimate, QueueStatus
from duologue.matching.held import Held
from duologue.matching.pool import Pool
from duologue.matching.rules import Rules
from duologue.matching.ticket import Match, Ticket
from duologue.metrics import definitions as metrics
from duologue.nodes import NoSlot
from duologue.ports import Clock, ResyncNeeded, Rng, TicketStore
from duologue.services.aliases import two_aliases

log = structlog.get_logger()

QUEUE_WAIT_MS = 500
"""How long to wait for the queue at most."""
RETRY_MS = 500
ROUNDS = 100
"""Commits in a row that only gave people back. Each has a cause outside; so many would be a defect."""
RESULTS: Mapping[type[CommitResult], str] = {Committed: "committed", Rejected: "rejected", NoSlot: "no_slot"}
"""As they are counted."""


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
        self._held = Held()
        self._paused_since_ms: int | None = None
        self._estimate = Estimate(rules)
        self._estimate.observe(clock.now_ms())
        self._read_ms = clock.monotonic_ms()

    @property
    def status(self) -> QueueStatus:
        """What this cohort looks like from outside."""
        now_ms = self._clock.now_ms()
        status = self._estimate.status(self.waiting_count, self._pool.group_sizes, now_ms)
        return msgspec.structs.replace(status, paused=self._held.pause(now_ms))

    @property
    def waiting_count(self) -> int:
        """People who wait here, held matches too."""
        return len(self._pool) + 2 * len(self._held)

    @property
    def held(self) -> int:
        """Matches that wait for a join slot."""
        return len(self._held)

    @property
    def lag_ms(self) -> int:
        """Since the queue was last read."""
        return self._clock.monotonic_ms() - self._read_ms

    async def run(self) -> None:
        """Match people until cancelled. Raises `Deposed` once somebody else owns this shard."""
        position = 0
        while True:
            try:
                position = await self._turn(position)
            except ResyncNeeded:
                metrics.BOUNDS_HIT.inc("queue")
                log.warning("queue_position_lost", cohort=self.key, hint="reading the ledger again")
                position = self._forget_all()
            except BackendError as error:
                log.warning("store_unavailable", cohort=self.key, detail=str(error))
                position = self._forget_all()
                await self._clock.sleep_ms(RETRY_MS)

    async def _turn(self, position: int) -> int:
        events, position = await self._store.read_queue(self.key, position, self._patience_ms())
        self._read_ms = self._clock.monotonic_ms()
        self._take_in(events)
        for match in self._pool.reoffer(self._clock.now_ms()):
            self._held.add(match)
        fruitless = 0
        while matches := self._held.next(self._clock.now_ms()):
            fruitless = 0 if await self._commit(matches) else fruitless + 1
            if fruitless >= ROUNDS:
                log.error("commits_keep_failing", cohort=self.key, hint="reading the ledger again")
                await self._clock.sleep_ms(RETRY_MS)
                return self._forget_all()
        self._log_pause()
        return position

    def _forget_all(self) -> int:
        """Empty pool and held matches; position 0 fills the pool again from the ledger."""
        self._pool, self._held = Pool(self._rules), Held()
        return 0

    def _patience_ms(self) -> int:
        """Until something is due by itself, at most."""
        due_ms = [at_ms for at_ms in (self._pool.next_due_ms(), self._held.due_ms()) if at_ms is not None]
        return min([QUEUE_WAIT_MS, *(max(1, at_ms - self._clock.now_ms()) for at_ms in due_ms)])

    def _take_in(self, events: Iterable[QueueEvent]) -> None:
        for event in events:
            match event:
                case TicketArrived(ticket):
                    if self._held.ticket_of(ticket.person) != ticket:
                        self._part(ticket.person)
                        self._arrive(ticket)
                case TicketGone(person):
                    self._part(person)
                    self._pool.withdraw(person)

    def _part(self, person: PersonId) -> None:
        """A held match that has become pointless: the other one looks on at once."""
        other = self._held.part(person)
        if other is not None:
            self._offer(other)

    def _arrive(self, ticket: Ticket) -> None:
        """Whoever fits somebody on arrival could have been matched the moment that the later of the two was offered."""
        match = self._pool.offer(ticket, self._clock.now_ms())
        if match is not None:
            self._held.add(match._replace(possible_ms=max(match.arrival.offered_ms, match.waiting.offered_ms)))

    def _offer(self, ticket: Ticket) -> None:
        match = self._pool.offer(ticket, self._clock.now_ms())
        if match is not None:
            self._held.add(match)

    async def _commit(self, matches: list[Match]) -> bool:
        """Commit held matches; people whose partner was gone are offered again, which may give new ones.

        Returns whether anything but that came of it.
        """
        proposals = [self._propose(match) for match in matches]
        results = await self._brought(proposals)
        short: NoSlot | None = None
        for match, proposal, result in zip(matches, proposals, results, strict=True):
            metrics.COMMITS.inc(RESULTS[type(result)])
            if isinstance(result, NoSlot):
                short = short or result
                continue
            self._held.settle(match)
            if isinstance(result, Committed):
                self._record(proposal, match.possible_ms)
        self._held.all_went() if short is None else self._held.short(*short, self._clock.now_ms())
        for result in results:
            if isinstance(result, Rejected):
                for ticket in result.still_waiting:
                    self._offer(ticket)
        return not all(isinstance(result, Rejected) for result in results)

    async def _brought(self, proposals: Sequence[Proposal]) -> list[CommitResult]:
        """What became of them. Raises `Deposed`, `BackendError`."""
        try:
            return await self._store.commit(self.key, self.fence, proposals)
        except Deposed:
            metrics.COMMITS.inc("deposed", by=len(proposals))
            raise
        except BackendError:
            metrics.COMMITS.inc("unknown", by=len(proposals))
            raise

    def _log_pause(self) -> None:
        """Say once that matching pauses, and once that it goes on."""
        now_ms = self._clock.now_ms()
        why = self._held.pause(now_ms)
        if why is not None and self._paused_since_ms is None:
            self._paused_since_ms = now_ms
            log.warning("matching_paused", cohort=self.key, why=str(why), held_matches=len(self._held))
        elif why is None and self._paused_since_ms is not None:
            log.info("matching_resumed", cohort=self.key, paused_ms=now_ms - self._paused_since_ms)
            self._paused_since_ms = None

    def _propose(self, match: Match) -> Proposal:
        return Proposal(PairId(self._rng.token()), (match.arrival, match.waiting), two_aliases(self._rng))

    def _record(self, proposal: Proposal, possible_ms: int) -> None:
        now_ms = self._clock.now_ms()
        waits = [max(0, now_ms - ticket.since_ms) for ticket in proposal.tickets]
        for ticket in proposal.tickets:
            self._estimate.record(ticket, now_ms)
        metrics.PAIRS_FORMED.inc(proposal.tickets[0].cohort.mode)
        metrics.MATCH_SECONDS.observe(max(0, now_ms - possible_ms) / 1000)
        for waited_ms in waits:
            metrics.WAIT_SECONDS.observe(waited_ms / 1000, "matched")
        people = [ticket.person for ticket in proposal.tickets]
        log.info("pair_formed", pair=proposal.pair, people=people, waited_ms=waits, cohort=self.key)
