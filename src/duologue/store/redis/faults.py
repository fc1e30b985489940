"""What the errors of Redis mean for a caller: nothing happened, or nobody knows.

Scripts check everything before they write anything, so an error in the answer to one means that nothing happened.
"""

from __future__ import annotations

from collections.abc import Sequence

from redis import exceptions as redis

from duologue.errors import BackendError, Damaged, OutcomeUnknown, Unavailable

REPLIES = (redis.ResponseError, redis.BusyLoadingError, redis.AuthenticationError, redis.AuthorizationError)
"""Errors that Redis answered with: the connection is as good as before."""
ELSEWHERE = ("readonly", "moved", "masterdown", "loading", "clusterdown")
"""Kinds after which it is worth looking for the primary anew."""

_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (redis.ReadOnlyError, "readonly"),
    (redis.MovedError, "moved"),
    (redis.AskError, "moved"),
    (redis.TryAgainError, "moved"),
    (redis.MasterDownError, "masterdown"),
    (redis.ClusterDownError, "clusterdown"),
    (redis.BusyLoadingError, "loading"),
    (redis.OutOfMemoryError, "oom"),
    (redis.NoScriptError, "noscript"),
    (redis.NoPermissionError, "noperm"),
    (redis.AuthorizationError, "noperm"),
    (redis.AuthenticationError, "noauth"),
    (redis.TimeoutError, "timeout"),
    (TimeoutError, "timeout"),
)
_WORDS = ("MISCONF", "NOREPLICAS", "BUSY", "NOAUTH", "WRONGPASS", "UNKILLABLE", "WRONGTYPE", "BROKEN")

_ADVICE = {
    "oom": "it is out of memory: raise maxmemory, and keep maxmemory-policy at noeviction",
    "misconf": "it cannot write its snapshots: look at its disk and its log",
    "noreplicas": "too few replicas follow it (min-replicas-to-write)",
    "noauth": "it refuses our user or password: check REDIS_URL",
    "wrongpass": "it refuses our user or password: check REDIS_URL",
    "noperm": "its ACL does not allow our user what we need: see docs/howto/redis.md",
    "readonly": "it is a replica: the primary is somewhere else by now",
    "loading": "it is still loading its data",
    "timeout": "no answer in time",
}


def kind_of(error: Exception) -> str:
    """One word for it, of a small closed set: for counting."""
    for each, kind in _KINDS:
        if isinstance(error, each):
            return kind
    word = str(error).split(" ", 1)[0]
    if word in _WORDS:
        return word.lower()
    return "reply" if isinstance(error, redis.ResponseError) else "connection"


def nothing_happened(error: Exception, command: Sequence[object] = ()) -> BackendError:
    """As our callers know it. `command`: what was asked, where that is known."""
    kind = kind_of(error)
    if kind in ("broken", "wrongtype"):
        named = str(error).split(" ")[1:2] if kind == "broken" else _keys_of(command)
        return Damaged(", ".join(named), "it is of another type than ours, or longer")
    return Unavailable("Redis", _reason(error))


def nobody_knows(error: Exception) -> BackendError:
    """The question was sent, and no answer came."""
    return OutcomeUnknown(f"the answer of Redis was lost: {_reason(error)}")


def _reason(error: Exception) -> str:
    kind = kind_of(error)
    return _ADVICE.get(kind) or f"{kind}: {error}"


def _keys_of(command: Sequence[object]) -> list[str]:
    return [part for part in command if isinstance(part, str) and part.startswith("{")]
