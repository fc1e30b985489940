"""The stores behind `ports.Store`: `memory.py` is the single-process one, and the reference for others."""
