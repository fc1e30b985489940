"""The chaos suite: the whole real system as processes, people who use it, faults by seed, and checks from outside.

`python -m chaos --list` names the faults; `docs/explanation/chaos.md` says how it works. Nothing here looks into a
process of ours: what people were told, what listeners answer and what is left at the end is all there is to judge by.
"""
