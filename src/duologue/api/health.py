"""How this process is: *live* means that its loop answers, *ready* that it can serve people."""

from __future__ import annotations

import msgspec
from litestar import get
from litestar.di import NamedDependency


class Health(msgspec.Struct, frozen=True):
    """`store` is said out loud: memory must never be mistaken for Redis."""

    ready: bool
    store: str


@get("/health/live", sync_to_thread=False)
def live() -> dict[str, bool]:
    """The loop answers."""
    return {"live": True}


@get("/health/ready", sync_to_thread=False)
def ready(store_kind: NamedDependency[str]) -> Health:
    """This process can serve people."""
    return Health(ready=True, store=store_kind)
