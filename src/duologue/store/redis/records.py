"""`Records` for one try of a transition: over what was loaded, and what follows from how it was changed.

What is kept beside the records (who is on which gateway, who is offered where, what expires when) follows from the
records, so it is worked out here and not by the transitions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

from duologue.calls.call import Call
from duologue.clock import StoppedClock
from duologue.ids import CallId, GatewayId, NodeName, PairId, PersonId
from duologue.ledger import Delivery, QueueEvent, TicketArrived
from duologue.nodes import NodeState
from duologue.pairs.pair import Pair
from duologue.store.ledger.nodes import Nodes
from duologue.store.ledger.records import Blocks, Due, Epoch, Gateway, Lease, Person
from duologue.store.redis.keys import INDEX_TTL_MS, STREAM_TTL_MS, Keys
from duologue.store.redis.scripts import Changes, Command, Loaded, Slot
from duologue.store.redis.tables import Kind, Table, encode

Shards = dict[str, None]
States = dict[NodeName, NodeState]


LONG_ENTRY = 2_000
"""Bytes. Of entries that are longer fewer are kept: who has blocked a thousand people has a ticket of 27 kB, and may
have it written twenty times a second.
"""


class Bounds(msgspec.Struct, frozen=True):
    """How many entries a stream keeps at most."""

    queue: int = 100_000
    outbox: int = 100_000


class LoadedNodes(Nodes):
    """The media nodes: a record, and a hash of what is in use, to which anybody adds."""

    def __init__(
        self, clock: StoppedClock, table: Table[str, dict[NodeName, NodeState]], use: Mapping[str, int], keys: Keys
    ) -> None:
        super().__init__(clock)
        self._table = table
        self._use = use
        self._keys = keys
        self._moved: dict[NodeName, int] = {}
        self.commands: list[Command] = []
        self._states: States | None = None

    @property
    def states(self) -> States:  # read when somebody wants them
        if self._states is None:
            known = self._table.get("", {})
            self._states = {name: self._with_use(name, state) for name, state in known.items()}
        return self._states

    @states.setter
    def states(self, states: States) -> None:
        self._states = states

    def _with_use(self, name: NodeName, state: NodeState) -> NodeState:
        return msgspec.structs.replace(state, full_at_ms=self._use.get(f"slots {name}", 0))

    def counts(self) -> Mapping[NodeName, int]:
        carried = {NodeName(field[6:]): count for field, count in self._use.items() if field.startswith("pairs ")}
        return {name: carried.get(name, 0) + self._moved.get(name, 0) for name in {*carried, *self._moved}}

    def carry(self, name: NodeName, pair: PairId) -> None:
        self._move(name, pair, "SADD", 1)
        self.commands.append(("PEXPIRE", self._keys.pairs_on(name), INDEX_TTL_MS))

    def drop(self, name: NodeName, pair: PairId) -> None:
        self._move(name, pair, "SREM", -1)

    def _move(self, name: NodeName, pair: PairId, command: str, count: int) -> None:
        self._moved[name] = self._moved.get(name, 0) + count
        self.commands.append(("HINCRBY", self._keys.use, f"pairs {name}", count))
        self.commands.append((command, self._keys.pairs_on(name), pair))

    def slots(self, now_ms: int) -> list[Slot]:
        """The slots that were taken."""
        taken = []
        for name, state in (self._states or {}).items():
            rate = state.report.slots
            before_ms = max(self._use.get(f"slots {name}", 0), now_ms)
            count = (state.full_at_ms - before_ms) // rate.interval_ms if rate.interval_ms else 0
            if count > 0:
                taken.append(Slot(self._keys.use, f"slots {name}", rate.interval_ms, rate.burst, count, now_ms))
        return taken

    def settle(self) -> None:
        """Write back what is a record's."""
        if self._states is not None:
            self._table[""] = {
                name: msgspec.structs.replace(state, full_at_ms=0) for name, state in self._states.items()
            }


