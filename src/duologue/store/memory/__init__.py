"""The ledger in one process: for `duologue dev`, tests and the simulation.

Atomic because nothing here awaits between reading and writing. `store.py` keeps the records that the transitions of
`store/ledger` work on, `stream.py` is an append-only list, `limits.py` rates across connections.
It is never a fallback: only the composition root picks it, and only where it was asked for.
"""

from duologue.store.memory.limits import MemoryLimiter
from duologue.store.memory.store import MemoryStore

__all__ = ["MemoryLimiter", "MemoryStore"]
