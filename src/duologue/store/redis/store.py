"""`ports.Store` on Redis: load, decide, apply; again when somebody was quicker."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from math import isfinite
from typing import TypeVar

import msgspec
import structlog

from duologue.errors import Damaged, Unavailable
from duologue.ids import GatewayId, MatcherId, NodeName, PairId, PersonId
from duologue.ledger import (
    STATUS_TTL_MS,
    Closed,
    CommitResult,
    Delivery,
    Proposal,
    QueueEvent,
    Rejected,
    Sample,
    TicketArrived,
    TicketGone,
)
from duologue.matching.estimate import QueueStatus
from duologue.matching.ticket import Ticket
from duologue.metrics import definitions as metrics
from duologue.pairs.pair import Pair
from duologue.ports import Clock, ResyncNeeded
from duologue.settings import RedisSettings
from duologue.store.ledger import Terms, Transitions
from duologue.store.ledger.records import Due
from duologue.store.port import Answer, Key, LedgerStore
from duologue.store.redis import keys as ttl
from duologue.store.redis.format import SameFormat
from duologue.store.redis.keys import Keys
from duologue.store.redis.limits import RedisLimiter
from duologue.store.redis.line import Line
from duologue.store.redis.people import People
from duologue.store.redis.primary import Primary, parse
from duologue.store.redis.readers import Entry, Readers
from duologue.store.redis.records import Bounds, LoadedRecords
from duologue.store.redis.scripts import ALL, Applied, Loaded, apply, load, reading
from duologue.store.redis.tables import UNREADABLE, NotLoaded, decoded, encode, split
from duologue.tasks import Tasks

log = structlog.get_logger()

Said = TypeVar("Said")

TRIES = 50
"""Each try fails only because somebody else succeeded, so so many in a row would be a defect."""
COMMIT_AT_ONCE = 16
"""Proposals in one transition: one person who moved makes all of them be tried again."""
DUE_AT_ONCE = 256
PAIRS_AT_ONCE = 100
SHARDS_EVERY_MS = 250
EMPTY = -1
"""The position in a queue without entries, for who knows already who waits: 0 would tell it again, at once."""
DUE = ("seat", "forget", "pair", "call", "gateway")
COUNT = re.compile(rb"-?[0-9]{1,15}")
NO_NAME = "\N{REPLACEMENT CHARACTER}"
"""In no name of ours."""

_delivery = msgspec.json.Decoder(Delivery).decode
_ticket = msgspec.json.Decoder(Ticket).decode
_gone = msgspec.json.Decoder(TicketGone).decode
_status = msgspec.json.Decoder(tuple[int, QueueStatus]).decode
_shards = msgspec.json.Decoder(dict[str, None]).decode


class RedisStore(LedgerStore):
    """`ports.Store` for any number of processes."""

    kind = "redis"

    def __init__(
        self,
        line: Line,
        readers: Readers,
        keys: Keys,
        clock: Clock,
        *,
        terms: Terms = Terms(),  # noqa: B008 - frozen
        bounds: Bounds = Bounds(),  # noqa: B008 - frozen
        time: Callable[[int], int] = int,
        told: Callable[[int, int], object] = lambda *_: None,
    ) -> None:
        """`time`: what the time of Redis, in milliseconds, is taken for; so that tests own it. `told` hears of it
        whenever Redis says it, and when it was asked, as `SharedClock.told` does.
        """
        self._line = line
        self._readers = readers
        self._keys = keys
        self._people = People(line, keys, self._report)
        self._clock = clock
        self._terms = terms
        self._bounds = bounds
        self._time = time
        self._told_time = told
        self._known_shards: set[str] = set()
        self._life = ""

    # -- how a transition is run --------------------------------------------------------------

    async def _transact(self, decide: Callable[[Transitions], Answer], *reads: Key) -> Answer:
        wanted = dict.fromkeys([self._keys.record("epoch"), *(self._keys.record(*key) for key in reads)])
        for _ in range(TRIES):
            records, answer = await self._decide(decide, wanted)
            changes = records.changes()
            if changes is None:
                return answer
            if await apply(self._line, changes) is Applied.DONE:
                self._known_shards.update(records.shards)
                return answer
            metrics.STORE_RETRIES.inc()
        raise Unavailable("the store", "too many change the same thing at once")

    async def _decide(
        self, decide: Callable[[Transitions], Answer], wanted: dict[str, None]
    ) -> tuple[LoadedRecords, Answer]:
        """Decide on records as they are now. What turns out to be needed is fetched, and wanted from then on."""
        while True:
            loaded = await self._load(list(wanted))  # all at one instant: what belongs together fits together
            records = LoadedRecords(
                loaded, self._known_shards, self._keys, self._bounds, self._time(loaded.time_us // 1000)
            )
            try:
                return records, decide(Transitions(records, records.clock, self._terms))
            except NotLoaded as missing:
                wanted[missing.key] = None

    async def _load(self, keys: Sequence[str]) -> Loaded:
        asked_ms = self._clock.monotonic_ms()
        if self._keys.record("nodes") in keys:
            loaded, use = await asyncio.gather(load(self._line, self._keys.prefix, keys), self._use())
            loaded = loaded._replace(use=use)
        else:
            loaded = await load(self._line, self._keys.prefix, keys)
        self._told_time(loaded.time_us // 1000, asked_ms)
        if loaded.store_id != self._life:
            self._life = loaded.store_id
            self._known_shards.clear()
        return loaded

    async def _use(self) -> dict[str, int]:
        """What of the media nodes is in use. Slots are taken by what is true at the time of writing."""
        use, _ = await reading(self._line, ("HGETALL", self._keys.use))
        return {_name(field): _whole(count) for field, count in zip(use[::2], use[1::2], strict=True)}

    async def commit(self, shard: str, fence: int, proposals: Sequence[Proposal]) -> list[CommitResult]:
        parts = [proposals[at : at + COMMIT_AT_ONCE] for at in range(0, len(proposals), COMMIT_AT_ONCE)]
        results = [await self._commit_some(shard, fence, part) for part in parts or [()]]
        return [result for part in results for result in part]

    async def _commit_some(self, shard: str, fence: int, proposals: Sequence[Proposal]) -> list[CommitResult]:
        """All in one transition; one by one where somebody's record cannot be read, so that only they are left out."""
        try:
            return await super().commit(shard, fence, proposals)
        except Damaged as damaged:
            if len(proposals) > 1:
                return [(await self._commit_some(shard, fence, [each]))[0] for each in proposals]
            tickets = proposals[0].tickets if proposals else ()
            fit = tuple(ticket for ticket in tickets if damaged.key not in self._keys.of_person(ticket.person))
            if len(fit) == len(tickets):
                raise
            self._report(damaged)
            return [Rejected(fit)]

    async def live_pairs(self, pairs: Sequence[PairId]) -> list[Pair]:
        """One that cannot be read is none."""
        parts = [pairs[at : at + PAIRS_AT_ONCE] for at in range(0, len(pairs), PAIRS_AT_ONCE)]
        return [pair for part in parts for pair in await self._some_live_pairs(part)]

    async def _some_live_pairs(self, pairs: Sequence[PairId]) -> list[Pair]:
        try:
            return await super().live_pairs(pairs)
        except Damaged as damaged:
            if len(pairs) > 1:
                return [pair for each in pairs for pair in await self._some_live_pairs([each])]
            self._report(damaged)
            return []

    def _report(self, damaged: Damaged) -> None:
        super()._report(damaged)
        metrics.STORE_ERRORS.inc("broken")

    # -- time -----------------------------------------------------------------------------------

    async def _take_due(self) -> Sequence[Due]:
        command = (
            "ZRANGE",
            self._keys.due,
            "-inf",
            await self._now_ms(),
            "BYSCORE",
            "LIMIT",
            0,
            DUE_AT_ONCE,
            "WITHSCORES",
        )
        found, _ = await reading(self._line, command)
        known = {member: _due(member, score) for member, score in zip(found[::2], found[1::2], strict=True)}
        foreign = [member for member, due in known.items() if due is None]
        if foreign:
            await self._line.ask(("ZREM", self._keys.due, *foreign))
        return [due for due in known.values() if due is not None]

    async def _expire(self, due: Due) -> list[Closed]:
        try:
            return await super()._expire(due)
        except Damaged as damaged:  # never again: whatever it was about is not known any more
            self._report(damaged)
            await self._line.ask(("ZREM", self._keys.due, f"{due.what}:{due.name}"))
            return []

    async def _now_ms(self) -> int:
        asked_ms = self._clock.monotonic_ms()
        time, _ = await reading(self._line, ("TIME",))
        now_ms = int(time[0]) * 1000 + int(time[1]) // 1000
        self._told_time(now_ms, asked_ms)
        return self._time(now_ms)

    async def _people_on(self, gateway: GatewayId) -> list[PersonId]:
        return [PersonId(name) for name in await self._members(self._keys.people_on(gateway))]

    async def _pairs_on(self, node: NodeName) -> list[PairId]:
        return [PairId(name) for name in await self._members(self._keys.pairs_on(node))]

    async def _members(self, key: str) -> list[str]:
        members, _ = await reading(self._line, ("SMEMBERS", key))
        return [_name(member) for member in members]

    async def keep_alive(self, gateway: GatewayId) -> bool:
        outbox, people = self._keys.outbox(gateway), self._keys.people_on(gateway)
        await self._outlive({outbox: ttl.STREAM_TTL_MS, people: ttl.INDEX_TTL_MS})
        known = await super().keep_alive(gateway)
        if not known:
            self._known_shards.clear()  # Redis may have been emptied
        return known

    async def _outlive(self, keys: Mapping[str, int]) -> None:
        """Somebody needs these: they live as long as from now on."""
        await asyncio.gather(*(self._line.ask(("PEXPIRE", key, ttl_ms)) for key, ttl_ms in keys.items()))

    # -- the queue --------------------------------------------------------------------------

    async def read_shards(self, after: int, wait_ms: int) -> tuple[list[str], int]:
        """There are few, and new ones are rare: looking now and then is enough."""
        until_ms = self._clock.monotonic_ms() + wait_ms
        while True:
            key = self._keys.record("shards")
            value, _ = await reading(self._line, ("GET", key))
            _, body = split(key, value)
            shards = list(decoded(key, _shards, body)) if body is not None else []
            if after > len(shards):
                raise ResyncNeeded(len(shards))
            if len(shards) > after or self._clock.monotonic_ms() >= until_ms:
                return shards[after:], len(shards)
            await self._clock.sleep_ms(min(SHARDS_EVERY_MS, wait_ms))

    async def read_queue(self, shard: str, after: int, wait_ms: int) -> tuple[list[QueueEvent], int]:
        stream = self._keys.queue(shard)
        if after == 0:
            end = await self._readers.end(stream)  # before: what happens meanwhile is heard again
            offered = await self._people.offered_in(shard)
            if offered or end:
                return [TicketArrived(ticket) for ticket in offered], end or EMPTY
        entries, position = await self._readers.read(stream, max(after, 0), wait_ms)
        return self._understood(_event, entries, position), position or after

    async def sample_waiting(self, shard: str, most: int) -> Sample:
        return await self._people.sample_offered(shard, most)

    async def sample_paired(self, shard: str, most: int) -> Sample:
        return await self._people.sample_paired(shard, most)

    async def lease(self, shard: str, matcher: MatcherId) -> int | None:
        await self._outlive({self._keys.queue(shard): ttl.STREAM_TTL_MS, self._keys.offered(shard): ttl.INDEX_TTL_MS})
        return await super().lease(shard, matcher)

    async def publish_status(self, status: Mapping[str, QueueStatus]) -> None:
        if not status:
            return
        now_ms = await self._now_ms()
        fields = [part for cohort, each in status.items() for part in (cohort, encode((now_ms, each)))]
        await self._line.ask(("HSET", self._keys.status, *fields))
        await self._outlive({self._keys.status: ttl.STATUS_TTL_MS})

    async def read_status(self) -> Mapping[str, QueueStatus]:
        found, _ = await reading(self._line, ("HGETALL", self._keys.status))
        oldest_ms = await self._now_ms() - STATUS_TTL_MS
        told = [self._told(*field) for field in zip(found[::2], found[1::2], strict=True)]
        return {cohort: status for cohort, at_ms, status in filter(None, told) if at_ms >= oldest_ms}

    def _told(self, cohort: bytes, value: bytes) -> tuple[str, int, QueueStatus] | None:
        """What a matcher tells of a cohort. One that cannot be read is not known: an older or newer version of us may
        have written it, and readiness hangs on all of them together.
        """
        try:
            return (cohort.decode(), *_status(value))
        except UNREADABLE:
            metrics.STORE_ERRORS.inc("broken")
            return None

    # -- news -------------------------------------------------------------------------------

    async def read_news(self, gateway: GatewayId, after: int, wait_ms: int) -> tuple[list[Delivery], int]:
        entries, position = await self._readers.read(self._keys.outbox(gateway), after, wait_ms)
        return self._understood(lambda entry: _delivery(entry.value), entries, position), position

    def _understood(self, decode: Callable[[Entry], Said], entries: Sequence[Entry], position: int) -> list[Said]:
        """What entries say. One that says nothing is a gap: it may have been anything."""
        try:
            return [decode(entry) for entry in entries]
        except UNREADABLE as error:
            metrics.STORE_ERRORS.inc("broken")
            log.error("stream_entry_damaged", detail=str(error), hint="whoever reads it begins with a snapshot")
            raise ResyncNeeded(position) from error


