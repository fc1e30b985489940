"""How many may stand at the door: sockets that have not said yet who they are, by address prefix.

Kept in this process, because its sockets are. What is forgotten for lack of room is admitted: this
limiter fails open, as the number of sockets as a whole has a bound of its own. Pure: time is given.
"""

from __future__ import annotations

from collections import OrderedDict

from duologue.ids import SessionId
from duologue.safety.ratelimit import Rate, admit

PREFIXES_AT_MOST = 100_000
"""Beyond that the prefix seen longest ago is forgotten."""
STANDING_RETRY_MS = 1_000
"""When the door may be clear again: a client says who it is within its first round trips."""


class Door:
    """Who came and has not come in."""

    def __init__(self, rate: Rate, standing_at_most: int) -> None:
        self._rate = rate
        self._standing_at_most = standing_at_most
        self._full_at_ms: OrderedDict[str, int] = OrderedDict()
        self._standing: dict[str, int] = {}
        self._prefix_of: dict[SessionId, str] = {}

    def knock(self, session: SessionId, prefix: str, now_ms: int) -> int:
        """A new socket. Returns 0, or after how many milliseconds it may come again; then nothing is noted."""
        if self._standing.get(prefix, 0) >= self._standing_at_most:
            return STANDING_RETRY_MS
        full_at_ms, retry_after_ms = admit(self._rate, self._full_at_ms.pop(prefix, 0), now_ms)
        self._full_at_ms[prefix] = full_at_ms
        if len(self._full_at_ms) > PREFIXES_AT_MOST:
            self._full_at_ms.popitem(last=False)
        if not retry_after_ms:
            self._standing[prefix] = self._standing.get(prefix, 0) + 1
            self._prefix_of[session] = prefix
        return retry_after_ms

    def clear(self, session: SessionId) -> None:
        """They came in, or went. Fine to say twice."""
        prefix = self._prefix_of.pop(session, None)
        if prefix is None:
            return
        self._standing[prefix] -= 1
        if not self._standing[prefix]:
            del self._standing[prefix]
