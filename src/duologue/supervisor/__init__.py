"""A parent that keeps its children running: `plan.py` decides, `shell.py` starts, asks and kills.

It must not know what the children do: they are commands that say when they are ready.
"""
