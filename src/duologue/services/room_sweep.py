"""Compares the rooms that media servers have with the pairs that live: what hooks and processes lost is found here.

Webhooks are hints; this is the truth. Runs where the `NodeWatch` of this process owns the nodes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import structlog

from duologue.errors import BackendError
from duologue.ids import NodeName, PairId
from duologue.metrics import definitions as metrics
from duologue.ports import Clock, Media, Room, Store
from duologue.services.node_watch import NodeWatch
from duologue.services.pairs import Pairs

log = structlog.get_logger()

SWEEP_EVERY_MS = 10_000
STRAY_FOR_MS = 30_000
"""A room is made for a pair that lives, so one that is older and has none will have none. Seen twice, because the
clock that dates it is another machine's."""


class Findings(NamedTuple):
    """What one look at a node showed."""

    zombies: list[PairId]
    """Rooms that have to go."""
    strays: frozenset[PairId]
    """Rooms without a pair, to be looked at again."""
    lost: list[PairId]
    """Pairs whose room is gone."""


def compare(rooms: Sequence[Room], live: Collection[PairId], strays: Collection[PairId], now_ms: int) -> Findings:
    """Rooms as they are on a node, against the pairs that lived there with an open room *before* that was asked.

    `strays`: those of the last look. Asked in this order, a pair without a room is one that lost it.
    """
    there = {room.pair for room in rooms}
    homeless = [room for room in rooms if room.pair not in live]
    zombies = [room.pair for room in homeless if room.pair in strays and room.made_ms <= now_ms - STRAY_FOR_MS]
    return Findings(zombies, frozenset(room.pair for room in homeless), [pair for pair in live if pair not in there])


class RoomSweep:
    """The sweeper of one process."""

    def __init__(self, store: Store, media: Media, pairs: Pairs, watch: NodeWatch, clock: Clock) -> None:
        self._store = store
        self._media = media
        self._pairs = pairs
        self._watch = watch
        self._clock = clock
        self._strays: dict[NodeName, frozenset[PairId]] = {}

    async def turn(self) -> None:
        """Look at all nodes that work, if this process is the one that does."""
        if self._watch.owns:
            for node in self._watch.working:
                await self._sweep_safely(node)

    async def _sweep_safely(self, node: NodeName) -> None:
        try:
            await self.sweep(node)
        except BackendError as error:
            log.warning("sweep_failed", node=node, detail=str(error))

    async def sweep(self, node: NodeName) -> None:
        """Look at one node. Raises `BackendError`."""
        live = {pair.id for pair in await self._store.pairs_on(node)}
        rooms = await self._media.rooms(node)
        found = compare(rooms, live, self._strays.get(node, frozenset()), self._clock.now_ms())
        self._strays[node] = found.strays
        for pair in found.zombies:
            log.warning("zombie_room", pair=pair, node=node)
            await self._media.close_room(pair, node)
            metrics.ZOMBIE_ROOMS.inc()
        for pair in found.lost:
            await self._pairs.room_lost(pair, node)
