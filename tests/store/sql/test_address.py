"""Where the database is."""

from __future__ import annotations

import pytest

from duologue.errors import StartupError
from duologue.store.sql import read_address

SECRET = "hunter2"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_the_usual_names_of_postgresql_are_taken(scheme: str) -> None:
    """As other programs write them into `DATABASE_URL`."""
    address = read_address(f"{scheme}://ana:{SECRET}@db.example.org/talk?sslmode=require")

    assert address.kind == "postgresql"
    assert address.target == f"postgresql://ana:{SECRET}@db.example.org/talk?sslmode=require"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"postgresql://ana:{SECRET}@db:6543/talk", "PostgreSQL at db:6543/talk"),
        (f"postgresql://ana:{SECRET}@/talk?host=/run/postgresql", "PostgreSQL at /run/postgresql:5432/talk"),
        ("postgresql://db/talk", "PostgreSQL at db:5432/talk"),
        ("sqlite:///talk.sqlite", "SQLite in talk.sqlite"),
        ("sqlite:////var/lib/talk.sqlite", "SQLite in /var/lib/talk.sqlite"),
    ],
)
def test_what_may_be_shown_has_no_secret(url: str, shown: str) -> None:
    """Neither in words nor in a traceback."""
    address = read_address(url)

    assert address.shown == shown
    assert SECRET not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://ana:{SECRET}@db/talk",
        f"postgresql://ana:{SECRET}@db",
        f"postgresql://ana:{SECRET}/@db/talk",
        f"postgresql://ana:12/{SECRET}@db/talk",
        f"postgresql://ana:#{SECRET}@db/talk",
        f"postgresql://ana:x@db:{SECRET}/talk",
        f"postgresql://[{SECRET}/talk",
        SECRET,
        "",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://talk.sqlite",
        "sqlite:///talk.sqlite?mode=ro",
    ],
)
def test_a_url_that_cannot_be_right_is_refused_without_repeating_it(url: str) -> None:
    """Whatever stands in it may be the password."""
    with pytest.raises(StartupError) as refused:
        read_address(url)

    assert SECRET not in str(refused.value)
    assert "sqlite:///" in str(refused.value)
