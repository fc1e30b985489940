"""The ledger in one process: for `duologue dev` and tests, and the reference for what a store does.

Atomic because nothing here awaits between reading and writing. What a pair does next is decided by
`pairs.life`; `ledger.py` keeps the records, applies the effects and appends the news, `leases.py`
knows who owns what, `stream.py` is an append-only list, `store.py` is the port over them.
It is never a fallback: only the composition root picks it, and only where it was asked for.
"""

from duologue.store.memory.limits import MemoryLimiter
from duologue.store.memory.store import MemoryStore

__all__ = ["MemoryLimiter", "MemoryStore"]
