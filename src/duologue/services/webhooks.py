"""What media servers tell of by themselves: hints that make us look, never truth.

A hook can be late, lost, repeated, out of order or forged, so none of them ends anything: a room that is said to be
over is looked for on its node, people of whom one is said to have left are asked for a sign of life.
"""

from __future__ import annotations

from collections import OrderedDict

import structlog

from duologue.errors import BackendError
from duologue.ids import PairId
from duologue.metrics import definitions as metrics
from duologue.ports import Clock, Limiter, Media, Store, Webhook, WebhookKind, WebhookRefused
from duologue.safety.ratelimit import Rate, admit
from duologue.services.pairs import Pairs

log = structlog.get_logger()

REMEMBERED = 10_000
"""Hooks that are known by their id."""
RATE = Rate(interval_ms=1, burst=2_000)
"""Three hooks come with each match; what is beyond this is left to the sweep."""
TRIAL = "doctor-"
"""Rooms that `duologue doctor` makes and deletes begin so: it asks whether the hook about that reaches us."""
TRIAL_HEARD = Rate(interval_ms=60_000, burst=1)


def trial_mark(room: str) -> str:
    """The bucket of a rate limit that tells all processes, for a minute, that the hook about this room came."""
    return f"hook:{room}"


class Webhooks:
    """Takes hooks for one process."""

    def __init__(self, store: Store, media: Media, pairs: Pairs, clock: Clock, limiter: Limiter | None = None) -> None:
        """`limiter`: where `duologue doctor` finds that a hook about a room of its own came."""
        self._store = store
        self._media = media
        self._pairs = pairs
        self._clock = clock
        self._limiter = limiter
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._full_at_ms = 0

    async def take(self, body: bytes, authorization: str) -> None:
        """Act on a hook. Raises `WebhookRefused` for one that none of our servers signed; all others are welcome."""
        try:
            hook = self._media.read_webhook(body, authorization)
        except WebhookRefused as refused:
            metrics.WEBHOOKS.inc(refused.why)
            raise
        verdict = self._verdict(hook)
        metrics.WEBHOOKS.inc(verdict)
        if verdict == "taken":
            with structlog.contextvars.bound_contextvars(pair=hook.pair):
                await self._act(hook)

    def _verdict(self, hook: Webhook) -> str:
        if hook.id in self._seen:
            return "repeated"
        self._full_at_ms, wait_ms = admit(RATE, self._full_at_ms, self._clock.now_ms())
        if wait_ms:
            return "flood"
        self._seen[hook.id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return "taken"

    async def _act(self, hook: Webhook) -> None:
        log.debug("webhook_taken", kind=str(hook.kind))
        try:
            if hook.pair.startswith(TRIAL):
                await self._mark(hook.pair)
            elif hook.kind is WebhookKind.PARTICIPANT_LEFT:
                await self._store.doubt(hook.pair)
            else:
                await self._look_for_room(hook.pair)
        except BackendError as error:
            metrics.WEBHOOKS.inc("unavailable")
            log.warning("webhook_lost", kind=str(hook.kind), detail=str(error), hint="the sweep finds what it told of")

    async def _mark(self, room: PairId) -> None:
        if self._limiter is not None:
            await self._limiter.admit(trial_mark(room), TRIAL_HEARD)

    async def _look_for_room(self, name: PairId) -> None:
        for pair in await self._store.live_pairs([name]):
            await self._pairs.check_room(pair)
