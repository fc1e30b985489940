"""Whether this process can serve people, and why not.

A store that is out of reach is so for every process at once, as a rule. If all of them said at once that they are
not ready, a balancer would take out the whole service, talks that go on without the store included. So a process
stays ready for a while, and answers people itself (`unavailable`, come back in a second).
"""

from __future__ import annotations

import structlog

from duologue.metrics import definitions as metrics
from duologue.metrics.sampled import Reading
from duologue.ports import Clock, Store

log = structlog.get_logger()

LOOK_EVERY_MS = 1_000
FRESH_MS = 3 * LOOK_EVERY_MS


class Readiness:
    """Of one process, from its start to its stop."""

    def __init__(self, clock: Clock, patience_ms: int) -> None:
        self._clock = clock
        self._patience_ms = patience_ms
        self._phase = "starting: the store was not reached yet"
        self._serving = False
        self._answered_ms: int | None = None
        self.store = "none yet"
        """Its kind: memory must never be mistaken for Redis."""
        metrics.READY.read_from(self.ready)

    def reached(self, store: Store) -> None:
        """There is a store, and it answers."""
        self.store, self._phase = store.kind, "starting"
        self._answered_ms = self._clock.monotonic_ms()
        metrics.STORE.read_from(self.store_in_use)
        metrics.STORE_SILENT_SECONDS.read_from(self.silent_s)

    async def look(self, store: Store) -> None:
        """See whether it still answers; to be repeated every `LOOK_EVERY_MS`. Raises `BackendError`."""
        await store.read_status()
        if not self.store_answers:
            log.info("store_answers_again", store=store.kind, silent_ms=int(self._silent_ms()))
        self._answered_ms = self._clock.monotonic_ms()

    def serving(self) -> None:
        """Everything runs."""
        self._serving = True

    def stopping(self) -> None:
        """People are sent elsewhere."""
        self._serving, self._phase = False, "stopping"

    @property
    def store_answers(self) -> bool:
        """Whether it did so a moment ago."""
        return self._silent_ms() <= FRESH_MS

    @property
    def why_not(self) -> str | None:
        """Why this process is not ready; None: it is."""
        if not self._serving:
            return self._phase
        silent_ms = self._silent_ms()
        return None if silent_ms <= self._patience_ms else f"the store has been silent for {int(silent_ms) // 1000} s"

    def ready(self) -> Reading:
        """Whether this process can serve."""
        return {(): self.why_not is None}

    def store_in_use(self) -> Reading:
        """Which store this process uses."""
        return {(self.store,): 1}

    def silent_s(self) -> Reading:
        """Since the store last answered."""
        return {(): self._silent_ms() / 1000}

    def _silent_ms(self) -> float:
        return float("inf") if self._answered_ms is None else self._clock.monotonic_ms() - self._answered_ms
