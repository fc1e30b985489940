"""The safety store of a process: what must outlive everything else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from duologue.app.keys import state_dir
from duologue.errors import StartupError, Unavailable
from duologue.ports import Clock, Rng, SafetyStore
from duologue.settings import Settings
from duologue.store.sql import Address, address_of, connect_safety_store, prepare


@asynccontextmanager
async def own_safety_store(settings: Settings, clock: Clock, rng: Rng) -> AsyncIterator[SafetyStore]:
    """The database that was named, or a file of this installation, whose tables we look after ourselves.

    Raises `StartupError`.
    """
    address = address_of(settings.database, state_dir(settings))
    await _prepare(address, migrate=address.kind == "sqlite")
    async with connect_safety_store(address, settings.database.connections, clock, rng) as safety:
        yield safety


async def check_shared(settings: Settings) -> None:
    """There has to be a database that all processes share, with the tables of this version. Raises `StartupError`."""
    await _prepare(shared_address(settings), migrate=False)


@asynccontextmanager
async def shared_safety_store(settings: Settings, clock: Clock, rng: Rng) -> AsyncIterator[SafetyStore]:
    """The one of all processes. It may be away: what the ledger knows holds meanwhile. Raises `StartupError`."""
    async with connect_safety_store(shared_address(settings), settings.database.connections, clock, rng) as safety:
        yield safety


def shared_address(settings: Settings) -> Address:
    """Where it is. Raises `StartupError` when nobody said."""
    if settings.database.read_url() is None:
        raise StartupError(
            "DATABASE_URL is not set, and blocks have to outlive the processes that hear of them. "
            "Set it to a PostgreSQL (postgresql://USER:PASSWORD@HOST/NAME), or on a single machine to a file "
            "(sqlite:////var/lib/duologue/duologue.sqlite), and run `duologue db upgrade`."
        )
    return address_of(settings.database, state_dir(settings))


async def _prepare(address: Address, *, migrate: bool) -> None:
    try:
        await prepare(address, migrate=migrate)
    except Unavailable as error:
        raise StartupError(f"{error}. Start it, or correct DATABASE_URL") from error
