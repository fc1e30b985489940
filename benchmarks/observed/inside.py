"""In a gateway that is measured: whether it is observed at all can be switched, and what it does is sampled.

It costs nothing while nobody asks. Must not know what is made of its figures.
"""

from __future__ import annotations

import os
import signal
from collections import Counter as Tally
from collections.abc import Iterator
from contextlib import nullcontext
from dis import opmap
from multiprocessing.connection import Listener
from pathlib import Path
from threading import Thread
from types import CodeType, FrameType, FunctionType
from typing import Any

import structlog

from duologue.gateway import tally
from duologue.metrics.counted import Counter, Histogram

FOLDER = "OBSERVED_FOLDER"
"""The variable that names where each gateway listens, by its name."""
SAMPLE_EVERY_S = 0.004
"""Of CPU time. A kernel looks no more often than its clock ticks, which is about this."""
OWNERS = {
    "log": ("/structlog/", "/duologue/logs.py"),
    "answers": ("/duologue/metrics/exposition.py",),
    "figures": ("/duologue/metrics/", "/duologue/gateway/tally.py"),
}
"""By the files of their frames; `answers` are those to Prometheus."""
REST = "rest"


def listen(name: str) -> None:
    """Do as the benchmark says, beside everything else. To be called in the main thread, which is sampled."""
    sampler = Sampler()
    signal.signal(signal.SIGPROF, sampler.sample)
    listener = Listener(str(Path(os.environ[FOLDER]) / name), family="AF_UNIX")
    Thread(target=_obey, args=(listener, sampler), daemon=True).start()


def _obey(listener: Listener, sampler: Sampler) -> None:
    """Words are `True`, `False`: be observed, or not; and a time: sample so often. The answer is what was seen."""
    benchmark = listener.accept()
    switch = Switch()
    while True:
        word = benchmark.recv()
        if isinstance(word, bool):
            switch.turn(on=word)
        else:
            signal.setitimer(signal.ITIMER_PROF, word, word)
        benchmark.send(dict(sampler.seen))


class Sampler:
    """What the main thread is at, whenever it has used a little more CPU time.

    A sample is whose the outermost frame is that is anybody's: what a count asks of others is a part of counting.
    """

    def __init__(self) -> None:
        self.seen: Tally[str] = Tally()
        self._owners: dict[CodeType, str | None] = {}

    def sample(self, _: int, frame: FrameType | None) -> None:
        """Python looks for signals where a function begins: this one came before that, in whatever ran then."""
        if frame is not None and frame.f_code.co_code[frame.f_lasti] == opmap["RESUME"]:
            frame = frame.f_back
        owner = REST
        while frame is not None:
            owner = self._owner(frame.f_code) or owner
            frame = frame.f_back
        self.seen[owner] += 1

    def _owner(self, code: CodeType) -> str | None:
        if code not in self._owners:
            names = (name for name, places in OWNERS.items() if any(place in code.co_filename for place in places))
            self._owners[code] = next(names, None)
        return self._owners[code]


class Switch:
    """Whatever counts and whatever logs at level info, or nothing in their place."""

    def __init__(self) -> None:
        self._parts = [(owner, name, getattr(owner, name), idle) for owner, name, idle in _parts()]

    def turn(self, *, on: bool) -> None:
        """From now on."""
        for owner, name, real, idle in self._parts:
            setattr(owner, name, real if on else idle)


def _parts() -> Iterator[tuple[Any, str, Any]]:
    """Where it is done, and what is done there by who does nothing. Loggers know their level by their class."""
    yield Counter, "inc", nothing
    yield Histogram, "observe", nothing
    yield Histogram, "time", nullcontext
    for name, what in vars(tally).items():
        if isinstance(what, FunctionType) and what.__module__ == tally.__name__ and not name.startswith("_"):
            yield tally, name, nothing
    yield structlog.get_config()["wrapper_class"], "info", structlog.make_filtering_bound_logger("warning").info


def nothing(*_: object, **__: object) -> None:
    """Instead of whatever counts."""
