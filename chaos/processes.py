"""Processes that this run has started, and what one can do to them: by their pid, and to no others."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from duologue.die_with_parent import tied_to_this_process


class Child(NamedTuple):
    """A process, by the name that it goes by."""

    name: str
    pid: int

    def kill(self) -> None:
        """No chance to say goodbye."""
        self.signal(signal.SIGKILL)

    def freeze(self) -> None:
        """It does nothing any more, and its sockets stay open."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on, and does not know that time has passed."""
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        """One that is gone is fine."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


class Program:
    """A command that runs until it is stopped, its words in a file. It dies with this process, however that ends."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._command = command
        self._environment = environment
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it serves a moment later. In a session of its own, so that Ctrl-C reaches only us."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                tied_to_this_process(list(self._command)),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(self._environment), start_new_session=True,
            )  # fmt: skip

    @property
    def running(self) -> bool:
        """Whether it does, as far as one can see without asking it."""
        return self._process is not None and self._process.poll() is None

    @property
    def child(self) -> Child:
        """The process of the moment."""
        assert self._process is not None, "start it first"
        return Child(self.log.stem, self._process.pid)

    async def stop(self, within_s: float) -> int | None:
        """Ask it to end, and insist in the end; gives its exit code, None: it had to be killed."""
        if self._process is None:
            return 0
        self.child.thaw()
        if self.running:
            self._process.terminate()
        try:
            return await asyncio.to_thread(self._process.wait, within_s)
        except subprocess.TimeoutExpired:
            self.end()
            return None

    def end(self) -> None:
        """At once, whatever it does; it is gone afterwards."""
        if self._process is not None and self.running:
            self._process.kill()
            self._process.wait()


def children_of(parent: int) -> list[Child]:
    """The processes of a `duologue serve`, by the names that it gave them."""
    try:
        pids = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    except OSError:
        return []
    return sorted(child for pid in pids if (child := _named(int(pid))) is not None)


def _named(pid: int) -> Child | None:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:  # it has just ended
        return None
    names = [word.removeprefix("--child=") for word in words if word.startswith("--child=")]
    return Child(names[0], pid) if names else None
