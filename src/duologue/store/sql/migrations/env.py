"""What Alembic runs: the migrations, on the connection and in the transaction of `migrate.py`."""

from __future__ import annotations

from alembic import context

from duologue.store.sql.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE
)
context.run_migrations()