def _due(member: bytes, score: bytes) -> Due | None:
    """None: not one of ours."""
    what, _, name = _name(member).partition(":")
    if what not in DUE or not name or NO_NAME in name or not isfinite(float(score)):
        return None
    return Due(int(float(score)), what, name)  # type: ignore[arg-type]  # just looked


def _event(entry: Entry) -> QueueEvent:
    return TicketArrived(_ticket(entry.value)) if entry.field == b"t" else _gone(entry.value)


def _name(text: bytes) -> str:
    """What somebody or something is called; what is no text is the name of nobody."""
    return text.decode(errors="replace")


def _whole(text: bytes) -> int:
    """A count; what is none counts as nothing."""
    return int(text) if COUNT.fullmatch(text) else 0


@asynccontextmanager
async def open_store(
    settings: RedisSettings,
    clock: Clock,
    *,
    terms: Terms = Terms(),  # noqa: B008 - frozen
    bounds: Bounds = Bounds(),  # noqa: B008 - frozen
    time: Callable[[int], int] = int,
    told: Callable[[int, int], object] = lambda *_: None,
) -> AsyncIterator[tuple[RedisStore, RedisLimiter]]:
    """The store of these settings. It connects once somebody asks: until then nothing is known to be there."""
    keys, tasks = Keys(settings.realm), Tasks()
    primary = Primary(parse(settings.url_given(), settings.password()), "duologue", keys.record("epoch"))
    connector = SameFormat(primary, keys.format)
    line = Line(connector, ALL, clock, tasks)
    readers = Readers(connector, line)
    try:
        store = RedisStore(line, readers, keys, clock, terms=terms, bounds=bounds, time=time, told=told)
        yield store, RedisLimiter(line, keys)
    finally:
        await readers.close()
        await tasks.cancel_all()
        await line.close()
