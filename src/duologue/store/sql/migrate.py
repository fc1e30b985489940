"""Bringing the tables up to date, and telling whether they are.

Alembic does the work, run by code: nobody needs an `alembic.ini`. It is imported only where something is upgraded.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy import text as sql

from duologue.errors import StartupError, Unavailable
from duologue.store.sql.address import Address
from duologue.store.sql.database import FAULTS, explained, open_engine
from duologue.store.sql.schema import Schema, SchemaState, look

log = structlog.get_logger()

MIGRATIONS = Path(__file__).parent / "migrations"
ONE_AT_A_TIME = sql("SELECT pg_advisory_xact_lock(hashtextextended('duologue.schema', 0))")

Answer = TypeVar("Answer")


async def schema_of(address: Address) -> Schema:
    """What is there. Raises `Unavailable`, with the reason in the server's words."""
    if _is_no_file(address):
        return Schema(SchemaState.MISSING, None)
    return await _run(address, look, writes=False)


async def upgrade(address: Address) -> Schema:
    """Bring the tables up to date, wholly or not at all, one at a time however many try. What was there before.

    Raises `Unavailable`, or `StartupError` for tables of a later version.
    """
    if address.kind == "sqlite":
        _make_private(Path(address.target))
    before = await _run(address, _upgrade, writes=True)
    if before.state is not SchemaState.CURRENT:
        log.info("database_upgraded", database=address.shown, before=before.revision, now=before.needed)
    return before


async def require_schema(address: Address) -> None:
    """Raises `StartupError` that names the command unless the tables are what this version needs; or `Unavailable`."""
    schema = await schema_of(address)
    if schema.state is SchemaState.NEWER:
        raise newer(schema)
    if schema.state is not SchemaState.CURRENT:
        what = "has no tables of Duologue yet" if schema.state is SchemaState.MISSING else "is of an older version"
        raise StartupError(f"the database ({address.shown}) {what}. Run: duologue db upgrade")


def newer(schema: Schema) -> StartupError:
    """Tables that this version does not know."""
    return StartupError(
        f"the database is of a newer version of Duologue (revision {schema.revision}, this one knows {schema.needed}). "
        "Run that version, or restore a backup from before its `duologue db upgrade`."
    )


async def _run(address: Address, work: Callable[[Connection], Answer], *, writes: bool) -> Answer:
    """On a connection of its own. A migration takes its time, so that no statement has a deadline there."""
    engine = open_engine(address, statement_s=None) if writes else open_engine(address)
    try:
        async with engine.connect() as connection:
            await connection.execution_options(writes=writes)
            answer = await connection.run_sync(work)
            await connection.commit()
            return answer
    except FAULTS as error:
        raise Unavailable(f"the database ({address.shown})", explained(error)) from error
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> Schema:
    if connection.dialect.name == "postgresql":
        connection.execute(ONE_AT_A_TIME)
    before = look(connection)
    if before.state is SchemaState.NEWER:
        raise newer(before)
    if before.state is not SchemaState.CURRENT:
        from alembic import command
        from alembic.config import Config

        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        command.upgrade(config, "head")
    return before


def _is_no_file(address: Address) -> bool:
    """Then to look inside would make one."""
    return address.kind == "sqlite" and not Path(address.target).exists()


def _make_private(path: Path) -> None:
    """Who blocked whom is nobody else's business; SQLite gives the files beside this one the same mode."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StartupError(f"the database {path} cannot be made: {error.strerror}") from error
