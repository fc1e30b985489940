"""The rooms of pairs: made once somebody needs them, deleted as soon as nobody does.

Whoever ends a pair owns deleting its room, so exactly one process tries; a room that slips
through (that process died) is found by `room_sweep`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from duologue.errors import BackendError
from duologue.ids import NodeName, PairId, PersonId
from duologue.ledger import Caller, Closed, Outcome
from duologue.metrics import definitions as metrics
from duologue.pairs.failure import cause_of
from duologue.pairs.pair import CONNECT_DEADLINE_MS, Pair, Phase
from duologue.ports import Clock, Media, Store
from duologue.protocol.codes import Mode
from duologue.protocol.server import Credentials
from duologue.services.call_events import CallEvents
from duologue.services.gate import Gate
from duologue.services.insist import insist
from duologue.tasks import Tasks

log = structlog.get_logger()

OPEN_FOR_MS = 3_000
"""How long to go on trying to open a room on one node: two nodes fit into the connect deadline of 10 s."""
CLOSE_FOR_MS = 15_000
LEAVE_WITHIN_MS = 2_000
"""Clients leave the room by themselves as soon as they hear that the pair is over. Throwing them out at the
same moment makes the media library stumble over its own connection; who is still in there after this goes."""
RETRY_MS = 250

Answer = TypeVar("Answer")


class Pairs:
    """What happens to a pair besides its talk."""

    def __init__(self, store: Store, media: Media, clock: Clock, tasks: Tasks, calls: CallEvents | None = None) -> None:
        self._store = store
        self._media = media
        self._clock = clock
        self._tasks = tasks
        self._calls = calls or CallEvents(clock)
        self._gates: dict[NodeName, Gate] = {}
        self._opening: set[PairId] = set()

    async def open(self, pair: Pair) -> None:
        """Make the room and tell both; if no media server takes it, the pair ends and both wait again. So it does where
        the store is away for as long as the two have to connect: then its deadline ends it.
        """
        if pair.id in self._opening:
            return  # the other side's gateway is this one, and on its way
        self._opening.add(pair.id)
        try:
            with structlog.contextvars.bound_contextvars(pair=pair.id):
                await self._open(pair)
        except BackendError as error:
            log.warning("room_not_told", pair=pair.id, detail=str(error), hint="the pair ends at its deadline")
        finally:
            self._opening.discard(pair.id)

    async def _open(self, pair: Pair) -> None:
        node = pair.node
        while node is not None:
            try:
                await self._retry(node, lambda at=node: self._media.open_room(pair.id, at), OPEN_FOR_MS)  # type: ignore[misc]
            except BackendError:
                node = await self._refused(pair.id, node)
                continue
            if await self._insist(lambda at=node: self._store.opened(pair.id, at)):  # type: ignore[misc]
                log.info("room_opened", node=node)
            else:
                self._close_soon(pair.id, node, after_ms=0)  # it ended or moved meanwhile: nobody is in there
            return

    async def _refused(self, pair: PairId, node: NodeName) -> NodeName | None:
        """The node that is to take the room instead; None when there is nothing left to do."""
        answer = await self._insist(lambda: self._store.refused(pair, node))
        if isinstance(answer, Pair) and answer.node == node:
            return None  # the other side's gateway got through
        self._close_soon(pair, node, after_ms=0)  # perhaps only its answer was lost
        if isinstance(answer, Pair):
            return answer.node
        if answer.ended is not None:
            self.log_end(answer.ended)
        return None

    def place(self, pair: Pair, person: PersonId) -> Credentials | None:
        """What this side needs to join; None for a text pair."""
        return None if pair.mode is Mode.TEXT else self._media.place(pair, person)

    async def connected(self, caller: Caller, pair: PairId) -> Outcome:
        """This side's media is up. Nobody would say it again, so it is not lost to one bad moment of the store."""
        return await self._insist(lambda: self._store.connected(caller, pair))

    async def media_failed(self, caller: Caller, pair: PairId, detail: str) -> Outcome:
        """This side gave up on its media, which is nobody's fault if the room is gone.

        Nothing to tell when the pair was over: its room going is no failure.
        """
        if await self._room_is_lost(caller, pair):
            return Outcome.DONE
        closed = await self._insist(lambda: self._store.media_failed(caller, pair))
        if closed.ended is not None:
            log.info("media_failed", pair=pair, cause=str(cause_of(detail)), node=closed.ended.node)
        return self.settle(closed)

    async def _room_is_lost(self, caller: Caller, pair: PairId) -> bool:
        """Look at the room of somebody whose media failed; if there is none, the pair ends by that."""
        for present in await self._insist(lambda: self._store.live_pairs([pair])):
            if present.node is not None and caller.person in [side.person for side in present.sides]:
                try:
                    return await self.check_room(present)
                except BackendError:  # a node that does not answer us did not answer them either
                    return await self.room_lost(present.id, present.node)
        return False

    async def check_room(self, pair: Pair) -> bool:
        """End a pair whose room should be there and is not; whether it did. Raises `BackendError`."""
        node = pair.node
        if node is None or not pair.room_open or await self._media.rooms(node, [pair.id]):
            return False
        return await self.room_lost(pair.id, node)

    async def room_lost(self, pair: PairId, node: NodeName) -> bool:
        """The room of a live pair is gone: the pair ends; whether it did."""
        closed = await self._insist(lambda: self._store.room_lost(pair, node))
        if closed.ended is None:
            return False
        log.warning("room_lost", pair=pair, node=node, hint="its media server ended it, or began anew")
        self.settle(closed)
        metrics.ROOMS_LOST.inc()
        return True

    def settle(self, closed: Closed) -> Outcome:
        """Finish a transition: if it ended a pair, delete the room; if it moved a call, tell who wants to know."""
        if closed.ended is not None:
            self.log_end(closed.ended)
            self.clean_up(closed.ended)
        if closed.call is not None:
            self._calls.happened(closed.call)
        return closed.outcome

    def log_end(self, pair: Pair) -> None:
        """Say that a pair is over."""
        now_ms, since_ms = self._clock.now_ms(), pair.talking_since_ms
        people = [side.person for side in pair.sides]
        talked_ms = None if since_ms is None else now_ms - since_ms
        reason, mode = str(pair.ended), str(pair.mode)
        phase = Phase.MATCHED if talked_ms is None else Phase.TALKING
        metrics.PAIRS_ENDED.inc(mode, phase, reason)
        if talked_ms is not None:
            metrics.TALK_SECONDS.observe(max(0, talked_ms) / 1000, mode)
        log.info("pair_ended", pair=pair.id, people=people, reason=reason, mode=mode, talked_ms=talked_ms)

    def clean_up(self, pair: Pair) -> None:
        """Delete the room of a pair that ended, beside everything else: nobody waits for it."""
        if pair.node is not None:
            self._close_soon(pair.id, pair.node, after_ms=LEAVE_WITHIN_MS)

    async def _insist(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Worth asking for as long as the pair has to connect; after that its deadline ends it."""
        return await insist(self._clock, ask, for_ms=CONNECT_DEADLINE_MS)

    def _close_soon(self, pair: PairId, node: NodeName, after_ms: int) -> None:
        self._tasks.spawn(self._close_after(pair, node, after_ms), name=f"close-room-{pair}")

    async def _close_after(self, pair: PairId, node: NodeName, after_ms: int) -> None:
        structlog.contextvars.bind_contextvars(pair=pair)
        if after_ms:
            await self._clock.sleep_ms(after_ms)
        try:
            await self._retry(node, lambda: self._media.close_room(pair, node), CLOSE_FOR_MS)
        except BackendError as error:
            log.warning("room_not_deleted", node=node, detail=str(error), hint="the sweep will find it")
        else:
            log.info("room_deleted", node=node)

    async def _retry(self, node: NodeName, run: Callable[[], Awaitable[None]], for_ms: int) -> None:
        """Ask a node again and again for a while. Raises the last `BackendError`."""
        gate = self._gates.setdefault(node, Gate(f"media node {node}"))
        give_up_ms = self._clock.monotonic_ms() + for_ms
        while True:
            try:
                await gate.call(run)
                return
            except BackendError:
                if self._clock.monotonic_ms() + RETRY_MS >= give_up_ms:
                    raise
            await self._clock.sleep_ms(RETRY_MS)
