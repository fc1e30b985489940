"""A network of a test's own: nothing in it but loopback, and a firewall that the test may do to as it likes.

Needs root, and `unshare`, `nsenter`, `setpriv`, `ip` and `nft`, which scripts/bootstrap installs.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BLOCKED_GROUP = 65_534
"""Processes of this group send no UDP there. A group and not a user, so that files stay theirs to write."""
SET_UP = f"""
ip link set lo up
nft add table inet walls
nft add chain inet walls out '{{ type filter hook output priority 0; }}'
nft add rule inet walls out meta skgid {BLOCKED_GROUP} meta l4proto udp drop
echo ready
exec cat
"""


class Namespace:
    """It lives as long as its first process."""

    def __init__(self, first_pid: int) -> None:
        self.enter = ("nsenter", f"--net=/proc/{first_pid}/ns/net")
        """What a command line begins with that runs in there."""

    def program(self, path: Path, command: str, *, udp: bool) -> Path:
        """Write a program that is `command` in there."""
        group = () if udp else ("setpriv", f"--regid={BLOCKED_GROUP}", "--keep-groups")
        path.write_text(f'#!/bin/sh\nexec {" ".join((*self.enter, *group, command))} "$@"\n')
        path.chmod(0o755)
        return path


@contextmanager
def namespace() -> Iterator[Namespace]:
    """A new one; it goes with its last process."""
    first = subprocess.Popen(
        ["unshare", "--net", "sh", "-ec", SET_UP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert first.stdin is not None
    assert first.stdout is not None
    with first:
        assert first.stdout.readline() == "ready\n", "no network namespace: are ip and nft there?"
        yield Namespace(first.pid)
        first.stdin.close()
