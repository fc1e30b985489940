"""Is the database there, with the tables of this version?"""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from duologue.doctor.database import examine_database, judge
from duologue.doctor.finding import Finding, Level
from duologue.doctor.run import Subject
from duologue.settings import DatabaseSettings, Settings
from duologue.store.sql import Schema, SchemaState, address_of, upgrade
from tests.fakes import CountingRng, ManualClock, free_port


async def found(settings: Settings, *, dev: bool = False) -> Finding:
    (finding,) = await examine_database(Subject(settings, ManualClock(), CountingRng(), dev))
    return finding


@pytest.mark.parametrize(
    ("state", "level", "word"),
    [
        (SchemaState.CURRENT, Level.OK, ""),
        (SchemaState.MISSING, Level.PROBLEM, "duologue db upgrade"),
        (SchemaState.OLDER, Level.PROBLEM, "duologue db upgrade"),
        (SchemaState.NEWER, Level.PROBLEM, "that version"),
    ],
)
def test_the_tables_are_those_of_this_version(state: SchemaState, level: Level, word: str) -> None:
    """Or there is a command that helps."""
    finding = judge("PostgreSQL at db:5432/duologue", Schema(state, "0000"))

    assert (finding.level, word in finding.fix) == (level, True)


async def test_a_file_is_looked_at_and_not_made(tmp_path: Path) -> None:
    """Before and after the upgrade."""
    path = tmp_path / "duologue.sqlite"
    database = DatabaseSettings(url=SecretStr(f"sqlite:///{path}"))
    before, existed = await found(Settings(database=database)), path.exists()
    await upgrade(address_of(database, tmp_path))
    after = await found(Settings(database=database))

    assert (before.level, existed, after.level) == (Level.PROBLEM, False, Level.OK)


async def test_dev_makes_its_own(tmp_path: Path) -> None:
    """So nothing has to be done; `serve` has to be told."""
    settings = Settings(state_dir=tmp_path)

    assert (await found(settings, dev=True)).level is Level.OK
    assert (await found(settings)).what == "DATABASE_URL"


async def test_one_that_is_away_is_told_without_its_password() -> None:
    """With the place that was tried."""
    port = free_port()
    url = SecretStr(f"postgresql://duologue:db-secret@127.0.0.1:{port}/duologue")
    finding = await found(Settings(database=DatabaseSettings(url=url)))

    assert finding.level is Level.PROBLEM
    assert str(port) in finding.seen
    assert "db-secret" not in finding.seen + finding.fix
