"""The tables come to be, are the ones that the code believes in, and an older program does not touch newer ones."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from duologue.errors import StartupError, Unavailable
from duologue.store.sql import Address, SchemaState, read_address, require_schema, schema_of, sqlite_address, upgrade
from duologue.store.sql.database import open_engine
from duologue.store.sql.migrate import MIGRATIONS
from duologue.store.sql.schema import NEEDED, REVISIONS, VERSION_TABLE, metadata
from tests.builders import ANA
from tests.contract.safety_stores import opened
from tests.postgres import Postgres


@pytest.fixture(params=["sqlite", "postgresql"])
async def address(request: pytest.FixtureRequest, tmp_path: Path) -> Address:
    """An empty database."""
    if request.param == "sqlite":
        return sqlite_address(tmp_path / "new folder" / "duo%20logue.sqlite")
    return read_address(await request.getfixturevalue("postgres").new_database())


async def execute(address: Address, statement: str) -> None:
    """Do something behind the back of all."""
    engine = open_engine(address)
    async with engine.begin() as connection:
        await connection.exec_driver_sql(statement)
    await engine.dispose()


async def test_an_upgrade_makes_all_tables(address: Address) -> None:
    """It tells what was there before; once more does nothing."""
    assert (await upgrade(address)).state is SchemaState.MISSING
    assert await schema_of(address) == (SchemaState.CURRENT, NEEDED, NEEDED)
    await require_schema(address)

    assert (await upgrade(address)).state is SchemaState.CURRENT


async def test_the_tables_are_those_that_the_code_believes_in(address: Address) -> None:
    """Migrations and `schema.py` say the same."""

    def differences(connection: Connection) -> list[object]:
        options = {"version_table": VERSION_TABLE}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    await upgrade(address)
    engine = open_engine(address)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


def test_all_revisions_are_listed() -> None:
    """So that a start needs no Alembic to know what there is."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]

    assert tuple(reversed(found)) == REVISIONS


async def test_several_upgrades_at_once_are_one(address: Address) -> None:
    """Every machine of a roll-out may run the command."""
    before = await asyncio.gather(*(upgrade(address) for _ in range(4)))

    assert sorted(schema.state for schema in before) == [SchemaState.CURRENT] * 3 + [SchemaState.MISSING]


async def test_an_upgrade_that_fails_changes_nothing(address: Address) -> None:
    """No half of it, and the next one works."""
    await upgrade(address)
    for table in ("duologue_blocks", "duologue_links", "duologue_reports"):
        await execute(address, f"DROP TABLE {table}")
    await execute(address, f"DELETE FROM {VERSION_TABLE}")
    await execute(address, "CREATE TABLE duologue_blocks (n INTEGER)")
    with pytest.raises(Unavailable, match="already exists"):
        await upgrade(address)
    assert (await schema_of(address)).state is SchemaState.MISSING

    await execute(address, "DROP TABLE duologue_blocks")
    await upgrade(address)
    await require_schema(address)


async def test_an_empty_database_names_the_command(postgres: Postgres) -> None:
    """And does not get its tables by itself."""
    address = read_address(await postgres.new_database())
    with pytest.raises(StartupError, match="duologue db upgrade"):
        await require_schema(address)
    async with opened(address) as store:
        with pytest.raises(Unavailable, match="duologue db upgrade"):
            await store.ping()

    assert (await schema_of(address)).state is SchemaState.MISSING


async def test_an_older_schema_names_the_command(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after an update of the program."""
    await upgrade(address)
    monkeypatch.setattr("duologue.store.sql.schema.REVISIONS", (*REVISIONS, "9999"))
    monkeypatch.setattr("duologue.store.sql.schema.NEEDED", "9999")
    with pytest.raises(StartupError, match="duologue db upgrade"):
        await require_schema(address)


async def test_the_tables_of_before_are_kept(address: Address) -> None:
    """Each revision builds on the one before."""
    await upgrade(address)
    for table in ("duologue_links", "duologue_reports"):
        await execute(address, f"DROP TABLE {table}")
    await execute(address, f"UPDATE {VERSION_TABLE} SET version_num = '0001'")
    assert (await schema_of(address)).state is SchemaState.OLDER
    await upgrade(address)

    async with opened(address) as store:
        assert await store.link_of(ANA) == await store.link_of(ANA)
        assert await store.blocks_of(ANA) == []


async def test_a_newer_schema_is_left_alone(address: Address) -> None:
    """An older program beside it would write what the newer one does not expect."""
    await upgrade(address)
    await execute(address, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    for run in (require_schema, upgrade):
        with pytest.raises(StartupError, match="newer version"):
            await run(address)

    assert (await schema_of(address)).revision == "9999"


async def test_a_server_that_is_not_there_is_told_in_its_words(postgres: Postgres) -> None:
    """The operator reads why; a password is not in it."""
    address = read_address(postgres.url("postgres", password="not-this-one"))
    with pytest.raises(Unavailable, match="password authentication failed") as refused:
        await schema_of(address)

    assert f"127.0.0.1:{postgres.port}/postgres" in str(refused.value)
    assert "not-this-one" not in str(refused.value)


async def test_a_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """Who blocked whom is nobody else's business."""
    address = sqlite_address(tmp_path / "duologue.sqlite")
    await upgrade(address)
    async with opened(address) as store:
        await store.ping()
        modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}

    assert modes == {0o600}
