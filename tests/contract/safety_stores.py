"""The safety stores that the contract suite runs on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import NamedTuple

from duologue.clock import SystemRng
from duologue.ports import SafetyStore
from duologue.store.sql import Address, Database, SqlSafetyStore
from tests.fakes import ManualClock


class SafetyUnderTest(NamedTuple):
    """A store, its clock, and how to open it once more as another process would."""

    store: SafetyStore
    clock: ManualClock
    reopened: Callable[[], AbstractAsyncContextManager[SafetyStore]]


@asynccontextmanager
async def opened(address: Address, clock: ManualClock | None = None) -> AsyncIterator[SqlSafetyStore]:
    """A store over a database."""
    database = Database(address)
    try:
        yield SqlSafetyStore(database, clock or ManualClock(), SystemRng())
    finally:
        await database.close()
