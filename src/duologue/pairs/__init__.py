"""Two people in a room: what a pair is (`pair.py`) and how it moves on (`life.py`).

Must not know tickets, stores, sockets or clocks.
"""
