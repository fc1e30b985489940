"""Owns shards by lease: takes those that nobody owns, renews its own, lets go of what passed on.

Must not know what happens inside a shard (`shard.py`). The lease is for speed and order: two
matchers that both believe to own a shard are wasteful, never wrong, because the commit is fenced.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial

import structlog

from duologue.errors import BackendError, Deposed
from duologue.ids import MatcherId
from duologue.ledger import SHARD_LEASE_MS
from duologue.matcher.shard import Shard
from duologue.matching.rules import Rules
from duologue.metrics import definitions as metrics
from duologue.metrics.bounded import COHORTS
from duologue.metrics.sampled import Reading
from duologue.ports import Clock, ResyncNeeded, Rng, TicketStore
from duologue.tasks import Tasks

log = structlog.get_logger()

STATUS_EVERY_MS = 1_000
RENEW_EVERY_MS = SHARD_LEASE_MS // 3
SHARDS_WAIT_MS = 5_000


class Matcher:
    """One matcher; any number of them share the shards."""

    def __init__(self, store: TicketStore, clock: Clock, rng: Rng, rules: Rules, tasks: Tasks) -> None:
        self.id = MatcherId(rng.token())
        self._store = store
        self._clock = clock
        self._rng = rng
        self._rules = rules
        self._tasks = tasks
        self._stopping = False
        self._position = 0
        self._known: dict[str, None] = {}
        self._owned: dict[str, tuple[Shard, asyncio.Task[None]]] = {}

    def start(self) -> None:
        """Run until the tasks are cancelled."""
        metrics.QUEUE_PEOPLE.read_from(self.waiting)
        metrics.HELD_MATCHES.read_from(self.held)
        metrics.SHARD_LAG_SECONDS.read_from(self.lag_s)
        metrics.SHARDS_OWNED.read_from(self.owned)
        repeat = partial(self._tasks.repeat, clock=self._clock)
        repeat(self._follow_shards, name="matcher-shards")
        repeat(self._renew, name="matcher-leases", every_ms=RENEW_EVERY_MS)
        repeat(self._publish_status, name="matcher-status", every_ms=STATUS_EVERY_MS)

    async def stop(self) -> None:
        """Let go of everything at once, so that others need not wait for leases to end, and take nothing again."""
        self._stopping = True
        while self._owned:  # another one may end by itself meanwhile
            key = next(iter(self._owned))
            self._drop(key)
            try:
                await self._store.release(key, self.id)
            except BackendError as error:
                log.warning("store_unavailable", detail=str(error))

    # -- what there is to see -----------------------------------------------------------------------

    def waiting(self) -> Reading:
        """People who wait, by cohort."""
        return self._by_cohort(lambda shard: shard.waiting_count)

    def held(self) -> Reading:
        """Matches that wait for a join slot, by cohort."""
        return self._by_cohort(lambda shard: shard.held)

    def lag_s(self) -> Reading:
        """Since each queue was last read; the longest of those that share a label."""
        figures: dict[tuple[str, ...], float] = {}
        for key, (shard, _) in self._owned.items():
            label = (COHORTS.of(key),)
            figures[label] = max(figures.get(label, 0), shard.lag_ms / 1000)
        return figures

    def owned(self) -> Reading:
        """How many cohorts are this matcher's."""
        return {(): len(self._owned)}

    def _by_cohort(self, figure: Callable[[Shard], int]) -> Reading:
        """Added up for those that share a label."""
        figures: Counter[tuple[str, ...]] = Counter()
        for key, (shard, _) in self._owned.items():
            figures[(COHORTS.of(key),)] += figure(shard)
        return figures

    # -- one turn of each loop ------------------------------------------------------------------

    async def _follow_shards(self) -> None:
        try:
            shards, position = await self._store.read_shards(self._position, SHARDS_WAIT_MS)
        except ResyncNeeded:
            self._position = 0
            return
        self._known.update(dict.fromkeys(shards))
        self._position = position
        await self._claim(shards)

    async def _renew(self) -> None:
        await self._claim(list(self._known))

    async def _publish_status(self) -> None:
        await self._store.publish_status({key: shard.status for key, (shard, _) in self._owned.items()})

    # -- shards ---------------------------------------------------------------------------------

    async def _claim(self, shards: list[str]) -> None:
        """Take or renew leases. While the store is away nothing is dropped: a commit will tell.

        A defect in one shard's lease does not keep the others from theirs.
        Raises `BackendError`; `ExceptionGroup` of the defects, after every shard had its turn.
        """
        defects: list[Exception] = []
        for key in shards:
            if self._stopping:
                return
            try:
                self._own(key, await self._store.lease(key, self.id))
            except BackendError:
                raise
            except Exception as defect:  # noqa: BLE001 - unforeseen: told once all the others had their turn
                defects.append(defect)
        if defects:
            raise ExceptionGroup("shards could not be claimed", defects)

    def _own(self, key: str, fence: int | None) -> None:
        if self._stopping:
            return
        owned = self._owned.get(key)
        if owned is not None and owned[0].fence == fence:
            return
        if owned is not None:
            self._drop(key)
        if fence is not None:
            shard = Shard(key, fence, self._store, self._clock, self._rng, self._rules)
            self._owned[key] = shard, self._tasks.spawn(self._run(shard), name=f"shard-{key}")
            metrics.LEASE_MOVES.inc("shard")
            log.info("shard_taken", cohort=key, matcher=self.id, fence=fence)

    def _drop(self, key: str) -> None:
        shard, task = self._owned.pop(key)
        task.cancel()
        log.info("shard_left", cohort=key, matcher=self.id, fence=shard.fence)

    async def _run(self, shard: Shard) -> None:
        try:
            await shard.run()
        except Deposed as deposed:
            log.warning("shard_lost", cohort=shard.key, matcher=self.id, detail=str(deposed))
        finally:  # also after a defect: the next claim begins anew
            if (owned := self._owned.get(shard.key)) is not None and owned[0] is shard:
                del self._owned[shard.key]
