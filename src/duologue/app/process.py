"""What every process of ours needs: the loop, the signals, the collector, and as many files as there are people."""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

import structlog
import uvloop

import duologue
from duologue.metrics.exposition import describe_build
from duologue.metrics.process import watch_collector, watch_loop
from duologue.ports import Clock
from duologue.tasks import Tasks

log = structlog.get_logger()

T = TypeVar("T")

GC_THRESHOLDS = (50_000, 20, 20)
"""Far fewer collections: most of our objects live as long as their socket."""

FILES_AT_MOST = 1_048_576
"""More than any process here needs, and what Linux allows by default (`fs.nr_open`)."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """On a loop that serves many sockets."""
    raise_file_limit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def tell_of_itself(tasks: Tasks, clock: Clock, *, name: str, roles: Iterable[str]) -> None:
    """Have the figures of this process say what it is and how it is."""
    describe_build(duologue.__version__, name, " ".join(sorted(roles)))
    watch_loop(tasks, clock)
    watch_collector(clock)


def settle() -> None:
    """Everything that stays is there: the collector need not look at it again and again."""
    gc.set_threshold(*GC_THRESHOLDS)
    gc.collect()
    gc.freeze()


def stop_signal() -> asyncio.Future[None]:
    """Done at the first SIGINT or SIGTERM; a second one ends the process as usual."""
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[None] = loop.create_future()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def on_signal() -> None:
        for number in numbers:
            loop.remove_signal_handler(number)
        if not stop.done():  # two may have come at once
            stop.set_result(None)

    for number in numbers:
        loop.add_signal_handler(number, on_signal)
    return stop


def raise_file_limit() -> None:
    """A socket is a file, and the usual soft limit of 1,024 is a relic of `select`: take what the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return
    most = FILES_AT_MOST if hard == resource.RLIM_INFINITY else min(hard, FILES_AT_MOST)
    limit = most
    while limit > soft and not _takes_file_limit(limit, hard):
        limit //= 2
    limit = max(limit, soft)
    if limit < most:
        log.warning("file_limit_low", before=soft, now=limit, hint="the system refuses more: so many sockets, no more")
    else:
        log.debug("file_limit_raised", before=soft, now=limit)


def _takes_file_limit(limit: int, hard: int) -> bool:
    """Whether the kernel takes it: that of macOS says that there is no hard limit, and has one of its own."""
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    except (ValueError, OSError):
        return False
    return True
