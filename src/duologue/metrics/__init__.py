"""What this process tells in figures: `definitions.py` has each of them, `exposition.py` tells them to whoever asks.

The only package that knows Prometheus.
"""
