"""The rooms of pairs: made once somebody needs them, deleted as soon as nobody does.

Whoever ends a pair owns deleting its room, so exactly one process tries; a room that slips
through (that process died) is empty and closes by itself after its `empty_timeout`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from duologue.errors import BackendError
from duologue.ids import PairId, PersonId
from duologue.ledger import Caller, Closed, Outcome
from duologue.pairs.pair import CONNECT_DEADLINE_MS, Pair
from duologue.ports import Clock, Media, Store
from duologue.protocol.codes import Mode
from duologue.protocol.server import Credentials
from duologue.services.gate import Gate
from duologue.services.insist import insist
from duologue.tasks import Tasks

log = structlog.get_logger()

OPEN_FOR_MS = 5_000
"""How long to go on trying to open a room; well inside the connect deadline of 10 s."""
CLOSE_FOR_MS = 15_000
LEAVE_WITHIN_MS = 2_000
"""Clients leave the room by themselves as soon as they hear that the pair is over. Throwing them out at the
same moment makes the media library stumble over its own connection; who is still in there after this goes."""
RETRY_MS = 250

Answer = TypeVar("Answer")


class Pairs:
    """What happens to a pair besides its talk."""

    def __init__(self, store: Store, media: Media, clock: Clock, tasks: Tasks) -> None:
        self._store = store
        self._media = media
        self._clock = clock
        self._tasks = tasks
        self._gate = Gate("LiveKit")
        self._opening: set[PairId] = set()

    async def open(self, pair: Pair) -> None:
        """Make the room and tell both; if no media server takes it, the pair ends and both wait again."""
        if pair.id in self._opening:
            return  # the other side's gateway is this one, and on its way
        self._opening.add(pair.id)
        try:
            await self._open(pair)
        finally:
            self._opening.discard(pair.id)

    async def _open(self, pair: Pair) -> None:
        try:
            await self._retry(pair.id, OPEN_FOR_MS, close=False)
        except BackendError:
            await self._insist(lambda: self._store.media_unavailable(pair.id))  # there is no room to delete
            return
        if not await self._insist(lambda: self._store.opened(pair.id)):
            self._close_soon(pair.id, after_ms=0)  # it ended while the room was being made: nobody is in there

    def place(self, pair: Pair, person: PersonId) -> Credentials | None:
        """What this side needs to join; None for a text pair."""
        return None if pair.mode is Mode.TEXT else self._media.place(pair, person)

    async def connected(self, caller: Caller, pair: PairId) -> Outcome:
        """This side's media is up. Nobody would say it again, so it is not lost to one bad moment of the store."""
        return await self._insist(lambda: self._store.connected(caller, pair))

    async def media_failed(self, caller: Caller, pair: PairId, detail: str) -> Outcome:
        """This side gave up on its media. Nothing to tell when the pair was over: its room going is no failure."""
        closed = await self._insist(lambda: self._store.media_failed(caller, pair))
        if closed.ended is not None:
            log.warning("media_failed", pair=pair, detail=detail)
        return self.settle(closed)

    def settle(self, closed: Closed) -> Outcome:
        """Finish a transition: if it ended a pair, delete the room."""
        if closed.ended is not None:
            self._log_end(closed.ended)
            self.clean_up(closed.ended)
        return closed.outcome

    def _log_end(self, pair: Pair) -> None:
        now_ms, since_ms = self._clock.now_ms(), pair.talking_since_ms
        people = [side.person for side in pair.sides]
        talked_ms = None if since_ms is None else now_ms - since_ms
        reason, mode = str(pair.ended), str(pair.mode)
        log.info("pair_ended", pair=pair.id, people=people, reason=reason, mode=mode, talked_ms=talked_ms)

    def clean_up(self, pair: Pair) -> None:
        """Delete the room of a pair that ended, beside everything else: nobody waits for it."""
        if pair.mode is not Mode.TEXT:
            self._close_soon(pair.id, after_ms=LEAVE_WITHIN_MS)

    async def _insist(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Worth asking for as long as the pair has to connect; after that its deadline ends it."""
        return await insist(self._clock, ask, for_ms=CONNECT_DEADLINE_MS)

    def _close_soon(self, pair: PairId, after_ms: int) -> None:
        self._tasks.spawn(self._close_after(pair, after_ms), name=f"close-room-{pair}")

    async def _close_after(self, pair: PairId, after_ms: int) -> None:
        if after_ms:
            await self._clock.sleep_ms(after_ms)
        await self._close(pair)

    async def _close(self, pair: PairId) -> None:
        try:
            await self._retry(pair, CLOSE_FOR_MS, close=True)
        except BackendError as error:
            log.error("room_not_deleted", pair=pair, detail=str(error), hint="it closes by itself once it is empty")

    async def _retry(self, pair: PairId, for_ms: int, *, close: bool) -> None:
        """Open or close a room, again and again for a while. Raises the last `BackendError`."""
        run = self._media.close_room if close else self._media.open_room
        give_up_ms = self._clock.monotonic_ms() + for_ms
        while True:
            try:
                await self._gate.call(lambda: run(pair))
                return
            except BackendError:
                if self._clock.monotonic_ms() + RETRY_MS >= give_up_ms:
                    raise
            await self._clock.sleep_ms(RETRY_MS)
