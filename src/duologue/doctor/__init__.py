"""`duologue doctor`: looks at all that Duologue needs, judges it, and names the fix.

To look is I/O and belongs to the adapters (`store/redis/examine.py`, `media/examine.py`, `system.py`); to judge is
pure: facts in, findings out. It changes nothing that outlives it.

    finding.py        what a check says
    run.py            checks side by side, each with a time-out
    checks.py         the list of checks: a new one is a line there
    configuration.py  settings that contradict each other, or are no good on the internet
    system.py         this machine: files, ports, the state directory, the key
    redis.py          the store of `duologue serve`
    database.py       what outlives the rest
    livekit.py        the media servers
    webhook.py        whether they tell us what happens
    report.py         findings as text and as JSON
"""
