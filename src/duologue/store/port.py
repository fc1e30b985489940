"""`ports.Store` over the transitions of the ledger: what stores have in common.

A store says how a transition is run (`_transact`), how readers wait, and what it keeps beside the ledger. It must
not decide anything about people: that is for `ledger/`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeVar

import structlog

from duologue.calls.call import Ring
from duologue.errors import Damaged
from duologue.ids import CallId, GatewayId, MatcherId, NodeName, PairId, PersonId, SessionId
from duologue.ledger import (
    NODES_LEASE,
    Arrival,
    Attention,
    Caller,
    Claim,
    Closed,
    CommitResult,
    Delivery,
    Outcome,
    Paired,
    Partner,
    PersonView,
    Probe,
    Proposal,
    QueueEvent,
    Sample,
    StandbyArrival,
)
from duologue.matching.estimate import QueueStatus
from duologue.matching.ticket import Ticket
from duologue.nodes import NodeReport, NoSlot
from duologue.pairs.pair import Pair
from duologue.protocol.server import PeerTyping
from duologue.store.ledger.records import Due
from duologue.store.ledger.transitions import Transitions

log = structlog.get_logger()

Answer = TypeVar("Answer")

AT_ONCE = 256
"""Transitions that a store begins by itself, in one go."""


class Key(NamedTuple):
    """A record that a transition reads, for stores that have to fetch it first.

    A hint: what a transition reads beyond its hints costs another way to the store, and is no mistake.
    """

    kind: Literal["person", "pair", "call", "blocks", "lease", "gateway", "nodes"]
    name: str = ""


class LedgerStore(ABC):
    """Each method of the port is one transition."""

    @abstractmethod
    async def _transact(self, decide: Callable[[Transitions], Answer], *reads: Key) -> Answer:
        """Run a transition, whole or not at all. It may run several times, on fresher records."""

    @abstractmethod
    async def _take_due(self) -> Sequence[Due]:
        """What may be due by now."""

    @abstractmethod
    async def _people_on(self, gateway: GatewayId) -> Iterable[PersonId]:
        """Everybody who has a session there, by the ledger."""

    @abstractmethod
    async def _pairs_on(self, node: NodeName) -> Sequence[PairId]:
        """The pairs that this node carries, by the ledger."""

    # -- presence ---------------------------------------------------------------------------

    async def arrive(
        self, person: PersonId, session: SessionId, gateway: GatewayId, resumes: int | None = None
    ) -> Arrival | None:
        reads = Key("person", person), Key("gateway", gateway), Key("blocks", person)
        return await self._transact(lambda now: now.arrive(person, session, gateway, resumes), *reads)

    async def stand_by(self, person: PersonId, session: SessionId, gateway: GatewayId) -> StandbyArrival:
        reads = Key("person", person), Key("gateway", gateway), Key("blocks", person)
        return await self._transact(lambda now: now.stand_by(person, session, gateway), *reads)

    async def depart(self, caller: Caller, hold_ms: int) -> Closed:
        return await self._of(caller, lambda now: now.depart(caller, hold_ms))

    async def abandon(self, person: PersonId, session: SessionId, hold_ms: int) -> Closed:
        return await self._transact(lambda now: now.abandon(person, session, hold_ms), Key("person", person))

    async def attend(self, caller: Caller, attention: Attention) -> Outcome:
        return await self._of(caller, lambda now: now.attend(caller, attention))

    async def keep_alive(self, gateway: GatewayId) -> bool:
        return await self._transact(lambda now: now.keep_alive(gateway), Key("gateway", gateway))

    async def vouch(self, gateway: GatewayId, claims: Sequence[Claim]) -> list[SessionId]:
        agreed = await _together([self._vouch(gateway, claim) for claim in claims])
        return [claim.session for claim, agrees in zip(claims, agreed, strict=True) if not agrees]

    async def _vouch(self, gateway: GatewayId, claim: Claim) -> bool:
        reads = [Key("person", claim.person), Key("blocks", claim.person), Key("gateway", gateway)]
        if isinstance(claim.state, Paired):
            pair = claim.state.pair
            reads += [Key("pair", pair.id), Key("person", pair.peer(claim.person).person)]
        try:
            return await self._transact(lambda now: now.vouch(gateway, claim), *reads)
        except Damaged as damaged:
            self._report(damaged)
            return False  # they come in again, and hear then what is wrong; the others of this gateway are vouched for

    async def sessions_on(self, gateway: GatewayId) -> list[tuple[PersonId, SessionId]]:
        people = list(await self._people_on(gateway))
        found = await _together([self._sessions_of(person, gateway) for person in people])
        return [(person, session) for person, sessions in zip(people, found, strict=True) for session in sessions]

    async def _sessions_of(self, person: PersonId, gateway: GatewayId) -> list[SessionId]:
        try:
            return await self._transact(lambda now: now.sessions_on(person, gateway), Key("person", person))
        except Damaged as damaged:
            self._report(damaged)
            return []

    async def expire(self) -> list[Closed]:
        return _all(await _together([self._expire(due) for due in await self._take_due()]))

    async def _expire(self, due: Due) -> list[Closed]:
        if due.what == "gateway":
            return await self._bury(due)
        key = Key(due.what, due.name) if due.what in ("pair", "call") else Key("person", due.name)
        return _worth_telling(await self._transact(lambda now: now.expire(due), key))

    async def _bury(self, due: Due) -> list[Closed]:
        """The people of a dead gateway lost their sockets, one transition each."""
        gateway = GatewayId(due.name)
        if not await self._transact(lambda now: now.give_up_gateway(gateway), Key("gateway", gateway)):
            return []
        ended = await _together([self._lose_gateway(person, gateway) for person in await self._people_on(gateway)])
        await self._transact(lambda now: now.forget_gateway(due), Key("gateway", gateway))
        return _all(ended)

    async def _lose_gateway(self, person: PersonId, gateway: GatewayId) -> list[Closed]:
        reads = Key("person", person), Key("gateway", gateway)
        return await self._close(lambda now: now.lost_gateway(person, gateway), *reads)

    async def remember_blocks(self, person: PersonId, blocked: Collection[PersonId]) -> None:
        reads = Key("person", person), Key("blocks", person)
        await self._transact(lambda now: now.remember_blocks(person, blocked), *reads)

    # -- the queue --------------------------------------------------------------------------

    async def find(self, caller: Caller, ticket: Ticket) -> Outcome:
        return await self._of(caller, lambda now: now.find(caller, ticket))

    async def cancel(self, caller: Caller, attempt: int) -> Closed:
        return await self._of(caller, lambda now: now.cancel(caller, attempt))

    async def lease(self, shard: str, matcher: MatcherId) -> int | None:
        return await self._transact(lambda now: now.lease(shard, matcher), Key("lease", shard))

    async def release(self, shard: str, matcher: MatcherId) -> None:
        await self._transact(lambda now: now.release(shard, matcher), Key("lease", shard))

    async def commit(self, shard: str, fence: int, proposals: Sequence[Proposal]) -> list[CommitResult]:
        people = [Key("person", ticket.person) for proposal in proposals for ticket in proposal.tickets]
        pairs = [Key("pair", proposal.pair) for proposal in proposals]
        reads = Key("lease", shard), Key("nodes"), *people, *pairs
        return await self._transact(lambda now: now.commit(shard, fence, proposals), *reads)

    # -- pairs ------------------------------------------------------------------------------

    async def next(self, caller: Caller, pair: PairId, attempt: int, ticket: Ticket | None) -> Closed:
        return await self._of(caller, lambda now: now.next(caller, pair, attempt, ticket))

    async def leave(self, caller: Caller, pair: PairId) -> Closed:
        return await self._of(caller, lambda now: now.leave(caller, pair))

    async def back(self, caller: Caller, pair: PairId, again: PairId) -> Closed | NoSlot:
        reads = Key("person", caller.person), Key("nodes"), Key("pair", again)
        return await self._transact(lambda now: now.back(caller, pair, again), *reads)

    async def block(self, caller: Caller, pair: PairId) -> Closed:
        reads = Key("person", caller.person), Key("blocks", caller.person), Key("call", pair)
        return await self._transact(lambda now: now.block(caller, pair), *reads)

    async def partner(self, caller: Caller, pair: PairId) -> Partner | Outcome:
        return await self._of(caller, lambda now: now.partner(caller, pair))

    async def opened(self, pair: PairId, node: NodeName) -> bool:
        return await self._transact(lambda now: now.opened(pair, node), Key("pair", pair), Key("nodes"))

    async def refused(self, pair: PairId, node: NodeName) -> Pair | Closed:
        return await self._transact(lambda now: now.refused(pair, node), Key("pair", pair), Key("nodes"))

    async def room_lost(self, pair: PairId, node: NodeName) -> Closed:
        return await self._transact(lambda now: now.room_lost(pair, node), Key("pair", pair))

    async def live_pairs(self, pairs: Sequence[PairId]) -> list[Pair]:
        return await self._transact(lambda now: now.live_pairs(pairs), *(Key("pair", pair) for pair in pairs))

    async def doubt(self, pair: PairId) -> None:
        await self._transact(lambda now: now.doubt(pair), Key("pair", pair))

    async def connected(self, caller: Caller, pair: PairId) -> Outcome:
        return await self._of(caller, lambda now: now.connected(caller, pair))

    async def media_failed(self, caller: Caller, pair: PairId) -> Closed:
        return await self._of(caller, lambda now: now.media_failed(caller, pair))

    async def mute(self, caller: Caller, pair: PairId, *, audio_off: bool, video_off: bool) -> Outcome:
        return await self._of(caller, lambda now: now.mute(caller, pair, audio_off=audio_off, video_off=video_off))

    async def write(self, caller: Caller, pair: PairId, n: int, text: str) -> Outcome:
        return await self._of(caller, lambda now: now.write(caller, pair, n, text))

    async def relay(self, caller: Caller, pair: PairId, message: PeerTyping | Probe) -> Outcome:
        return await self._of(caller, lambda now: now.relay(caller, pair, message))

    async def _of(self, caller: Caller, decide: Callable[[Transitions], Answer]) -> Answer:
        """A transition about the caller, and about their pair where they are in one."""
        return await self._transact(decide, Key("person", caller.person))

    # -- calls ------------------------------------------------------------------------------

    async def call(self, caller: Caller, wanted: Ring) -> Closed | NoSlot:
        people = [Key(kind, person) for person in (caller.person, wanted.to) for kind in ("person", "blocks")]
        return await self._transact(lambda now: now.call(caller, wanted), *people, Key("call", wanted.call))

    async def accept(self, caller: Caller, call: CallId, pair: PairId) -> Closed | NoSlot:
        reads = Key("person", caller.person), Key("call", call), Key("nodes"), Key("pair", pair)
        return await self._transact(lambda now: now.accept(caller, call, pair), *reads)

    async def answer(
        self, person: PersonId, session: SessionId, gateway: GatewayId, call: CallId, pair: PairId
    ) -> Arrival | NoSlot | None:
        reads = Key("person", person), Key("call", call), Key("gateway", gateway), Key("blocks", person)
        more = Key("nodes"), Key("pair", pair)
        return await self._transact(lambda now: now.answer(person, session, gateway, call, pair), *reads, *more)

    async def decline(self, caller: Caller, call: CallId) -> Closed:
        reads = Key("person", caller.person), Key("call", call)
        return await self._transact(lambda now: now.decline(caller, call), *reads)

    async def cancel_call(self, caller: Caller, call: CallId) -> Closed:
        reads = Key("person", caller.person), Key("call", call)
        return await self._transact(lambda now: now.cancel_call(caller, call), *reads)

    # -- media nodes ------------------------------------------------------------------------

    async def report_nodes(self, fence: int, reports: Sequence[NodeReport]) -> list[Pair]:
        reads = Key("lease", NODES_LEASE), Key("nodes")
        lost = await self._transact(lambda now: now.report_nodes(fence, reports), *reads)
        works = [self._lose(pair, node) for node in lost for pair in await self._pairs_on(node)]
        return [closed.ended for closed in _all(await _together(works)) if closed.ended is not None]

    async def _lose(self, pair: PairId, node: NodeName) -> list[Closed]:
        return await self._close(lambda now: now.lost_node(pair, node), Key("pair", pair), Key("nodes"))

    async def _close(self, decide: Callable[[Transitions], Closed], *reads: Key) -> list[Closed]:
        """One of many transitions that nobody waits for: what cannot be read does not keep the others from theirs."""
        try:
            closed = await self._transact(decide, *reads)
        except Damaged as damaged:
            self._report(damaged)
            return []
        return _worth_telling(closed)

    def _report(self, damaged: Damaged) -> None:
        """The others go on without it."""
        log.error("record_damaged", key=damaged.key, detail=str(damaged))

    async def pairs_on(self, node: NodeName) -> list[Pair]:
        pairs = await self.live_pairs(await self._pairs_on(node))
        return [pair for pair in pairs if pair.node == node and pair.room_open]

    # -- what there is to see -----------------------------------------------------------------

    async def look(self, person: PersonId) -> PersonView | None:
        return await self._transact(lambda now: now.look(person), Key("person", person))

    # -- what stores keep each in their own way -----------------------------------------------

    @abstractmethod
    async def read_shards(self, after: int, wait_ms: int) -> tuple[list[str], int]: ...

    @abstractmethod
    async def read_queue(self, shard: str, after: int, wait_ms: int) -> tuple[list[QueueEvent], int]: ...

    @abstractmethod
    async def read_news(self, gateway: GatewayId, after: int, wait_ms: int) -> tuple[list[Delivery], int]: ...

    @abstractmethod
    async def sample_waiting(self, shard: str, most: int) -> Sample: ...

    @abstractmethod
    async def sample_paired(self, shard: str, most: int) -> Sample: ...

    @abstractmethod
    async def publish_status(self, status: Mapping[str, QueueStatus]) -> None: ...

    @abstractmethod
    async def read_status(self) -> Mapping[str, QueueStatus]: ...


async def _together(works: Sequence[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    """What came of each. All have had their turn, whatever became of the others; then the first failure is raised."""
    answers: list[Answer | BaseException] = []
    for at in range(0, len(works), AT_ONCE):
        answers += await asyncio.gather(*works[at : at + AT_ONCE], return_exceptions=True)
    done: list[Answer] = []
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
        done.append(answer)
    return done


def _all(closed: Iterable[Iterable[Closed]]) -> list[Closed]:
    return [each for some in closed for each in some]


def _worth_telling(closed: Closed) -> list[Closed]:
    return [closed] if closed.ended is not None or closed.call is not None else []
