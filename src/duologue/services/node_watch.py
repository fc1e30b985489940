"""Looks at every media node about once a second, and tells the store who works: one process at a time, by lease.

The others try for the lease, so a watcher that dies is replaced within `SHARD_LEASE_MS`; what it said last
expires by itself. What follows from a look is decided by `nodes.Watched`, what follows from news by the store.
"""

from __future__ import annotations

import asyncio

import structlog

from duologue.errors import BackendError, Deposed
from duologue.ids import MatcherId, NodeName
from duologue.ledger import NODES_LEASE
from duologue.metrics import definitions as metrics
from duologue.metrics.bounded import NODES
from duologue.metrics.sampled import Reading
from duologue.nodes import NodeHealth, NodeReport, Pulse, Watched
from duologue.ports import Clock, Media, Rng, Store
from duologue.services.pairs import Pairs
from duologue.tasks import Tasks

log = structlog.get_logger()

EVERY_MS = 1_000
ANSWER_WITHIN_MS = 900
"""Two silent looks and one interval are over before 3 s, within which the pairs of a dead node have to end."""
WE_WERE_LATE_MS = 2 * ANSWER_WITHIN_MS
"""A look that took so long says that this process had no time, and nothing of the node."""


class NodeWatch:
    """One watcher; any number of them share the lease."""

    def __init__(self, store: Store, media: Media, pairs: Pairs, clock: Clock, rng: Rng, tasks: Tasks) -> None:
        self.id = MatcherId(rng.token())
        self._store = store
        self._media = media
        self._pairs = pairs
        self._clock = clock
        self._tasks = tasks
        self._watched: dict[NodeName, Watched] = {}
        self._looking = asyncio.Lock()
        self._stopping = False
        self.owns = False
        """Whether this process is the one that looks after the nodes."""

    def start(self) -> None:
        """Run until the tasks are cancelled."""
        metrics.MEDIA_NODE_UP.read_from(self.up)
        metrics.MEDIA_NODE_SLOTS.read_from(self.slots_per_s)
        self._tasks.repeat(self._turn, name="node-watch", clock=self._clock)

    def look_now(self) -> None:
        """There is reason to think that something changed: do not wait for the next look."""
        self._tasks.spawn(self._look(), name="node-look")

    async def stop(self) -> None:
        """Let go of the lease, so that another process need not wait for its end, and take it not again."""
        self._stopping = True
        try:
            await self._store.release(NODES_LEASE, self.id)
        except BackendError as error:
            log.warning("store_unavailable", detail=str(error))

    @property
    def working(self) -> list[NodeName]:
        """The nodes that are up, as far as this process knows."""
        return [name for name, watched in self._watched.items() if watched.health is NodeHealth.UP]

    def up(self) -> Reading:
        """Which nodes work, if this process is the one that looks."""
        return {(NODES.of(name),): watched.health is NodeHealth.UP for name, watched in self._watched.items()}

    def slots_per_s(self) -> Reading:
        """How many pairs each may start in a second, where that is limited at all."""
        rates = {name: self._media.nodes[name] for name in self._watched}
        return {(NODES.of(name),): 1000 / rate.interval_ms for name, rate in rates.items() if rate.interval_ms}

    async def _turn(self) -> None:
        """From look to look: a slow one does not put off the next."""
        started_ms = self._clock.monotonic_ms()
        await self._look()
        await self._clock.sleep_ms(max(1, started_ms + EVERY_MS - self._clock.monotonic_ms()))

    async def _look(self) -> None:
        """Look at all nodes once, if this process is the one that does."""
        async with self._looking:
            if self._stopping:
                return
            try:
                fence = await self._store.lease(NODES_LEASE, self.id)
                if fence is not None and not self.owns:
                    metrics.LEASE_MOVES.inc(NODES_LEASE)
                self.owns = fence is not None
                if fence is None:
                    self._watched = {}
                    return
                await self._look_at_all()
                for pair in await self._store.report_nodes(fence, self._reports()):
                    self._pairs.log_end(pair)  # its room died with the node; if not, the sweep finds it
            except Deposed:
                self.owns = False
            except BackendError as error:
                log.warning("store_unavailable", detail=str(error))

    async def _look_at_all(self) -> None:
        names = list(self._media.nodes)
        pulses = await asyncio.gather(*(self._pulse(name) for name in names))
        for name, pulse in zip(names, pulses, strict=True):
            if pulse is not None:
                self._note(name, pulse)

    async def _pulse(self, name: NodeName) -> Pulse | None:
        """One look at a node; None when it shows nothing."""
        started_ms = self._clock.monotonic_ms()
        try:
            async with asyncio.timeout(ANSWER_WITHIN_MS / 1000):
                return Pulse.WELL if await self._media.probe(name) else Pulse.SILENT
        except TimeoutError:
            late = self._clock.monotonic_ms() - started_ms > WE_WERE_LATE_MS
            return None if late else Pulse.SILENT
        except BackendError:
            return Pulse.DEAD

    def _note(self, name: NodeName, pulse: Pulse) -> None:
        before = self._watched.get(name, Watched())
        after = self._watched[name] = before.after(pulse, self._clock.now_ms())
        if after.health is not before.health:
            _tell(name, after.health)

    def _reports(self) -> list[NodeReport]:
        return [
            NodeReport(name, self._watched.get(name, Watched()).health, slots)
            for name, slots in self._media.nodes.items()
        ]


def _tell(node: NodeName, health: NodeHealth) -> None:
    match health:
        case NodeHealth.UP:
            log.info("media_node_up", node=node)
        case NodeHealth.SILENT:
            log.warning("media_node_silent", node=node, hint="it gets no new pairs until it answers")
        case NodeHealth.DOWN:
            log.error("media_node_down", node=node, hint="its pairs ended and wait for the slots of other nodes")
