"""The errors of this project. Each says in fields what a caller can act on.

DuologueError
├── BackendError         a backend did not answer as it should
│   ├── Unavailable      it is out of reach; nothing happened
│   ├── OutcomeUnknown   it may have done it: repeat the same request id
│   └── Damaged          what it keeps under one name cannot be read; nothing happened, and all else works
├── Deposed              somebody else owns this shard by now
├── ProtocolViolation    a frame that breaks the protocol; lives in protocol/codec.py, beside its close code
├── TokenRefused         a token that opens nothing
├── RateLimited          too fast
├── ValueRefused         a facet has no such value; the text names those that it has
└── StartupError         this installation cannot start; the text names the fix
"""

from __future__ import annotations

from collections.abc import Sequence

NAMED_VALUES = 40
"""A message is no place for a thousand values."""


class DuologueError(Exception):
    """Base of all errors raised on purpose."""


class BackendError(DuologueError):
    """A backend did not answer as it should."""

    retry_after_ms = 1_000
    """When trying again makes sense."""


class Unavailable(BackendError):
    """A backend is out of reach; nothing happened, so trying again later is safe."""

    def __init__(self, backend: str, detail: str = "", retry_after_ms: int = 1000) -> None:
        super().__init__(f"{backend} is out of reach{': ' if detail else ''}{detail}")
        self.backend = backend
        self.retry_after_ms = retry_after_ms


class OutcomeUnknown(BackendError):
    """The connection broke between question and answer: repeat with the same request id."""


class Damaged(BackendError):
    """What the store keeps under this key is not what we write there. Nothing happened; only who needs it is hurt."""

    def __init__(self, key: str, what: str) -> None:
        super().__init__(f"{key} cannot be read: {what}. Somebody else wrote there; delete that key and all goes on")
        self.key = key


class Deposed(DuologueError):
    """The lease of this shard has passed on; nothing happened, and nothing of this owner counts any more."""


class TokenRefused(DuologueError):
    """A token that opens nothing; `expired` means that a newer one would."""

    def __init__(self, detail: str, *, expired: bool = False) -> None:
        super().__init__(detail)
        self.expired = expired


class RateLimited(DuologueError):
    """Too fast; the same request succeeds after `retry_after_ms`."""

    def __init__(self, retry_after_ms: int) -> None:
        super().__init__(f"too fast: try again in {retry_after_ms} ms")
        self.retry_after_ms = retry_after_ms


class ValueRefused(DuologueError):
    """A facet has no such value; the text names some that it has."""

    def __init__(self, facet: str, values: Sequence[str]) -> None:
        more = f" and {len(values) - NAMED_VALUES} more" if len(values) > NAMED_VALUES else ""
        super().__init__(f"{facet}: no such value. There are {', '.join(values[:NAMED_VALUES])}{more}.")
        self.facet = facet


class StartupError(DuologueError):
    """This installation cannot start as it is configured; the text names the fix."""