class LoadedRecords:
    """`Records` over what was loaded."""

    def __init__(self, loaded: Loaded, known_shards: AbstractSet[str], keys: Keys, bounds: Bounds, now_ms: int) -> None:
        self.clock = StoppedClock(now_ms)
        self.people: Table[PersonId, Person] = Table(PERSON, loaded, keys)
        self.pairs: Table[PairId, Pair] = Table(PAIR, loaded, keys)
        self.calls: Table[CallId, Call] = Table(CALL, loaded, keys)
        self.blocks: Table[PersonId, Blocks] = Table(BLOCKS, loaded, keys)
        self.leases: Table[str, Lease] = Table(LEASE, loaded, keys)
        self.gateways: Table[GatewayId, Gateway] = Table(GATEWAY, loaded, keys)
        self._epochs: Table[str, Epoch] = Table(EPOCH, loaded, keys)
        self._shards: Table[str, Shards] = Table(SHARDS, loaded, keys)
        self._states: Table[str, States] = Table(NODES, loaded, keys)
        self.nodes = LoadedNodes(self.clock, self._states, loaded.use, keys)
        self.store_id = loaded.store_id
        self._known_shards = known_shards
        self._keys = keys
        self._bounds = bounds
        self._due: dict[str, int | None] = {}
        self._appended: list[Command] = []

    @property
    def shards(self) -> Shards:
        """Those that this transition looked at."""
        return self._shards.seen.get("") or {}

    @property
    def epoch(self) -> Epoch:
        epoch: Epoch = self._epochs.get("", Epoch("", 0))
        return epoch

    @epoch.setter
    def epoch(self, epoch: Epoch) -> None:
        self._epochs[""] = epoch

    def append_queue(self, shard: str, event: QueueEvent) -> None:
        if shard not in self._known_shards:
            shards = self._shards.get("", {})
            if shard not in shards:
                self._shards[""] = {**shards, shard: None}
        field, value = ("t", event.ticket) if isinstance(event, TicketArrived) else ("g", event)
        self._append(self._keys.queue(shard), self._bounds.queue, field, encode(value))

    def append_news(self, gateway: GatewayId, delivery: Delivery) -> None:
        self._append(self._keys.outbox(gateway), self._bounds.outbox, "d", encode(delivery))

    def _append(self, stream: str, bound: int, field: str, value: bytes) -> None:
        kept = max(1, bound * LONG_ENTRY // max(LONG_ENTRY, len(value)))
        exactness = "~" if kept >= 1_000 else "="
        self._appended.append(("XADD", stream, "MAXLEN", exactness, kept, "0-*", field, value.decode()))
        self._appended.append(("PEXPIRE", stream, STREAM_TTL_MS))

    def remind(self, due: Due) -> None:
        self._due[f"{due.what}:{due.name}"] = due.at_ms

    def done(self, due: Due) -> None:
        self._due.setdefault(f"{due.what}:{due.name}", None)

    def changes(self) -> Changes | None:
        """What to write, and what it depends on; None: nothing."""
        self.nodes.settle()
        guards: dict[str, str] = {}
        commands = list(self.nodes.commands)  # first: to count in a field that is no number would fail
        for table in self._tables():
            for key, version, write in table.writes():
                guards[key] = version
                if write is not None:
                    commands.append(write)
        commands += [*self._indexes(), *self._reminders(), *self._appended]
        slots = self.nodes.slots(self.clock.now_ms())
        return Changes(self.store_id, guards, slots, commands) if commands or slots else None

    def _tables(self) -> tuple[Table[Any, Any], ...]:
        first = (self.people, self.pairs, self.calls, self.blocks, self.leases)
        return (*first, self.gateways, self._epochs, self._shards, self._states)

    def _indexes(self) -> Iterator[Command]:
        """Who is on which gateway, who is offered where, and which gateways live."""
        for name in self.people.changed:
            before, after = self._places(self.people.before(name)), self._places(self.people.seen[name])
            for key in before - after:
                yield "SREM", key, name
            for key in after - before:
                yield "SADD", key, name
                yield "PEXPIRE", key, INDEX_TTL_MS

        for gateway, lives in self.gateways.seen.items():
            if gateway in self.gateways.changed:
                yield ("SADD" if lives is not None else "SREM"), self._keys.gateways, gateway
                yield "PEXPIRE", self._keys.gateways, INDEX_TTL_MS

    def _places(self, who: Person | None) -> set[str]:
        if who is None:
            return set()
        places = {self._keys.people_on(gateway) for _, gateway in who.addresses}
        if who.offered and who.ticket is not None:
            places.add(self._keys.offered(who.ticket.cohort.key))
        return places

    def _reminders(self) -> Iterator[Command]:
        for member, at_ms in self._due.items():
            if at_ms is None:
                yield "ZREM", self._keys.due, member
            else:
                yield "ZADD", self._keys.due, at_ms, member


def _links_of_person(who: Person) -> str:
    if who.call is not None:
        return f"call:{who.call}"
    return f"pair:{who.pair}" if who.pair is not None else ""


def _links_of_pair(pair: Pair) -> str:
    return " ".join(f"person:{side.person}" for side in pair.sides)


def _links_of_call(call: Call) -> str:
    return " ".join(f"person:{party.person}" for party in call.known_to)


def _kind(name: str, of: Any, links: Callable[[Any], str] = lambda _: "") -> Kind:
    return Kind(name, msgspec.json.Decoder(of).decode, links)


PERSON = _kind("person", Person, _links_of_person)
PAIR = _kind("pair", Pair, _links_of_pair)
CALL = _kind("call", Call, _links_of_call)
BLOCKS = _kind("blocks", Blocks)
LEASE = _kind("lease", Lease)
GATEWAY = _kind("gateway", Gateway)
EPOCH = _kind("epoch", Epoch)
SHARDS = _kind("shards", Shards)
NODES = _kind("nodes", States)
