"""The chaos suite: the whole real system as processes, people who use it, faults by seed, and checks from outside.

`python -m chaos --list` names the faults; `docs/explanation/chaos.md` says how it works. Nothing here looks into a
process of ours: what people were told, what listeners answer and what is left at the end is all there is to judge by.

    run.py        one run, from the first process to the last, as `options.py` has it
    plan.py       which faults, when, by seed; `faults/` does and undoes them
    topology.py   what runs: `service.py`, `redis.py`, `livekit.py`, `older.py`, with `relay.py` between
    crowd.py      who uses it: `people.py`, `friends.py`, `viewers.py`, `strangers.py`; `connection.py`, `media.py`
    story.py      what was seen; `felt.py` and `picture.py` make of it who was unwell, `left.py` what is left at the end
    checks/       what must hold
    report.py     what is told of a run, `page.py` as a page; `seeds.py` of several runs
"""
