"""Owns shards by lease: takes those that nobody owns, renews its own, lets go of what passed on.

Must not know what happens inside a shard (`shard.py`). The lease is for speed and order: two
matchers that both believe to own a shard are wasteful, never wrong, because the commit is fenced.
"""

from __future__ import annotations

import asyncio

import structlog

from duologue.errors import BackendError, Deposed
from duologue.ids import MatcherId
from duologue.ledger import SHARD_LEASE_MS
from duologue.matcher.shard import Shard
from duologue.matching.rules import Rules
from duologue.ports import Clock, ResyncNeeded, Rng, TicketStore
from duologue.tasks import Tasks

log = structlog.get_logger()

STATUS_EVERY_MS = 1_000
RENEW_EVERY_MS = SHARD_LEASE_MS // 3
SHARDS_WAIT_MS = 5_000
RETRY_MS = 500


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
        self._known: dict[str, None] = {}
        self._owned: dict[str, tuple[Shard, asyncio.Task[None]]] = {}

    def start(self) -> None:
        """Run until the tasks are cancelled."""
        self._tasks.spawn(self._follow_shards(), name="matcher-shards")
        self._tasks.spawn(self._renew(), name="matcher-leases")
        self._tasks.spawn(self._publish_status(), name="matcher-status")

    async def stop(self) -> None:
        """Let go of everything at once, so that others need not wait for leases to end, and take nothing again."""
        self._stopping = True
        for key in list(self._owned):
            self._drop(key)
            try:
                await self._store.release(key, self.id)
            except BackendError as error:
                log.warning("store_unavailable", detail=str(error))

    async def _follow_shards(self) -> None:
        position = 0
        while True:
            try:
                shards, position = await self._store.read_shards(position, SHARDS_WAIT_MS)
            except ResyncNeeded:
                position = 0
            except BackendError as error:
                log.warning("store_unavailable", detail=str(error))
                await self._clock.sleep_ms(RETRY_MS)
            else:
                self._known.update(dict.fromkeys(shards))
                await self._claim(shards)

    async def _renew(self) -> None:
        while True:
            await self._clock.sleep_ms(RENEW_EVERY_MS)
            await self._claim(list(self._known))

    async def _claim(self, shards: list[str]) -> None:
        """Take or renew leases. While the store is away nothing is dropped: a commit will tell."""
        for key in shards:
            if self._stopping:
                return
            try:
                fence = await self._store.lease(key, self.id)
            except BackendError as error:
                log.warning("store_unavailable", shard=key, detail=str(error))
                return
            self._own(key, fence)

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
            log.info("shard_taken", shard=key, matcher=self.id, fence=fence)

    def _drop(self, key: str) -> None:
        shard, task = self._owned.pop(key)
        task.cancel()
        log.info("shard_left", shard=key, matcher=self.id, fence=shard.fence)

    async def _run(self, shard: Shard) -> None:
        try:
            await shard.run()
        except Deposed as deposed:
            log.warning("shard_lost", shard=shard.key, matcher=self.id, detail=str(deposed))
        finally:  # also after a defect: the next claim begins anew
            if (owned := self._owned.get(shard.key)) is not None and owned[0] is shard:
                del self._owned[shard.key]

    async def _publish_status(self) -> None:
        while True:
            try:
                await self._store.publish_status({key: shard.status for key, (shard, _) in self._owned.items()})
            except BackendError as error:
                log.warning("store_unavailable", detail=str(error))
            await self._clock.sleep_ms(STATUS_EVERY_MS)
