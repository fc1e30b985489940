"""From what an operator set to a store that is fit for use."""

from __future__ import annotations

from pathlib import Path

import pytest

from duologue.clock import SystemRng
from duologue.errors import StartupError, Unavailable
from duologue.settings import DatabaseSettings, load
from duologue.store.sql import Address, address_of, open_safety_store, read_address, sqlite_address
from tests.builders import ANA, BEN
from tests.fakes import ManualClock
from tests.postgres import Postgres

URL = "postgresql://ana:hunter2@db/talk"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder and a clean environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)


async def opens(address: Address, *, migrate: bool) -> None:
    """Open and use it."""
    async with open_safety_store(address, 1, ManualClock(), SystemRng(), migrate=migrate) as store:
        assert await store.block(ANA, BEN, "Heron") is not None


def test_without_an_url_it_is_a_file_of_this_installation(tmp_path: Path) -> None:
    """So that nobody has to set up anything to try it."""
    assert address_of(load().database, tmp_path) == sqlite_address(tmp_path / "duologue.sqlite")


def test_the_usual_variable_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`DATABASE_URL`, and it does not show."""
    monkeypatch.setenv("DATABASE_URL", URL)
    settings = load()

    assert address_of(settings.database, tmp_path) == read_address(URL)
    assert "hunter2" not in repr(settings)


def test_the_url_can_be_in_a_file(tmp_path: Path) -> None:
    """As secrets are mounted into a container, often with a line feed at their end."""
    (tmp_path / "url").write_text(f"{URL}\n")

    assert address_of(DatabaseSettings(url_file=tmp_path / "url"), tmp_path) == read_address(URL)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(StartupError, match="url_file nowhere"):
        address_of(DatabaseSettings(url_file=Path("nowhere")), tmp_path)


def test_two_urls_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever won, somebody would look for their blocks in the other; neither is repeated."""
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setenv("DUOLOGUE_DATABASE__URL_FILE", "somewhere")
    with pytest.raises(StartupError, match="keep one of them") as refused:
        load()

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_tables_are_made_only_where_that_was_asked_for(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A server must not change a schema by itself: another version may still run beside it."""
    if kind == "sqlite":
        address = sqlite_address(tmp_path / "duologue.sqlite")
    else:
        address = read_address(await request.getfixturevalue("postgres").new_database())
    with pytest.raises(StartupError, match="duologue db upgrade"):
        await opens(address, migrate=False)

    await opens(address, migrate=True)
    await opens(address, migrate=False)


async def test_a_server_that_is_away_is_no_matter_of_configuration(postgres: Postgres) -> None:
    """It may come: whoever starts can wait for it."""
    address = read_address(await postgres.new_database())
    with postgres.down(), pytest.raises(Unavailable):
        await opens(address, migrate=False)
