"""Who fits whom: values in, decisions out.

`ticket.py` is somebody who waits, `rules.py` what the operator decided, `profile.py` what a ticket
is and accepts in terms of facets, `widen.py` when which wish loosens. `pool.py` holds the waiting of
one cohort and finds partners: through `classes.py`, with `blocks.py` (facet bitsets), `overflow.py`
(what has no room there) and `line.py` (the people of a class), by `score.py`; `due.py` says who is
looked at again when. `estimate.py` is what to tell people about their wait, `explain.py` what to
tell the operator.
Must not know clocks, stores or sockets: `now_ms` is an argument everywhere.
"""
