"""How many may stand at the door: sockets that have not said yet who they are, by address prefix.

Kept in this process, because its sockets are. What is forgotten for lack of room is admitted: this
limiter fails open, as the number of connections as a whole has a bound of its own. Pure: time is given.
"""

from __future__ import annotations

from typing import NamedTuple

from duologue.ids import SessionId
from duologue.safety.ratelimit import Buckets, Rate, Recent

PATIENCE_MS = 1_000
"""Honest clients say who they are within their first round trips; who stands longer makes room for newcomers."""
SOONEST_MS, LATEST_MS = 1_000, 60_000
"""Within these, those who are sent away are told to come again, one after another."""


class Knock(NamedTuple):
    """What becomes of a new socket."""

    retry_after_ms: int = 0
    """After how long it may come again; 0: it may stay."""
    makes_room: SessionId | None = None
    """Who has to go for it."""


class Door:
    """Who came and has not come in."""

    def __init__(self, rate: Rate, standing_at_most: int) -> None:
        self._rate = rate
        self._standing_at_most = standing_at_most
        self._buckets = Buckets()
        self._promised_ms = Recent()
        self._standing: dict[str, dict[SessionId, int]] = {}
        self._prefix_of: dict[SessionId, str] = {}

    def knock(self, session: SessionId, prefix: str, now_ms: int) -> Knock:
        """A new socket. Who is sent away is not noted."""
        standing = self._standing.get(prefix, {})
        longest = next(iter(standing), None)
        if len(standing) < self._standing_at_most:
            longest = None
        elif longest is not None and standing[longest] > now_ms - PATIENCE_MS:
            return Knock(self._promise(prefix, now_ms))
        if self._buckets.admit(prefix, self._rate, now_ms):
            return Knock(self._promise(prefix, now_ms))
        self._standing.setdefault(prefix, {})[session] = now_ms
        self._prefix_of[session] = prefix
        return Knock(makes_room=longest)

    def clear(self, session: SessionId) -> None:
        """They came in, or went. Fine to say twice."""
        prefix = self._prefix_of.pop(session, None)
        if prefix is None:
            return
        del self._standing[prefix][session]
        if not self._standing[prefix]:
            del self._standing[prefix]

    def _promise(self, prefix: str, now_ms: int) -> int:
        """When to come again: each of a crowd a little later than the one before, or they would all be back at once."""
        at_ms = max(now_ms + SOONEST_MS, self._promised_ms.get(prefix) + self._rate.interval_ms)
        at_ms = min(at_ms, now_ms + LATEST_MS)
        self._promised_ms.put(prefix, at_ms)
        return at_ms - now_ms
