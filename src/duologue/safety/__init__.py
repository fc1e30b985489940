"""What protects people and the service from abuse, as values: `ratelimit.py`."""
