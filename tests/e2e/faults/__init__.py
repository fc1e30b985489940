"""What people see of every fault that a network, a server or they themselves can make: `docs/explanation/faults.md`.

`relay.py` is a network that can be cut, `scene.py` two people and how they get into each state, `matrix.py` what each
fault does to them, `notices.py` what they were told.
"""
