"""The HTTP side: `server.py` wires it, `guests.py` hands out tokens, `health.py` says how we are.

`connections.py` says how long a connection may take, `page.py` where the built page is and which headers
protect it.
"""
