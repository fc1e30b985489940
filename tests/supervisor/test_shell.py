"""A parent with real children: small programs that are ready, die, hang, or never get there."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from duologue.clock import SystemClock, SystemRng
from duologue.supervisor.plan import Post, Start, Terms
from duologue.supervisor.report import Report
from duologue.supervisor.shell import Supervisor
from tests.fakes import wait_until

TERMS = Terms(pause_ms=20, pause_at_most_ms=100, tries=3, renewed_within_ms=2_000)
READY = "print('{\"ready\": true, \"owners\": [\"m1\"]}', flush=True)"
POLITE = "import signal; signal.sigwait([signal.SIGTERM])"
PROGRAMS = {
    "good": f"import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]); {READY}; {POLITE}",
    "chatty": f"import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\n"
    f"print('x' * 200_000, 'noise', '{{}}', '[1]', sep='\\n')\n{READY}\nprint('y\\n' * 100_000)\n{POLITE}",
    "deaf": f"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); {READY}\nwhile True: time.sleep(9)",
    "hopeless": "raise SystemExit(2)",
}


class Family:
    """A parent, and the processes that it started."""

    def __init__(self, folder: Path, *posts: Post, **programs: str) -> None:
        self._folder = folder
        self.programs = programs
        self.deaths: list[Report] = []
        self.ready = asyncio.Event()
        clock, rng = SystemClock(), SystemRng()
        self.parent = Supervisor(
            posts, self._command, clock, rng, TERMS, on_ready=self.ready.set, on_death=self._mourn
        )
        self.seats: dict[int, str] = {}
        self.end = asyncio.create_task(self.parent.run())

    def _command(self, start: Start) -> list[str]:
        """Each child leaves its pid in a file named by its post and number."""
        self.seats[start.seat] = start.post.name
        path = self._folder / f"{start.post.name}.{start.child}"
        say = f"import os, pathlib; pathlib.Path({str(path)!r}).write_text(str(os.getpid()))"
        return [sys.executable, "-I", "-S", "-c", f"{say}\n{PROGRAMS[self.programs[start.post.name]]}"]

    async def _mourn(self, report: Report) -> None:
        self.deaths.append(report)

    def born(self, post: str) -> list[int]:
        """The pids of all who ever served this post, the oldest first."""
        paths = sorted(self._folder.glob(f"{post}.*"), key=lambda path: int(path.suffix[1:]))
        return [int(text) for path in paths if (text := path.read_text())]

    def living(self) -> list[int]:
        return [pid for post in self.programs for pid in self.born(post) if _lives(pid)]


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
async def families(tmp_path: Path) -> AsyncIterator[list[Family]]:
    """Ended at the end of the test, and nobody is left."""
    families: list[Family] = []
    yield families
    for family in families:
        family.end.cancel()
        await asyncio.gather(family.end, return_exceptions=True)
        await wait_until(lambda family=family: not family.living(), description="nobody is left")  # type: ignore[misc]


@pytest.fixture
def start(families: list[Family], tmp_path: Path) -> type:
    """A new family."""

    def begin(*posts: Post, **programs: str) -> Family:
        families.append(Family(tmp_path, *posts, **programs))
        return families[-1]

    return begin  # type: ignore[return-value]
