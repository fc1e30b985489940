"""When to ping a client, and what its silence means. Pure: time is given."""

from __future__ import annotations

from enum import Enum, auto

from duologue.gateway.terms import Timing


class Beat(Enum):
    """What is due."""

    PING = auto()
    """Ask for a sign of life."""
    QUIET = auto()
    """No answer yet: do not offer them to anybody."""
    DEAD = auto()
    """No answer: let go."""


class Heart:
    """One client's pings."""

    __slots__ = ("_dead_at_ms", "_heard_ms", "_ping_at_ms", "_quiet_at_ms", "_timing", "quiet")

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._ping_at_ms: int | None = None
        self._quiet_at_ms: int | None = None
        self._dead_at_ms: int | None = None
        self._heard_ms = 0
        self.quiet = False
        """Whether `QUIET` was due and nothing was heard since."""

    @property
    def due_ms(self) -> int | None:
        """When to call `beat`."""
        if self._dead_at_ms is None:
            return self._ping_at_ms
        return min(at for at in (self._ping_at_ms, self._quiet_at_ms, self._dead_at_ms) if at is not None)

    def start(self, now_ms: int) -> None:
        """They are in: the first ping is one interval away."""
        self.heard(now_ms)
        self._ping_at_ms = now_ms + self._timing.heartbeat_ms

    def stop(self) -> None:
        """Nothing is due any more."""
        self._ping_at_ms = self._quiet_at_ms = self._dead_at_ms = None

    @property
    def asked(self) -> bool:
        """Whether an answer is awaited."""
        return self._dead_at_ms is not None

    def heard(self, now_ms: int) -> bool:
        """Something came from them; whether they had been quiet."""
        self._heard_ms = now_ms
        self._quiet_at_ms = self._dead_at_ms = None
        was_quiet, self.quiet = self.quiet, False
        return was_quiet

    def probe(self, now_ms: int) -> bool:
        """There is reason to doubt that they live: expect an answer soon. Whether a ping has to be sent for that.

        Not for who was heard a moment ago: a partner could have somebody pinged to death.
        """
        if self._heard_ms > now_ms - self._timing.quiet_after_ms:
            return False
        asked = self.asked
        soon_ms = now_ms + self._timing.quiet_after_ms
        self._dead_at_ms = soon_ms if self._dead_at_ms is None else min(self._dead_at_ms, soon_ms)
        return not asked

    def beat(self, now_ms: int) -> list[Beat]:
        """What is due by now."""
        if self._dead_at_ms is not None and self._dead_at_ms <= now_ms:
            return [Beat.DEAD]
        due = []
        if self._quiet_at_ms is not None and self._quiet_at_ms <= now_ms:
            self._quiet_at_ms, self.quiet = None, True
            due.append(Beat.QUIET)
        if self._ping_at_ms is not None and self._ping_at_ms <= now_ms:
            self._ask(now_ms)
            due.append(Beat.PING)
        return due

    def _ask(self, now_ms: int) -> None:
        self._ping_at_ms = now_ms + self._timing.heartbeat_ms
        if self._dead_at_ms is None:
            self._dead_at_ms = now_ms + self._timing.pong_wait_ms
            self._quiet_at_ms = now_ms + self._timing.quiet_after_ms
