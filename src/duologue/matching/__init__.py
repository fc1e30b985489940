"""Who fits whom: values in, decisions out.

`ticket.py` is somebody who waits, `profile.py` what they are and accept in terms of facets,
`pool.py` holds the waiting of one cohort and finds partners, `widen.py` knows when which wish
loosens, `estimate.py` what to tell people about their wait.
Must not know clocks, stores or sockets: `now_ms` is an argument everywhere.
"""
