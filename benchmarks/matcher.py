"""How many tickets a second one core matches, in a pool that stays at a size, and whether it misses anybody.

Each mix runs with 1,000, 10,000 and 100,000 people waiting. Where a mix does not leave so many, the
rest are people who wait for somebody who never comes; where it leaves more, those who wait longest
go. Arrivals are made outside of the timed part, as if they had just been read from the queue.
On a sample of arrivals a brute-force oracle looks at everybody who waits: nobody who could have been
matched may have been left waiting, and both sides must accept each other.

Where people match quickly the pool stays nearly empty; two mixes also run that way ("drained"), with
nobody there at the start.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections import deque
from collections.abc import Callable

from benchmarks.crowd import MIXES, RULES, Crowd, Mix
from benchmarks.report import Report, Target, run
from duologue.matching.pool import Pool
from duologue.matching.ticket import Match, Ticket

WAITING = (1_000, 10_000, 100_000)
RUNS = 5
CHUNK = 100
SEED = 1
TARGETS = {"easy": 200_000, "hard": 50_000}
DRAINED = MIXES[:2]
DRAINED_TARGET = 200_000
HARDEST_CLASSES = 30_000


class Queue:
    """A pool that stays at a size: who waits longest goes when there are more."""

    def __init__(self, mix: Mix, waiting: int, seed: int) -> None:
        self.crowd = Crowd(mix, seed)
        self.pool = Pool(RULES)
        self._waiting = waiting
        self._in_order: deque[Ticket] = deque()

    def timed(self, arrivals: list[Ticket]) -> float:
        """Offer these, and return how many seconds it took."""
        pool, limit, in_order, now_ms = self.pool, self._waiting, self._in_order, self.crowd.now_ms
        start = time.process_time()
        for ticket in arrivals:
            if pool.offer(ticket, now_ms) is None:
                in_order.append(ticket)
                if len(pool) > limit:
                    self._somebody_goes()
        return time.process_time() - start

    def offer(self, ticket: Ticket) -> Match | None:
        """Offer one."""
        found = self.pool.offer(ticket, self.crowd.now_ms)
        if found is None:
            self._in_order.append(ticket)
        return found

    def _somebody_goes(self) -> None:
        size = len(self.pool)
        while len(self.pool) == size:
            self.pool.withdraw(self._in_order.popleft().person)

    def fill(self) -> None:
        """People of the mix for as long as they help, then the hopeless."""
        while len(self.pool) < self._waiting:
            before = len(self.pool)
            for ticket in self.crowd.arrivals(self._waiting // 5):
                if len(self.pool) < self._waiting:
                    self.offer(ticket)
            if len(self.pool) - before < self._waiting // 50:
                break
        hopeless = self.crowd.hopeless()
        while len(self.pool) < self._waiting:
            self.offer(next(hopeless))


def fits(one: Ticket, other: Ticket) -> bool:
    """The rule in plain words, without the code that is measured."""
    return (
        one.person != other.person
        and other.person not in one.avoid
        and one.person not in other.avoid
        and all(other.facets.get(facet) in accepted for facet, accepted in one.wants.items())
        and all(one.facets.get(facet) in accepted for facet, accepted in other.wants.items())
    )


def violations(queue: Queue, samples: int) -> int:
    """How many of the next arrivals were matched wrongly, or not although somebody fits."""
    wrong = 0
    for ticket in queue.crowd.arrivals(samples):
        somebody_fits = any(fits(ticket, other) for other in queue.pool.tickets())
        found = queue.offer(ticket)
        wrong += somebody_fits != (found is not None)
        wrong += found is not None and not fits(found.arrival, found.waiting)
    return wrong


def tickets_per_s(queue: Queue, arrivals: int, step: Callable[[int], None]) -> list[float]:
    """One value for each run."""
    rates = []
    for _ in range(RUNS):
        spent_s = 0.0
        for _ in range(arrivals // CHUNK):
            spent_s += queue.timed(queue.crowd.arrivals(CHUNK))
        rates.append(arrivals / spent_s)
        step(1)
    return rates


def fifo_tickets_per_s(arrivals: int) -> list[float]:
    """The ceiling of this machine: first come, first served, by the other gender, without any other rule."""
    rates = []
    crowd = Crowd(MIXES[0], SEED)
    lines: dict[str, deque[Ticket]] = {"m": deque(), "f": deque()}
    for _ in range(RUNS):
        spent_s = 0.0
        for _ in range(arrivals // CHUNK):
            chunk = crowd.arrivals(CHUNK)
            start = time.process_time()
            for ticket in chunk:
                gender = ticket.facets["gender"]
                others = lines["f" if gender == "m" else "m"]
                if others:
                    Match(ticket, others.popleft(), 0)
                else:
                    lines[gender].append(ticket)
            spent_s += time.process_time() - start
        rates.append(arrivals / spent_s)
    return rates


def measure(report: Report) -> None:
    """All mixes at all sizes."""
    arrivals, samples = report.options.arrivals, report.options.samples
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # as the server runs
    fifo = report.add("fifo_tickets_per_s", fifo_tickets_per_s(arrivals), "tickets/s")
    wrong = looked_at = 0
    for mix in DRAINED:
        queue = Queue(mix, WAITING[0], SEED)
        with report.progress(f"{mix.name}, drained", RUNS) as step:
            rates = tickets_per_s(queue, arrivals, step)
            wrong += violations(queue, samples)
            looked_at += samples
        report.add(f"tickets_per_s_{mix.name}_drained", rates, "tickets/s", Target(">=", DRAINED_TARGET))
        report.add(f"live_classes_{mix.name}_drained", [queue.pool.live_classes], "classes")
    for mix in MIXES:
        for waiting in WAITING:
            with report.progress(f"{mix.name}, {waiting:,} waiting", RUNS) as step:
                queue = Queue(mix, waiting, SEED)
                queue.fill()
                target = TARGETS.get(mix.name)
                rates = tickets_per_s(queue, arrivals, step)
                wrong += violations(queue, samples)
                looked_at += samples
            name = f"{mix.name}_{waiting}"
            figure = report.add(f"tickets_per_s_{name}", rates, "tickets/s", Target(">=", target) if target else None)
            report.add(f"ratio_to_fifo_{name}", [figure.value / fifo.value], "x")
            hardest = (mix, waiting) == (MIXES[-1], WAITING[-1])
            classes = Target(">=", HARDEST_CLASSES) if hardest else None
            report.add(f"live_classes_{name}", [queue.pool.live_classes], "classes", classes)
    report.add("oracle_arrivals", [looked_at], "arrivals")
    report.add("oracle_violations", [wrong], "arrivals", Target("==", 0))


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--arrivals", type=int, default=10_000, help="timed arrivals a run (default: %(default)s)")
    parser.add_argument("--samples", type=int, default=30, help="arrivals the oracle checks a figure")


if __name__ == "__main__":
    sys.exit(run("matcher", measure, options=_options))
