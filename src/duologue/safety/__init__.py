"""What protects people and the service from abuse, as values: `ratelimit.py`, `block.py`, `report.py`."""
