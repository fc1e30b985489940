"""What must outlive the ledger, in SQLite or PostgreSQL: the only package that knows SQLAlchemy.

`address.py` takes a URL apart, `database.py` is the door with its deadlines, `schema.py` the tables, `migrate.py` and
`migrations/` make them, `safety.py` is the port, `opening.py` puts it together for a role.
"""

from duologue.store.sql.address import Address, read_address, sqlite_address
from duologue.store.sql.database import CONNECTIONS, Database
from duologue.store.sql.migrate import require_schema, schema_of, upgrade
from duologue.store.sql.opening import address_of, connect_safety_store, open_safety_store, prepare
from duologue.store.sql.safety import SqlSafetyStore
from duologue.store.sql.schema import Schema, SchemaState

__all__ = [
    "CONNECTIONS",
    "Address",
    "Database",
    "Schema",
    "SchemaState",
    "SqlSafetyStore",
    "address_of",
    "connect_safety_store",
    "open_safety_store",
    "prepare",
    "read_address",
    "require_schema",
    "schema_of",
    "sqlite_address",
    "upgrade",
]
