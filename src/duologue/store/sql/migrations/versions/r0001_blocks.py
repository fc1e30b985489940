"""Blocks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Who does not want to meet whom."""
    op.create_table(
        "duologue_blocks",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(22), nullable=False, unique=True),
        sa.Column("blocker", sa.String, nullable=False),
        sa.Column("blocked", sa.String, nullable=False),
        sa.Column("alias", sa.String, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("blocker", "blocked", name="duologue_blocks_once"),
    )
