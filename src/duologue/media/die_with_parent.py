"""Becomes another program that the kernel kills when its parent dies: PARENT_PID PROGRAM [ARGUMENT...].

Linux only. Run as a file by a bare interpreter (`python -I -S`), in the new process, just before `exec`: doing the same
in a `preexec_fn` would run Python between fork and exec of a process that may have threads, which can deadlock.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Replace this process by `command`; if the parent is gone already, end instead."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel was asked
        sys.exit("the parent is gone")
    os.execv(command[0], command)  # noqa: S606 - the caller chose the program


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
