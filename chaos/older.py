"""The version before this one, as a folder of sources: out of the history of this checkout, by git."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
SPOKEN_IN = (
    "src/duologue/protocol", "src/duologue/store", "src/duologue/ledger.py", "src/duologue/pairs", "src/duologue/calls",
    "src/duologue/matching/ticket.py", "src/duologue/supervisor/report.py",
)  # fmt: skip
"""What processes and clients say to each other, and what they keep for each other."""


class NoHistory(Exception):
    """There is no version before this one to be had; the message says what to do."""


def before(ref: str | None = None) -> str:
    """The commit that is run beside this one: the one asked for, the last release, or else the one before the last
    change of what processes say to each other. Raises `NoHistory`.
    """
    asked = ref or _git("describe", "--tags", "--abbrev=0", "HEAD^", may_fail=True)
    if not asked:
        asked = f"{_git('log', '-1', '--no-merges', '--format=%H', '--', *SPOKEN_IN)}^"
    return _git("rev-parse", "--verify", f"{asked}^{{commit}}")


def unpack(commit: str, folder: Path) -> Path:
    """Its files, in a new folder, which is given back. Raises `NoHistory`."""
    folder.mkdir()
    _git("archive", f"--output={folder / 'all.tar'}", commit)
    subprocess.run(["tar", "-xf", "all.tar"], cwd=folder, check=True)
    return folder


def _git(*words: str, may_fail: bool = False) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return done.stdout.strip()
    if may_fail:
        return ""
    raise NoHistory(
        f"git {words[0]} says: {done.stderr.strip()}. The version before this one comes out of the history: "
        "in a shallow clone, git fetch --unshallow; without one, choose other faults with --only"
    )
