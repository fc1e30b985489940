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
CUT_GROUP = 65_533
"""What processes of this group send and are sent there can be cut off and let through again."""
OF_CUT_GROUP = "ct mark 1"
"""Also what comes back: a connection keeps the mark."""
SET_UP = f"""
ip link set lo up
nft add table inet walls
nft add chain inet walls cuts
nft add chain inet walls out '{{ type filter hook output priority 0; }}'
nft add rule inet walls out meta skgid {BLOCKED_GROUP} meta l4proto udp drop
nft add rule inet walls out meta skgid {CUT_GROUP} ct mark set 1
nft add rule inet walls out jump cuts
echo ready
exec cat
"""


class Namespace:
    """It lives as long as its first process."""

    def __init__(self, first_pid: int) -> None:
        self.enter = ("nsenter", f"--net=/proc/{first_pid}/ns/net")
        """What a command line begins with that runs in there."""

    def program(self, path: Path, command: str, *, group: int | None = None) -> Path:
        """Write a program that is `command` in there, of this group."""
        of_group = () if group is None else ("setpriv", f"--regid={group}", "--keep-groups")
        path.write_text(f'#!/bin/sh\nexec {" ".join((*self.enter, *of_group, command))} "$@"\n')
        path.chmod(0o755)
        return path

    def cut(self, *, only: str = "") -> None:
        """Whatever `CUT_GROUP` sends and is sent gets lost, and nobody is told; or only UDP: `meta l4proto udp`."""
        self._nft("add", "rule", "inet", "walls", "cuts", *OF_CUT_GROUP.split(), *only.split(), "drop")

    def heal(self) -> None:
        """Everything gets through again."""
        self._nft("flush", "chain", "inet", "walls", "cuts")

    def _nft(self, *command: str) -> None:
        subprocess.run([*self.enter, "nft", *command], check=True, timeout=10)


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
