"""Direct calls: what a call is (`call.py`) and how it goes from ringing to its answer (`ring.py`).

An accepted call becomes a pair, and is none of this package's business any more.
Must not know stores, sockets, links or clocks.
"""
