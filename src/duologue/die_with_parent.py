"""Ties the life of a child to that of its parent: the kernel kills it when the parent dies, however that happens.

Linux only. As a program (PARENT_PID PROGRAM [ARGUMENT...]) it becomes another one. It is run by a bare interpreter
(`python -I -S`), in the new process, just before `exec`: doing the same in a `preexec_fn` would run Python between
fork and exec of a process that may have threads, which can deadlock. So it imports nothing of ours.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def tied_to_this_process(command: list[str]) -> list[str]:
    """The same command, such that it dies with this process where the system can do that.

    Linux means the thread that starts it, so that should be the main one.
    """
    if sys.platform != "linux":
        return command
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def main(parent: int, command: list[str]) -> None:
    """Replace this process by `command`; if the parent is gone already, end instead."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel was asked
        sys.exit("the parent is gone")
    os.execv(command[0], command)  # noqa: S606 - the caller chose the program


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
