"""The real roles on virtual time, in one process, from one seed.

`virtual.py` is the loop whose clock jumps, `process.py` a role's process that can be paused and killed, `faulty.py` its
view of store and media, `network.py` the links between people and gateways, `person.py` somebody, `mind.py` what they
do of their own accord, `town.py` puts them together, `trouble.py` is what goes wrong, `checks.py` looks at the ledger
after each step, `planted.py` has bugs that the checks must find, `run.py` runs seeds and reports. Everything that
happens follows from the seed (and a fixed PYTHONHASHSEED), so a run that went wrong can be watched again.

Learned from FoundationDB's simulator and TigerBeetle's VOPR.
"""
