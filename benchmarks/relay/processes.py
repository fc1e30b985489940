"""A server as a process of its own: started, waited for, weighed and ended. Linux only.

The kernel kills it when this process dies, so nothing is left behind. Must not know what the server serves.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from benchmarks.report import CannotRun
from duologue import die_with_parent

ROOT = Path(__file__).parents[2]
START_WITHIN_S = 20
PORTS = 20_000, 32_000
"""Below those of outgoing connections (`ip_local_port_range`)."""
PAGE_BYTES = resource.getpagesize()
CPUCLOCK_SCHED = 2
"""The kernel's clock of a whole process, its ended threads included (`clock_getcpuclockid(3)`), in nanoseconds."""


class Process:
    """A running server."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._clock = (~pid << 3) | CPUCLOCK_SCHED

    def cpu_s(self) -> float:
        """CPU time so far, user and system, of all its threads."""
        return time.clock_gettime(self._clock)

    def rss_bytes(self) -> int:
        """Resident memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE_BYTES


def raise_file_limit() -> int:
    """Allow as many sockets as this user may have, here and in children; returns the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def free_port(host: str) -> int:
    """A port with a free one above it."""
    return free_ports(host, 2)


def free_ports(host: str, number: int) -> int:
    """The first of so many free ports in a row, none of which the kernel gives to an outgoing connection meanwhile."""
    for _ in range(100):
        first = random.randrange(*PORTS)
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for port in range(first, first + number):
                stack.enter_context(socket.socket()).bind((host, port))
            return first
    raise CannotRun(f"no {number} free ports side by side on {host}")


@contextlib.contextmanager
def running(
    command: Sequence[str],
    host: str,
    port: int,
    environment: Mapping[str, str] | None = None,
    *,
    within_s: float = START_WITHIN_S,
) -> Iterator[Process]:
    """A server that listens; it is gone afterwards. Raises `CannotRun` with its last words if it does not start.

    `environment` is added to that of this process.
    """
    with tempfile.TemporaryFile() as words:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", die_with_parent.__file__, str(os.getpid()), *command],
            cwd=ROOT,
            env={**os.environ, "NODE_ENV": "production", **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
        )
        try:
            if not _listens(child, host, port, within_s):
                raise CannotRun(f"{command[1:3]} did not listen:\n{_last(words)}")
            yield Process(child.pid)
        finally:
            child.kill()
            child.wait()


def _listens(child: subprocess.Popen[bytes], host: str, port: int, within_s: float) -> bool:
    """Wait for it; False when the child ended or took too long."""
    give_up_s = time.monotonic() + within_s
    while child.poll() is None and time.monotonic() < give_up_s:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            return True
        time.sleep(0.05)
    return False


def _last(words: IO[bytes]) -> str:
    words.seek(0)
    return words.read()[-2000:].decode(errors="replace")
