"""The HTTP side: `server.py` wires it, `guests.py` hands out tokens, `health.py` says how we are, `page.py` the page."""
