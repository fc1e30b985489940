"""The HTTP side: `server.py` wires it, `guests.py` hands out tokens, `health.py` says how we are.

`page.py` knows where the built page is and which headers protect it.
"""
