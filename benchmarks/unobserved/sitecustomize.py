"""Python reads this before anything else where its folder is on PYTHONPATH: a process of ours that counts nothing."""

from __future__ import annotations

from contextlib import nullcontext

from duologue.gateway import tally
from duologue.metrics import process
from duologue.metrics.counted import Counter, Histogram


def nothing(*_: object, **__: object) -> None:
    """Instead of whatever counts."""


for kind in (Counter, Histogram):
    kind.labels = lambda self, *_: self  # type: ignore[method-assign]
Counter.inc = Histogram.observe = nothing  # type: ignore[method-assign]
Histogram.time = lambda _: nullcontext()  # type: ignore[attr-defined] # what `labels` gives has it
for name in ("told", "talk_started", "gone", "came_in", "closed", "answered", "refused", "media_said", "diagnosed"):
    assert hasattr(tally, name), f"{name} is not there any more"
    setattr(tally, name, nothing)
process.watch_loop = process.watch_collector = nothing  # before anybody imports them
