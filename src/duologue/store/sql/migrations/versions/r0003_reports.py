"""Reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Who said what of whom."""
    op.create_table(
        "duologue_reports",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
        sa.Column("reporter", sa.String, nullable=False),
        sa.Column("reported", sa.String, nullable=False, index=True),
        sa.Column("alias", sa.String, nullable=False),
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("mode", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("lines", sa.String, nullable=False),
        sa.UniqueConstraint("reporter", "pair", name="duologue_reports_once"),
    )
