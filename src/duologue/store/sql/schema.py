"""The tables, and which revision of them this version needs.

`migrations/` makes them; a test compares the two. Names begin with `duologue_`, so that a database may be shared with
whatever the operator already runs.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, String, Table, UniqueConstraint, inspect
from sqlalchemy import text as sql

VERSION_TABLE = "duologue_schema"
REVISIONS = ("0001", "0002", "0003")
"""All that there are, in order. The last one is what this version needs."""
NEEDED = REVISIONS[-1]

metadata = MetaData()

blocks = Table(
    "duologue_blocks",
    metadata,
    Column("n", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", String(22), nullable=False, unique=True),
    Column("blocker", String, nullable=False),
    Column("blocked", String, nullable=False),
    Column("alias", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    UniqueConstraint("blocker", "blocked", name="duologue_blocks_once"),
)
"""Who does not want to meet whom. `n` orders the blocks of a person."""

reports = Table(
    "duologue_reports",
    metadata,
    Column("n", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
    Column("reporter", String, nullable=False),
    Column("reported", String, nullable=False, index=True),
    Column("alias", String, nullable=False),
    Column("pair", String, nullable=False),
    Column("tenant", String, nullable=False),
    Column("mode", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("text", String, nullable=False),
    Column("lines", String, nullable=False),
    UniqueConstraint("reporter", "pair", name="duologue_reports_once"),
)
"""What somebody said of a partner, for the operator. `lines`: what they had written to each other, as JSON."""


links = Table(
    "duologue_links",
    metadata,
    Column("person", String, primary_key=True),
    Column("link", String(22), nullable=False, unique=True),
)
"""By what somebody may be called."""


class SchemaState(StrEnum):
    """How the tables that are there fit this version."""

    CURRENT = "current"
    MISSING = "missing"
    """None are there yet."""
    OLDER = "older"
    """`duologue db upgrade` brings them up to date."""
    NEWER = "newer"
    """A later version of Duologue made them."""


class Schema(NamedTuple):
    """What was found."""

    state: SchemaState
    revision: str | None
    needed: str = NEEDED


def look(connection: Connection) -> Schema:
    """Which revision the tables are of."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return Schema(SchemaState.MISSING, None)
    revision = connection.execute(sql(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    if revision is None:
        return Schema(SchemaState.MISSING, None)
    if revision not in REVISIONS:
        return Schema(SchemaState.NEWER, revision)
    return Schema(SchemaState.CURRENT if revision == NEEDED else SchemaState.OLDER, revision)
