"""A parent that keeps its children running: `plan.py` decides, `shell.py` starts, asks and kills.

`events.py` is what passes between the two, `restarts.py` how soon a post is filled again, and `report.py` the one line
that a child says of itself. It must not know what the children do: they are commands that say when they are ready.
"""
