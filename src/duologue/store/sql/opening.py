"""From the settings to a safety store that is fit for use, or a word about what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from duologue.ports import Clock, Rng
from duologue.settings import DatabaseSettings
from duologue.store.sql.address import Address, read_address, sqlite_address
from duologue.store.sql.database import Database
from duologue.store.sql.migrate import require_schema, upgrade
from duologue.store.sql.safety import SqlSafetyStore

log = structlog.get_logger()

FILE_NAME = "duologue.sqlite"


def address_of(settings: DatabaseSettings, state_dir: Path) -> Address:
    """The database that the operator named, or a file in `state_dir`. Raises `StartupError`."""
    url = settings.read_url()
    return sqlite_address(state_dir / FILE_NAME) if url is None else read_address(url)


async def prepare(address: Address, *, migrate: bool) -> None:
    """See to it that the tables are those of this version; with `migrate`, older ones are brought up to date.

    Raises `StartupError` for tables that do not fit, `Unavailable` while nobody is there.
    """
    if migrate:
        await upgrade(address)
    await require_schema(address)


@asynccontextmanager
async def open_safety_store(
    address: Address, connections: int, clock: Clock, rng: Rng, *, migrate: bool
) -> AsyncIterator[SqlSafetyStore]:
    """`prepare`, then `connect_safety_store`."""
    await prepare(address, migrate=migrate)
    async with connect_safety_store(address, connections, clock, rng) as safety:
        yield safety


@asynccontextmanager
async def connect_safety_store(
    address: Address, connections: int, clock: Clock, rng: Rng
) -> AsyncIterator[SqlSafetyStore]:
    """A store over this database, closed at the end. It connects once somebody asks."""
    log.info("database_opened", database=address.shown)
    database = Database(address, connections)
    try:
        yield SqlSafetyStore(database, clock, rng)
    finally:
        await database.close()
