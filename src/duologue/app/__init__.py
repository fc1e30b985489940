"""The composition root: the only place that picks adapters and joins them to roles.

`roles.py` composes one role, for the real world and for the simulated one, `together.py` those that share a process.
`dev.py` is one process with everything and the store in memory, `serve.py` one of many on Redis, `parent.py` what
starts those. `media.py`, `store.py`, `keys.py` and `places.py` read the settings for them, `process.py` is what every
process of ours needs.
"""
