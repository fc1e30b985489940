"""Personal links."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """By what somebody may be called."""
    op.create_table(
        "duologue_links",
        sa.Column("person", sa.String, primary_key=True),
        sa.Column("link", sa.String(22), nullable=False, unique=True),
    )
