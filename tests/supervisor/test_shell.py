"""A parent with real children: small programs that are ready, die, hang, or never get there."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from duologue.clock import SystemClock, SystemRng
from duologue.supervisor.events import Post, Start, Terms
from duologue.supervisor.report import Report
from duologue.supervisor.shell import Supervisor
from tests.fakes import wait_until

TERMS = Terms(pause_ms=20, pause_at_most_ms=100, tries=3)
BLOCK = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])"
READY = 'print(\'{"ready": true, "owners": ["m1"]}\', flush=True)'
LEAVE = "signal.sigwait([signal.SIGTERM])"
PROGRAMS = {
    "good": f"{BLOCK}; {READY}; {LEAVE}",
    "chatty": f"{BLOCK}; print('x' * 200_000, 'noise', '{{}}', '[1]', sep='\\n'); {READY}; print('y\\n' * 100_000)\n"
    f"{LEAVE}",
    "deaf": f"{BLOCK}; {READY}; signal.pause()",
    "hopeless": "raise SystemExit(2)",
}
GATEWAY, MATCHER = Post("gateway-1", 0, 20_000), Post("matcher-1", 1, 20_000)
IMPATIENT = Post("gateway-1", 0, 200)


class Family:
    """A parent, and the processes that it started: each leaves its pid in a file of its post and number."""

    def __init__(self, folder: Path, programs: dict[Post, str]) -> None:
        self._folder = folder
        self.programs = {post.name: PROGRAMS[program] for post, program in programs.items()}
        self.deaths: list[Report] = []
        self.ready = asyncio.Event()
        self.seated: list[list[tuple[str, int]]] = []
        self.parent = Supervisor(
            list(programs),
            self._command,
            SystemClock(),
            SystemRng(),
            TERMS,
            on_ready=self.ready.set,
            on_seated=lambda seated: self.seated.append([(each.post.name, each.seat) for each in seated]),
            on_death=self._mourn,
        )

    def _command(self, start: Start) -> list[str]:
        path = self._folder / f"{start.post.name}.{start.child}"
        leave_pid = f"import os, pathlib; pathlib.Path({str(path)!r}).write_text(str(os.getpid()))"
        return [sys.executable, "-I", "-c", f"{leave_pid}\n{self.programs[start.post.name]}"]

    async def _mourn(self, report: Report) -> None:
        self.deaths.append(report)

    def pids(self, post: Post) -> list[int]:
        """Of all who ever served this post, the oldest first."""
        paths = sorted(self._folder.glob(f"{post.name}.*"), key=lambda path: int(path.suffix[1:]))
        return [int(text) for path in paths if (text := path.read_text())]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@asynccontextmanager
async def family(folder: Path, programs: dict[Post, str]) -> AsyncIterator[tuple[Family, asyncio.Task[int]]]:
    """A family, and the future exit code of its parent. Nobody is left of it in the end."""
    one = Family(folder, programs)
    end = asyncio.create_task(one.parent.run())
    try:
        yield one, end
    finally:
        end.cancel()
        await asyncio.gather(end, return_exceptions=True)
        pids = [pid for post in programs for pid in one.pids(post)]
        await wait_until(lambda: not any(map(lives, pids)), description="nobody is left")


async def until_served(one: Family, post: Post, times: int) -> int:
    """Until so many processes have served a post; gives the last one."""
    await wait_until(lambda: len(one.pids(post)) == times, description=f"{post.name} is served for the {times}. time")
    return one.pids(post)[-1]


@pytest.mark.parametrize("program", ["good", "chatty"])
async def test_children_are_heard_and_stopped_in_order(program: str, tmp_path: Path) -> None:
    """Whatever else they say, and however much."""
    async with family(tmp_path, {GATEWAY: program, MATCHER: program}) as (one, end):
        await one.ready.wait()
        os.kill(os.getpid(), signal.SIGTERM)

        assert await end == 0
        assert one.deaths == []


async def test_a_killed_child_comes_back(tmp_path: Path) -> None:
    """And what it held leases by is told."""
    async with family(tmp_path, {GATEWAY: "good", MATCHER: "good"}) as (one, _):
        await one.ready.wait()
        (first,) = one.pids(MATCHER)
        os.kill(first, signal.SIGKILL)
        second = await until_served(one, MATCHER, 2)
        await wait_until(lambda: one.deaths, description="the death is told")

        assert second != first
        assert one.deaths == [Report(ready=True, owners=("m1",))]
        assert len(one.pids(GATEWAY)) == 1


async def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    """When its time is over; the exit code tells."""
    async with family(tmp_path, {IMPATIENT: "deaf"}) as (one, end):
        await one.ready.wait()
        os.kill(os.getpid(), signal.SIGINT)

        assert await end == 1


async def test_a_hopeless_child_ends_the_parent(tmp_path: Path) -> None:
    """After three tries; the other child is stopped as ever."""
    async with family(tmp_path, {GATEWAY: "good", MATCHER: "hopeless"}) as (one, end):
        assert await end == 1
        assert len(one.pids(MATCHER)) == 3
        assert not one.ready.is_set()


async def test_a_program_that_is_not_there_is_like_a_death(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On systems where the kernel is not asked to tie lives, starting itself can fail."""
    monkeypatch.setattr("duologue.supervisor.shell.tied_to_this_process", lambda _: [str(tmp_path / "nothing")])
    async with family(tmp_path, {GATEWAY: "good"}) as (_, end):
        assert await end == 1


async def test_sighup_replaces_every_child(tmp_path: Path) -> None:
    """One after the other, and the old ones are gone."""
    async with family(tmp_path, {GATEWAY: "good", MATCHER: "good"}) as (one, _):
        await one.ready.wait()
        old = one.pids(GATEWAY) + one.pids(MATCHER)
        os.kill(os.getpid(), signal.SIGHUP)
        await until_served(one, MATCHER, 2)
        await wait_until(lambda: not any(map(lives, old)), description="the old ones are gone")

        assert lives(one.pids(GATEWAY)[-1])
        assert lives(one.pids(MATCHER)[-1])


async def test_it_is_told_where_the_children_are(tmp_path: Path) -> None:
    """Each time that this changes, and only then."""
    async with family(tmp_path, {GATEWAY: "good", MATCHER: "good"}) as (one, _):
        await one.ready.wait()
        assert one.seated == [[("gateway-1", 0), ("matcher-1", 1)]]
        os.kill(one.pids(MATCHER)[0], signal.SIGKILL)
        await until_served(one, MATCHER, 2)
        assert len(one.seated) == 1, "it comes back where it was"
        os.kill(os.getpid(), signal.SIGHUP)
        last = [("gateway-1", 2), ("matcher-1", 0)]
        await wait_until(lambda: one.seated[-1] == last, description="both moved")


async def test_a_successor_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    """A mistake in a new configuration costs nothing."""
    async with family(tmp_path, {GATEWAY: "good"}) as (one, _):
        await one.ready.wait()
        one.programs[GATEWAY.name] = PROGRAMS["hopeless"]
        os.kill(os.getpid(), signal.SIGHUP)
        second = await until_served(one, GATEWAY, 2)
        await wait_until(lambda: not lives(second), description="the successor is gone")

        assert lives(one.pids(GATEWAY)[0])
