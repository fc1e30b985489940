"""The matcher role: `loop.py` follows the queue, lets the pools decide, and commits what they found."""
