"""A database that is down, hangs, comes back or does not let us in, and what is made of it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from duologue.errors import BackendError, OutcomeUnknown, Unavailable
from duologue.ports import SafetyStore
from duologue.store.sql import Address, Database, SqlSafetyStore, read_address, sqlite_address, upgrade
from duologue.store.sql.database import ANSWER_WITHIN_MS, CONNECTIONS
from tests.builders import ANA, BEN
from tests.contract.safety_stores import opened
from tests.postgres import Postgres

SOON_S = ANSWER_WITHIN_MS / 1000 + 0.5


@pytest.fixture
async def address(postgres: Postgres) -> Address:
    """A new database with all tables."""
    address = read_address(await postgres.new_database())
    await upgrade(address)
    return address


@pytest.fixture
async def store(address: Address) -> AsyncIterator[SqlSafetyStore]:
    """A store over it."""
    async with opened(address) as store:
        yield store


async def until_it_works(store: SafetyStore) -> None:
    """Ask again for a while."""
    async with asyncio.timeout(10):
        while True:
            try:
                await store.ping()
                return
            except BackendError:
                await asyncio.sleep(0.05)


async def test_a_database_that_is_down_is_unavailable(store: SqlSafetyStore, postgres: Postgres) -> None:
    """Whether something is asked or changed; nothing happened."""
    with postgres.down():
        for asking in (store.blocked_by(ANA), store.block(ANA, BEN, "Heron"), store.ping()):
            with pytest.raises(Unavailable):
                await asking

    await until_it_works(store)
    assert await store.blocked_by(ANA) == frozenset()


async def test_a_restart_in_mid_use_is_not_noticed(store: SqlSafetyStore, postgres: Postgres) -> None:
    """Connections that broke meanwhile are found out before anything is asked over them."""
    await asyncio.gather(*(store.blocked_by(ANA) for _ in range(CONNECTIONS)))
    with postgres.down():
        pass

    assert await store.block(ANA, BEN, "Heron") is not None
    assert await asyncio.gather(*(store.blocked_by(ANA) for _ in range(CONNECTIONS))) == [{BEN}] * CONNECTIONS


async def test_a_database_that_hangs_hangs_nobody(store: SqlSafetyStore, postgres: Postgres) -> None:
    """Who asks is answered in time, and while one tries, all others are turned away at once."""
    await asyncio.gather(*(store.blocked_by(ANA) for _ in range(CONNECTIONS)))
    with postgres.hung():
        began = time.monotonic()
        first = await asyncio.gather(*(store.blocked_by(ANA) for _ in range(20)), return_exceptions=True)
        assert time.monotonic() - began < SOON_S
        assert [type(answer) for answer in first] == [Unavailable] * 20

        probe = asyncio.ensure_future(store.blocked_by(ANA))
        await asyncio.sleep(0)
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await store.block(ANA, BEN, "Heron")
        assert time.monotonic() - began < 0.5
        with pytest.raises(Unavailable):
            await probe

    await until_it_works(store)
    assert await store.blocked_by(ANA) == frozenset()


async def test_a_lock_that_is_held_hangs_nobody(store: SqlSafetyStore, postgres: Postgres, address: Address) -> None:
    """Somebody's forgotten transaction, or a migration that takes long."""
    import asyncpg

    other = await asyncpg.connect(address.target)
    async with other.transaction():
        await other.execute("LOCK TABLE duologue_blocks")
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await store.block(ANA, BEN, "Heron")
        assert time.monotonic() - began < SOON_S
    await other.close()

    await until_it_works(store)
    assert await store.blocked_by(ANA) == frozenset()


async def test_a_broken_commit_may_have_happened(
    store: SqlSafetyStore, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then, and only then, the outcome is unknown; asking again settles it."""
    from sqlalchemy.ext.asyncio import AsyncConnection

    commit = AsyncConnection.commit

    async def commit_and_break(connection: AsyncConnection) -> None:
        await commit(connection)
        raise ConnectionResetError

    monkeypatch.setattr(AsyncConnection, "commit", commit_and_break)
    with pytest.raises(OutcomeUnknown):
        await store.block(ANA, BEN, "Heron")
    monkeypatch.undo()

    again = await store.block(ANA, BEN, "Heron")
    assert again is not None
    assert await store.blocks_of(ANA) == [again]


async def test_a_wrong_password_shows_nothing(address: Address, postgres: Postgres) -> None:
    """Neither to who asks nor in the log: no password, no user, no words of the server."""
    url = postgres.url(address.target.rpartition("/")[2], password="not-this-one")
    with capture_logs() as logs, pytest.raises(Unavailable) as refused:
        async with opened(read_address(url)) as store:
            await store.ping()

    assert "InvalidPassword" in str(refused.value)
    told = f"{refused.value!r} {logs} {read_address(url)!r}"
    assert "not-this-one" not in told
    assert "duologue:" not in told
    assert "127.0.0.1" not in str(refused.value)


async def test_faults_show_no_people(store: SqlSafetyStore, postgres: Postgres, address: Address) -> None:
    """What the library says of a statement that failed has its values in it; ours has not."""
    await postgres.execute(address.target.rpartition("/")[2], "DROP TABLE duologue_blocks")
    with capture_logs() as logs, pytest.raises(Unavailable) as refused:
        await store.block(ANA, BEN, "Heron")

    assert refused.value.__cause__ is not None
    told = f"{refused.value} {refused.value.__cause__} {logs}"
    assert f"'{BEN}'" not in told
    assert "Heron" not in told


async def test_the_log_says_once_that_it_is_gone_and_back(store: SqlSafetyStore, postgres: Postgres) -> None:
    """Not once for each person who comes in."""
    with capture_logs() as logs:
        with postgres.down():
            for _ in range(5):
                with pytest.raises(Unavailable):
                    await store.blocked_by(ANA)
        await until_it_works(store)

    assert [line["event"] for line in logs] == ["backend_down", "backend_up"]


async def test_closing_leaves_nothing_behind(address: Address, postgres: Postgres) -> None:
    """Also when the database hangs: no task, no connection."""
    before = asyncio.all_tasks()
    with postgres.hung():
        async with opened(address) as store:
            with pytest.raises(Unavailable):
                await store.blocked_by(ANA)
    async with asyncio.timeout(10):
        while asyncio.all_tasks() - before:
            await asyncio.sleep(0.05)


async def test_a_locked_file_hangs_nobody(tmp_path: Path) -> None:
    """Another process, such as a backup, holds the file: readers go on, a writer waits a little and is told."""
    address = sqlite_address(tmp_path / "duologue.sqlite")
    await upgrade(address)
    holder = sqlite3.connect(address.target, isolation_level=None)
    async with opened(address) as store:
        holder.execute("BEGIN IMMEDIATE")
        assert await store.blocked_by(ANA) == frozenset()
        began = time.monotonic()
        with pytest.raises(Unavailable, match="locked"):
            await store.block(ANA, BEN, "Heron")
        assert time.monotonic() - began < SOON_S

        holder.rollback()
        assert await store.block(ANA, BEN, "Heron") is not None
    holder.close()


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    """In the words of SQLite."""
    path = tmp_path / "duologue.sqlite"
    path.write_bytes(b"something else" * 100)
    database = Database(sqlite_address(path))
    with pytest.raises(Unavailable, match="not a database"):
        await database.read(lambda connection: connection.exec_driver_sql("SELECT 1"))
    await database.close()
