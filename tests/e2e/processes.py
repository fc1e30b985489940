"""Processes of this machine, found by what their command line says."""

from __future__ import annotations

from pathlib import Path


def processes_naming(*words: str) -> dict[int, str]:
    """Command line by process id, of those that mention each of the words."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if all(word in command for word in words):
            found[int(entry.parent.name)] = command
    return found
