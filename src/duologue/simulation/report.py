"""Many seeds at once, on all cores: which of them went wrong, and how to watch one again."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from typing import NamedTuple

from duologue.simulation.planted import PLANTED
from duologue.simulation.run import Result, run_seed
from duologue.store.ledger import Transitions

HASH_SEED = "0"
"""Sets of strings are walked in the order of their hashes, so a run replays under one PYTHONHASHSEED only."""


class Summary(NamedTuple):
    """What came of a number of seeds."""

    seeds: int
    violations: dict[int, str]
    steps: int
    pairs: int


def _run_one(seed: int, planted: str | None) -> Result:
    return run_seed(seed, PLANTED[planted] if planted else Transitions)


def results(seeds: Iterable[int], planted: str | None = None, jobs: int | None = None) -> Iterator[Result]:
    """One result per seed, in the order in which they finish; close the iterator to stop early."""
    jobs = jobs or os.cpu_count() or 1
    waiting = iter(seeds)
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        running: set[Future[Result]] = set()
        try:
            while True:
                running |= {pool.submit(_run_one, seed, planted) for seed in islice(waiting, 2 * jobs - len(running))}
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        finally:
            for future in running:
                future.cancel()


def summary(found: list[Result]) -> Summary:
    """Add up."""
    violations = {result.seed: result.violation for result in found if result.violation is not None}
    steps, pairs = sum(result.steps for result in found), sum(result.pairs for result in found)
    return Summary(len(found), dict(sorted(violations.items())), steps, pairs)
