"""The stores behind `ports.Store`.

`ledger/` is what is true and how it changes, the same in all of them; `port.py` is the port over its transitions;
`memory/` keeps the ledger in one process, `redis/` for any number of them.
"""
