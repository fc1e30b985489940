"""The WebSocket side: `session/` decides (pure), `connection.py` pumps, `server.py` accepts.

A gateway holds sockets and no truth: losing one loses no ticket and no pair.
"""
