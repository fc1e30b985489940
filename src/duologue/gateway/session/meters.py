"""How fast one client may speak; `safety/ratelimit.py` says how a rate is measured.

Each question counts when the answer is 0: it may pass. Else it is the milliseconds to wait.
"""

from __future__ import annotations

from duologue.gateway.terms import Limits
from duologue.safety.ratelimit import admit


class Meters:
    """What one connection has said lately, in a number for each limit."""

    __slots__ = (
        "_any_full_at_ms", "_blocks_full_at_ms", "_chat_full_at_ms", "_diagnostics_full_at_ms", "_find_full_at_ms",
        "_limits",
    )  # fmt: skip

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._any_full_at_ms = self._chat_full_at_ms = self._find_full_at_ms = 0
        self._blocks_full_at_ms = self._diagnostics_full_at_ms = 0

    def any(self, now_ms: int) -> int:
        """One more message, whatever it says."""
        self._any_full_at_ms, wait_ms = admit(self._limits.any, self._any_full_at_ms, now_ms)
        return wait_ms

    def find(self, now_ms: int) -> int:
        """One more search."""
        self._find_full_at_ms, wait_ms = admit(self._limits.find, self._find_full_at_ms, now_ms)
        return wait_ms

    def chat(self, now_ms: int) -> int:
        """One more line, or sign of one being written."""
        self._chat_full_at_ms, wait_ms = admit(self._limits.chat, self._chat_full_at_ms, now_ms)
        return wait_ms

    def blocks(self, now_ms: int) -> int:
        """One more question for the database."""
        self._blocks_full_at_ms, wait_ms = admit(self._limits.blocks, self._blocks_full_at_ms, now_ms)
        return wait_ms

    def diagnostics(self, now_ms: int) -> int:
        """One more line for our log."""
        self._diagnostics_full_at_ms, wait_ms = admit(self._limits.diagnostics, self._diagnostics_full_at_ms, now_ms)
        return wait_ms
