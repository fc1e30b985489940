"""How a command is answered: `ok`, or refused with what the client can do about it."""

from __future__ import annotations

from duologue.gateway import events as ev
from duologue.protocol import server as s
from duologue.protocol.codes import ErrorCode


def done(id_: str) -> ev.Send:
    """It holds now."""
    return ev.Send(s.Reply(id_, ok=True))


def failed(id_: str, error: s.CommandError) -> ev.Send:
    """Somebody else found out why not."""
    return ev.Send(s.Reply(id_, ok=False, error=error))


def refused(id_: str, code: ErrorCode, message: str, retry_after_ms: int | None = None) -> ev.Send:
    """Not like this, or not now."""
    temporary = code is not ErrorCode.NOT_AVAILABLE
    return failed(id_, s.CommandError(code, message, temporary, retry_after_ms))


def too_fast(id_: str, retry_after_ms: int) -> ev.Send:
    """Later."""
    return refused(id_, ErrorCode.RATE_LIMITED, "too fast", retry_after_ms)


def not_active(id_: str) -> ev.Send:
    """Another session of this person speaks for them."""
    return refused(id_, ErrorCode.NOT_ACTIVE, "another session of yours is the active one: send auth to take over")
