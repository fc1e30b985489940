"""The way out of one connection: frames, the close, and for how long somebody who does not read is waited for.

It decides when that is too long, and not what follows. Pure but for what it does to the wire: time is given.
"""

from __future__ import annotations

from typing import Protocol

CLOSE_WITHIN_MS = 2_000
"""Who does not read would keep the socket, and so the seat, until the last byte went: not for long."""


class Wire(Protocol):
    """The far end of a connection: something that carries frames to one client."""

    def send(self, frame: bytes) -> None:
        """Write a text frame; what cannot go now is buffered. Nothing happens once it is closed."""

    def close(self, code: int, reason: str) -> None:
        """Close after what was sent. `Connection.closed` follows, late or never where nobody reads."""

    def abort(self) -> None:
        """Close now, whatever was not written yet. `Connection.closed` follows."""

    def unsent_bytes(self) -> int:
        """What is buffered on our side."""


class Outlet:
    """What of a connection is about its wire."""

    __slots__ = ("_behind", "_wire", "is_closing", "late_at_ms")

    def __init__(self) -> None:
        self._wire: Wire | None = None
        self._behind = False
        """The client has left more unread than the soft limit allows."""
        self.is_closing = False
        """We have said that we close, or answered that."""
        self.late_at_ms: int | None = None
        """So long the client has to read what there is."""

    @property
    def is_open(self) -> bool:
        """Whether there is a wire."""
        return self._wire is not None

    @property
    def takes(self) -> bool:
        """Whether anything may still be sent."""
        return self._wire is not None and not self.is_closing

    def opened(self, wire: Wire) -> None:
        """It is up."""
        self._wire = wire

    def gone(self) -> None:
        """It is no more."""
        self._wire = None

    def send(self, frame: bytes, unread_at_most: int) -> bool:
        """Write a frame, to one that takes it. False: of a client that is behind more is unread than this."""
        assert self._wire is not None, "ask `takes` first"
        self._wire.send(frame)
        return not self._behind or self._wire.unsent_bytes() <= unread_at_most

    def writable(self, *, yes: bool, late_at_ms: int) -> None:
        """The client reads, or is behind: then it has until `late_at_ms`. A close waits no longer for that."""
        self._behind = not yes
        if not self.is_closing:
            self.late_at_ms = None if yes else late_at_ms

    def close(self, code: int, reason: str, now_ms: int) -> bool:
        """Close after what was sent. False: nobody is there, or it is closing already."""
        if self._wire is None or self.is_closing:
            return False
        self.is_closing, self.late_at_ms = True, now_ms + CLOSE_WITHIN_MS
        self._wire.close(code, reason)
        return True

    def is_late(self, now_ms: int) -> bool:
        """Whether the client has not read in time; said once."""
        if self.late_at_ms is None or now_ms < self.late_at_ms:
            return False
        self.late_at_ms = None
        return True

    def let_go(self) -> bool:
        """End a close that nobody reads. False: it is not closing, so there is somebody to tell something first."""
        if self._wire is None or not self.is_closing:
            return False
        self._wire.abort()
        return True
