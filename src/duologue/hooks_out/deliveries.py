"""What one server has still to hear, each until it has heard it, or until it is no news any more.

It is kept in memory only: where the process is killed, what was in here is not told.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum

import structlog

from duologue.errors import BackendError
from duologue.hooks_out.door import CONNECTIONS, Endpoint, Post
from duologue.hooks_out.message import Told, body_of
from duologue.hooks_out.schedule import give_up_at_ms, pause_ms
from duologue.hooks_out.signing import signed
from duologue.ledger import PersonView, Ringing
from duologue.metrics import definitions as figures
from duologue.ports import Clock, LookingStore, Rng
from duologue.services.gate import Gate
from duologue.services.issuers import tenant_of
from duologue.tasks import Tasks

log = structlog.get_logger()

MOST = 1_000
"""Beyond it the oldest is given up: what is new matters more to somebody's phone."""
ANSWER_WITHIN_MS = 5_000
LOOK_WITHIN_S = 1.0
HINT = "it is tried again for a while; `duologue doctor` looks at it"


class Verdict(StrEnum):
    """What became of something that was to be told; `FAILED` is of an attempt, after which there may be another."""

    DELIVERED = "delivered"
    FAILED = "failed"
    GIVEN_UP = "given_up"
    OUTDATED = "outdated"
    """It rang no more, so nobody is woken by it."""
    DROPPED = "dropped"
    """The queue was full, or the process ended."""


class Deliveries:
    """Of one server."""

    def __init__(self, endpoint: Endpoint, post: Post, store: LookingStore, clock: Clock, rng: Rng) -> None:
        self._endpoint = endpoint
        self._post = post
        self._store = store
        self._clock = clock
        self._rng = rng
        self._tasks = Tasks()
        self._waiting: dict[str, asyncio.Task[None]] = {}  # the oldest first
        self._free = asyncio.Semaphore(CONNECTIONS)
        self._gate = Gate(f"webhook {endpoint.name}", HINT)

    def take(self, told: Told) -> None:
        """Tell this, if it is for this server to hear. Returns at once."""
        tenant = tenant_of(told.call.caller.person)
        if self._endpoint.tenant not in (None, tenant) or told.id in self._waiting:
            return
        if len(self._waiting) >= MOST:
            figures.BOUNDS_HIT.inc("webhooks_out")
            self._drop(next(iter(self._waiting)))
        self._waiting[told.id] = self._tasks.spawn(self._deliver(told, tenant), name=f"webhook-{told.id}")

    async def drain(self, within_s: float) -> None:
        """Give what is in here that much time, and then up."""
        if self._waiting:
            await asyncio.wait(self._waiting.values(), timeout=within_s)
        if self._waiting:
            log.warning("webhooks_dropped", webhook=self._endpoint.name, count=len(self._waiting))
        for id_ in list(self._waiting):
            self._drop(id_)
        await self._tasks.cancel_all()

    def _drop(self, id_: str) -> None:
        self._waiting.pop(id_).cancel()
        _count(Verdict.DROPPED)

    async def _deliver(self, told: Told, tenant: str) -> None:
        try:
            _count(await self._insist(told, tenant))
        finally:
            if self._waiting.get(told.id) is asyncio.current_task():
                del self._waiting[told.id]

    async def _insist(self, told: Told, tenant: str) -> Verdict:
        """Try until it is decided."""
        give_up_ms, failures = give_up_at_ms(told), 0
        while (verdict := await self._attempt(told, tenant, give_up_ms)) is Verdict.FAILED:
            _count(verdict)
            pause = pause_ms(told, failures, self._rng)
            if self._clock.now_ms() + pause >= give_up_ms:
                log.warning("webhook_given_up", webhook=self._endpoint.name, call=told.call.id, kind=told.type)
                return Verdict.GIVEN_UP
            failures += 1
            await self._clock.sleep_ms(pause)
        return verdict

    async def _attempt(self, told: Told, tenant: str, give_up_ms: int) -> Verdict:
        async with self._free:
            callee = await self._look(told)
            if told.rings and callee is not None and not _rings(callee, told):
                return Verdict.OUTDATED
            left_ms = give_up_ms - self._clock.now_ms()
            if left_ms <= 0:
                return Verdict.OUTDATED if told.rings else Verdict.GIVEN_UP
            body = body_of(told, tenant, connected=None if callee is None else _is_connected(callee))
            return await self._send(told, body, min(ANSWER_WITHIN_MS, left_ms))

    async def _look(self, told: Told) -> PersonView | None:
        """The callee as they are now; None: nobody can say, which is no reason to tell nothing."""
        try:
            async with asyncio.timeout(LOOK_WITHIN_S):
                return await self._store.look(told.call.callee.person)
        except (BackendError, TimeoutError):
            return None

    async def _send(self, told: Told, body: bytes, within_ms: int) -> Verdict:
        now_ms = self._clock.now_ms()
        headers = signed(told.id, body, now_ms, self._endpoint.secrets)
        try:
            await self._gate.call(lambda: self._post(body, headers, within_ms))
        except BackendError:
            return Verdict.FAILED
        figures.WEBHOOK_DELAY_SECONDS.observe(max(0, self._clock.now_ms() - told.at_ms) / 1000)
        log.debug("webhook_delivered", webhook=self._endpoint.name, call=told.call.id, kind=told.type)
        return Verdict.DELIVERED


def _count(verdict: Verdict) -> None:
    figures.WEBHOOKS_SENT.inc(verdict)


def _rings(callee: PersonView, told: Told) -> bool:
    return isinstance(callee.state, Ringing) and callee.state.call.id == told.call.id


def _is_connected(person: PersonView) -> bool:
    return person.vouched or person.standby > 0
