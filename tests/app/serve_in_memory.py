"""`duologue serve` whose processes have a memory store each, instead of one Redis: a program for tests.

The store is out of reach while the file that STORE_AWAY names exists.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from duologue.app import redis
from duologue.cli import main
from duologue.errors import Unavailable
from duologue.ports import Clock, Limiter, Rng, Store
from duologue.settings import RedisSettings
from duologue.store.memory import MemoryLimiter, MemoryStore


@asynccontextmanager
async def open_memory(_: RedisSettings, clock: Clock, __: Rng) -> AsyncIterator[tuple[Store, Limiter]]:
    """Instead of Redis."""
    if Path(os.environ["STORE_AWAY"]).exists():
        raise Unavailable("Redis", "connection refused")
    yield MemoryStore(clock), MemoryLimiter(clock)


if __name__ == "__main__":
    vars(redis)["open_store"] = open_memory
    vars(importlib.import_module("duologue.cli.serve"))["PROGRAM"] = (sys.executable, "-P", __file__)
    main()
