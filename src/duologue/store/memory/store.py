"""`ports.Store` in this process: the records lie in dictionaries, and nothing awaits between reading and writing."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from duologue.calls.call import Call
from duologue.ids import CallId, GatewayId, NodeName, PairId, PersonId
from duologue.ledger import STATUS_TTL_MS, Delivery, QueueEvent, Sample, TicketArrived
from duologue.matching.estimate import QueueStatus
from duologue.matching.ticket import Ticket
from duologue.pairs.pair import CONNECT_DEADLINE_MS, Pair
from duologue.ports import Clock
from duologue.store.ledger import Ledger, Terms, Transitions
from duologue.store.ledger.records import Blocks, Due, Epoch, Gateway, Lease, Person
from duologue.store.memory.nodes import MemoryNodes
from duologue.store.memory.stream import Stream
from duologue.store.port import Answer, Key, LedgerStore

Copy = tuple[
    dict[PersonId, Person],
    dict[PairId, Pair],
    dict[CallId, Call],
    dict[PersonId, Blocks],
    dict[str, Lease],
    dict[GatewayId, Gateway],
    list[Due],
]
QUEUE_LENGTH = 100_000
OUTBOX_LENGTH = 100_000


class MemoryRecords:
    """`Records` that stay where they are."""

    def __init__(self, clock: Clock, queue_length: int, outbox_length: int) -> None:
        self.people: dict[PersonId, Person] = {}
        self.pairs: dict[PairId, Pair] = {}
        self.calls: dict[CallId, Call] = {}
        self.blocks: dict[PersonId, Blocks] = {}
        self.leases: dict[str, Lease] = {}
        self.gateways: dict[GatewayId, Gateway] = {}
        self.nodes = MemoryNodes(clock)
        self.store_id = "memory"
        self.epoch = Epoch(self.store_id, 0)
        self.shards: Stream[str] = Stream(queue_length)
        self._queue_length = queue_length
        self._outbox_length = outbox_length
        self._queues: dict[str, Stream[QueueEvent]] = {}
        self._outboxes: dict[GatewayId, Stream[Delivery]] = {}
        self._due: list[Due] = []

    def copy(self) -> Copy:
        """What a snapshot on a disk would have."""
        return deepcopy((self.people, self.pairs, self.calls, self.blocks, self.leases, self.gateways, self._due))

    def begin_anew(self, restored: Copy | None = None) -> None:
        """As after a restart: it knows what a snapshot had, or nothing. Who works and carries what has to be told."""
        empty: Copy = ({}, {}, {}, {}, {}, {}, [])
        kept = restored or empty
        self.people, self.pairs, self.calls, self.blocks, self.leases, self.gateways, self._due = kept
        self.nodes.begin_anew(self.pairs.values())
        self.store_id += "'"
        streams: list[Stream[Any]] = [self.shards, *self._queues.values(), *self._outboxes.values()]
        for stream in streams:
            stream.begin_anew()
        for shard in self._queues:
            self.shards.append(shard)

    def append_queue(self, shard: str, event: QueueEvent) -> None:
        queue = self.queue(shard)
        if queue.end == 0:
            self.shards.append(shard)
        queue.append(event)

    def queue(self, shard: str) -> Stream[QueueEvent]:
        """What happens in this shard, in order."""
        return self._queues.setdefault(shard, Stream(self._queue_length))

    def offered_in(self, shard: str) -> list[Ticket]:
        """Everybody who is offered in this shard now."""
        offered = (who.ticket for who in self.people.values() if who.offered)
        return [ticket for ticket in offered if ticket is not None and ticket.cohort.key == shard]

    def append_news(self, gateway: GatewayId, delivery: Delivery) -> None:
        self.outbox(gateway).append(delivery)

    def outbox(self, gateway: GatewayId) -> Stream[Delivery]:
        """What this gateway has to be told."""
        return self._outboxes.setdefault(gateway, Stream(self._outbox_length))

    def remind(self, due: Due) -> None:
        heapq.heappush(self._due, due)

    def done(self, due: Due) -> None:
        """It is off the heap already."""

    def take_due(self, now_ms: int) -> list[Due]:
        """What is due by now, in order."""
        due = []
        while self._due and self._due[0].at_ms <= now_ms:
            due.append(heapq.heappop(self._due))
        return due


class MemoryStore(LedgerStore):
    """`ports.Store` in one process."""

    kind = "memory"

    def __init__(
        self,
        clock: Clock,
        *,
        connect_deadline_ms: int = CONNECT_DEADLINE_MS,
        queue_length: int = QUEUE_LENGTH,
        outbox_length: int = OUTBOX_LENGTH,
        transitions: type[Transitions] = Transitions,
    ) -> None:
        self._clock = clock
        self.records = MemoryRecords(clock, queue_length, outbox_length)
        self._now = transitions(self.records, clock, Terms(connect_deadline_ms))
        self._status: dict[str, tuple[int, QueueStatus]] = {}

    @property
    def ledger(self) -> Ledger:
        """What is true now."""
        return self._now.ledger

    async def _transact(self, decide: Callable[[Transitions], Answer], *reads: Key) -> Answer:  # noqa: ARG002 - all is here
        return decide(self._now)

    async def _take_due(self) -> Sequence[Due]:
        return self.records.take_due(self._clock.now_ms())

    async def _people_on(self, gateway: GatewayId) -> list[PersonId]:
        return [who.id for who in self.records.people.values() if gateway in (at for _, at in who.addresses)]

    async def _pairs_on(self, node: NodeName) -> list[PairId]:
        return self.records.nodes.pairs_on(node)

    async def read_shards(self, after: int, wait_ms: int) -> tuple[list[str], int]:
        return await self.records.shards.read(after, wait_ms)

    async def read_queue(self, shard: str, after: int, wait_ms: int) -> tuple[list[QueueEvent], int]:
        queue = self.records.queue(shard)
        if after > 0:
            return await queue.read(after, wait_ms)
        offered = self.records.offered_in(shard)
        if not offered and queue.end == 0:
            return await queue.read(0, wait_ms)
        return [TicketArrived(ticket) for ticket in offered], queue.end

    async def read_news(self, gateway: GatewayId, after: int, wait_ms: int) -> tuple[list[Delivery], int]:
        return await self.records.outbox(gateway).read(after, wait_ms)

    async def sample_waiting(self, shard: str, most: int) -> Sample:
        offered = self.records.offered_in(shard)
        some = tuple(offered[:most])
        return Sample(some, len(some), whole=len(some) == len(offered))

    async def sample_paired(self, shard: str, most: int) -> Sample:
        here = [who for who in self.records.people.values() if who.here]
        paired = (who.ticket for who in here[:most] if who.pair is not None and who.ticket is not None)
        tickets = tuple(ticket for ticket in paired if ticket.cohort.key == shard)
        return Sample(tickets, min(most, len(here)), whole=len(here) <= most)

    async def publish_status(self, status: Mapping[str, QueueStatus]) -> None:
        now_ms = self._clock.now_ms()
        self._status.update({cohort: (now_ms, each) for cohort, each in status.items()})

    async def read_status(self) -> Mapping[str, QueueStatus]:
        oldest_ms = self._clock.now_ms() - STATUS_TTL_MS
        self._status = {cohort: entry for cohort, entry in self._status.items() if entry[0] >= oldest_ms}
        return {cohort: status for cohort, (_, status) in self._status.items()}
