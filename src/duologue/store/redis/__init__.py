"""The ledger on Redis or Valkey, for any number of processes. The only package that knows Redis.

A transition reads its records, decides in `store/ledger` as any other store does, and writes by one script that
changes nothing unless all that was read is still as it was read; else it decides again. So Redis does what only Redis
can (be one place, in one order) and the processes, of which there can be any number, do the rest.

    keys.py      the names of all keys, and how long each lives
    lua/         load: records and what they link to; apply: write if nothing changed; admit: a rate limit
    scripts.py   the same as typed calls
    tables.py    the records of one kind: what was loaded, looked at and changed
    records.py   `Records` over what was loaded, and what follows from how they were changed
    line.py      one connection, on which whatever is asked in a turn of the loop goes out together
    primary.py   where the primary is (one server, Sentinel, Cluster), connections to it, and what its errors mean
    format.py    in which form all of this is kept, and that two versions agree on it
    people.py    the records of many people, read past the transitions
    readers.py   waiting for streams
    store.py     the port
"""

from duologue.store.redis.limits import RedisLimiter
from duologue.store.redis.store import RedisStore, open_store

__all__ = ["RedisLimiter", "RedisStore", "open_store"]
