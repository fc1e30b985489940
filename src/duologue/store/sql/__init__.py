"""What must outlive the ledger, in SQLite or PostgreSQL: the only package that knows SQLAlchemy.

`address.py` takes a URL apart, `database.py` is the door with its deadlines, `schema.py` the tables, `migrate.py` and
`migrations/` make them, `safety.py` is the port.
"""

from duologue.store.sql.address import Address, read_address, sqlite_address
from duologue.store.sql.database import CONNECTIONS, Database
from duologue.store.sql.migrate import require_schema, schema_of, upgrade
from duologue.store.sql.safety import SqlSafetyStore
from duologue.store.sql.schema import Schema, SchemaState

__all__ = [
    "CONNECTIONS",
    "Address",
    "Database",
    "Schema",
    "SchemaState",
    "SqlSafetyStore",
    "read_address",
    "require_schema",
    "schema_of",
    "sqlite_address",
    "upgrade",
]
