"""The store on Redis: what a transition costs a client and Redis, and how long one commit takes.

The lives of matches run through the port as fast as they can, some hundred people at once. What that says to Redis is
recorded, and said again by two yardsticks without any decisions: bare hiredis, and redis-py. README.md says what is
counted. Linux only, as is `relay/processes.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from functools import partial
from statistics import quantiles
from typing import Any, NamedTuple, TypeVar

import hiredis
import uvloop

from benchmarks.redis_store.recorder import Command, Recorder, Said
from benchmarks.redis_store.replay import by_hiredis, by_redis_py
from benchmarks.redis_store.server import RedisProcess, redis_running
from benchmarks.redis_store.town import Couple, Lives, Town, at_once, store_at
from benchmarks.report import CannotRun, Report, Target, run
from duologue.app.process import settle
from duologue.store.redis.scripts import APPLY, Applied

T = TypeVar("T")
Yardstick = Callable[[int, Sequence[Command]], list[Any]]
KINDS = ("find", "commit", "opened", "connected", "write", "next", "leave")
PEOPLE_ALONE = 2_000
"""Of the runs by kind: each of them does everything once."""


class Spent(NamedTuple):
    """CPU seconds of a run, and what was done with them."""

    client_s: float
    redis_s: float
    transitions: int
    pairs_in_commit: float = 0

    @property
    def client_us(self) -> float:
        """Of the client, for a transition."""
        return self.client_s / self.transitions * 1e6

    @property
    def redis_us(self) -> float:
        """Of Redis, for a transition."""
        return self.redis_s / self.transitions * 1e6


class Recorded(NamedTuple):
    """What a run said to Redis: before it was timed, and then."""

    before: list[Said]
    timed: list[Said]
    transitions: int
    retries: float
    """How often somebody was quicker, so that a transition was decided again; for each transition."""
    retries_at_once: float
    """The same where the two of each pair write at the very same time."""


class Round(NamedTuple):
    """The store and its yardsticks, one after the other."""

    store: Spent
    hiredis: Spent
    redis_py: Spent


def measure(report: Report) -> None:
    """All rounds, then the figures."""
    options: argparse.Namespace = report.options
    if options.at_once < 4 or options.pairs < options.at_once:
        raise CannotRun("--at-once must be 4 or more, and --pairs no less than that")
    with redis_running() as redis:
        recorded = on_a_loop(partial(record, redis, options))
        rounds, alone = [], []
        with report.progress("rounds", options.rounds) as advance:
            for _ in range(options.rounds):
                rounds.append(one_round(redis, recorded, options))
                redis.empty()
                alone.append(on_a_loop(partial(each_alone, redis, options.at_once)))
                advance(1)
        redis.empty()
        commits_ms = on_a_loop(partial(single_commits, redis, options.singles))
        report.names_version("redis-server", redis.version())
    _report(report, recorded, rounds)
    _report_alone(report, alone)
    _report_commits(report, commits_ms)


def on_a_loop(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """The loop of our processes, and a collector that is set as theirs is."""
    settle()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work())


# -- the mix, beside its yardsticks ---------------------------------------------------------------


async def record(redis: RedisProcess, options: argparse.Namespace) -> Recorded:
    """One run that is not timed: what it says to Redis. It warms everything up, too."""
    recorder = Recorder(redis.port)
    async with recorder.listening() as url, store_at(url) as store:
        town = Town(store, 2 * options.at_once)
        await town.settle()
        before = recorder.said
        await Lives(town, options.pairs).run()
        timed, transitions = recorder.said[len(before) :], town.done.total()
        at_once = await both_write(town, recorder)
        return Recorded(before, timed, transitions, retries(timed) / transitions, at_once)


async def both_write(town: Town, recorder: Recorder) -> float:
    """Retries for each line, where both of a pair write at the same time."""
    couples = await town.commit(await town.proposals(len(town.people)))
    before = len(recorder.said)
    async with asyncio.TaskGroup() as group:
        for couple in couples:
            for who in couple.people:
                group.create_task(town.write(who, couple))
    return retries(recorder.said[before:]) / (2 * len(couples))


def one_round(redis: RedisProcess, recorded: Recorded, options: argparse.Namespace) -> Round:
    """Each begins with nothing in Redis."""
    redis.empty()
    store = on_a_loop(partial(live, redis, options))
    return Round(store, say(redis, recorded, by_hiredis), say(redis, recorded, by_redis_py))


async def live(redis: RedisProcess, options: argparse.Namespace) -> Spent:
    """The store itself."""
    async with store_at(redis.url) as store:
        town = Town(store, 2 * options.at_once)
        await town.settle()
        client_s, redis_s = time.thread_time(), redis.process.cpu_s()
        await Lives(town, options.pairs).run()
        client_s, redis_s = time.thread_time() - client_s, redis.process.cpu_s() - redis_s
        return Spent(client_s, redis_s, town.done.total(), town.done["commit"] / town.commits)


def say(redis: RedisProcess, recorded: Recorded, by: Yardstick) -> Spent:
    """The recorded commands by other means. In the order in which they were said they do what they did."""
    redis.empty()
    by(redis.port, [said.command for said in recorded.before])
    commands = [said.command for said in recorded.timed]
    client_s, redis_s = time.thread_time(), redis.process.cpu_s()
    answers = by(redis.port, commands)
    client_s, redis_s = time.thread_time() - client_s, redis.process.cpu_s() - redis_s
    if applied(map(Said, commands, answers)) != applied(recorded.timed):
        raise CannotRun(f"{by.__name__} did not do what the store did: its scripts were answered differently")
    return Spent(client_s, redis_s, recorded.transitions)


def applied(said: Iterable[Said]) -> list[int]:
    """What the scripts that write were answered."""
    digest = APPLY.digest.encode()
    return [answer for command, answer in said if command[0] == "EVALSHA" and command[1] == digest]


def retries(said: Sequence[Said]) -> int:
    """How often a script wrote nothing because somebody was quicker."""
    return sum(answer != Applied.DONE for answer in applied(said))


# -- each kind alone, and single commits ----------------------------------------------------------


async def each_alone(redis: RedisProcess, number: int, people: int = PEOPLE_ALONE) -> dict[str, float]:
    """CPU microseconds of the client for a transition, by kind: everybody does the same, then the next thing."""
    async with store_at(redis.url) as store:
        town = Town(store, people)
        await town.settle()
        costs_us: dict[str, float] = {}

        async def timed(kind: str, calls: Sequence[Callable[[], Awaitable[None]]]) -> None:
            before, start_s = town.done[kind], time.thread_time()
            await at_once(number, calls)
            costs_us[kind] = (time.thread_time() - start_s) / (town.done[kind] - before) * 1e6

        await timed("find", [partial(town.find, who) for who in town.people])
        couples: list[Couple] = []

        async def commit_all() -> None:
            couples.extend(await town.commit(proposals))

        proposals = await town.proposals(people)
        await timed("commit", [commit_all])
        # One side after the other: two who write to the same pair at once would be in each other's way.
        both = [(couple.people[side], couple) for side in (0, 1) for couple in couples]
        await timed("opened", [partial(town.opened, couple) for couple in couples])
        await timed("connected", [partial(town.connected, who, couple) for who, couple in both])
        await timed("write", [partial(town.write, who, couple) for who, couple in both])
        await timed("next", [partial(town.next, couple.people[0], couple) for couple in couples[::2]])
        await timed("leave", [partial(town.leave, couple.people[0], couple) for couple in couples[1::2]])
        return costs_us


async def single_commits(redis: RedisProcess, number: int) -> list[float]:
    """How long a commit of one pair takes while nobody else wants anything, in milliseconds."""
    took_ms: list[float] = []
    async with store_at(redis.url) as store:
        town = Town(store, 2)
        await town.settle()
        for _ in range(number):
            for who in town.people:
                await town.find(who)
            proposals = await town.proposals(1)
            start_s = time.perf_counter()
            (couple,) = await town.commit(proposals)
            took_ms.append((time.perf_counter() - start_s) * 1e3)
            await town.talk_and_part(couple)
    return took_ms


# -- figures --------------------------------------------------------------------------------------


def _report(report: Report, recorded: Recorded, rounds: Sequence[Round]) -> None:
    rates = [1 / each.store.client_us * 1e6 for each in rounds]
    report.add("transitions_per_s", rates, "1/s", Target(">=", 40_000))
    for name in ("hiredis", "redis_py"):
        ratios = [each.store.client_us / getattr(each, name).client_us for each in rounds]
        report.add(f"ratio_to_{name}", ratios, "x")
    report.add("client_cpu_us_per_transition", [each.store.client_us for each in rounds], "µs")
    for name in ("hiredis", "redis_py"):
        costs_us = [getattr(each, name).client_us for each in rounds]
        report.add(f"client_cpu_us_per_transition_{name}", costs_us, "µs")
    report.add("redis_cpu_us_per_transition", [each.store.redis_us for each in rounds], "µs")
    report.add("redis_bears_transitions_per_s", [1 / each.store.redis_us * 1e6 for each in rounds], "1/s")
    report.add("retries_per_transition", [recorded.retries], "retries")
    report.add("retries_per_transition_both_at_once", [recorded.retries_at_once], "retries")
    report.add("commands_per_transition", [len(recorded.timed) / recorded.transitions], "commands")
    sent = sum(len(hiredis.pack_command(said.command)) for said in recorded.timed)
    report.add("bytes_sent_per_transition", [sent / recorded.transitions], "bytes")
    report.add("pairs_per_commit", [each.store.pairs_in_commit for each in rounds], "pairs")


def _report_alone(report: Report, alone: Sequence[dict[str, float]]) -> None:
    for kind in KINDS:
        report.add(f"transitions_per_s_{kind}", [1 / costs_us[kind] * 1e6 for costs_us in alone], "1/s")


def _report_commits(report: Report, took_ms: Sequence[float]) -> None:
    percentiles = quantiles(took_ms, n=100, method="inclusive")
    report.add("commit_p50_ms", [percentiles[49]], "ms")
    report.add("commit_p99_ms", [percentiles[98]], "ms")


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=5, help="the store and each yardstick have one turn a round")
    parser.add_argument("--pairs", type=int, default=2_000, help="matches in a turn")
    parser.add_argument("--at-once", type=int, default=200, help="pairs that live at the same time")
    parser.add_argument("--singles", type=int, default=500, help="commits that are timed one by one")


if __name__ == "__main__":
    sys.exit(run("store", measure, options=_options, packages=("redis", "hiredis", "uvloop")))
