"""The version before this one comes out of the history, and where there is none one is told what to do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from chaos import older

ME = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is taken for this checkout."""
    folder = tmp_path / "checkout"
    (folder / "src/duologue/protocol").mkdir(parents=True)
    monkeypatch.setattr(older, "ROOT", folder)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return folder


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *ME, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, name: str, words: str) -> str:
    """Write a file of that name, and give the commit that has it."""
    (folder / "src/duologue" / name).write_text(words)
    git(folder, "add", ".")
    git(folder, "commit", "-m", words)
    return git(folder, "rev-parse", "HEAD")


def test_it_is_the_one_before_the_last_change_of_what_is_said(checkout: Path, tmp_path: Path) -> None:
    """Whatever else was changed since; the last release, where there is one."""
    git(checkout, "init", "--quiet")
    commit(checkout, "protocol/words.py", "first")
    before = commit(checkout, "other.py", "second")
    commit(checkout, "protocol/words.py", "third")
    commit(checkout, "other.py", "fourth")

    assert older.before() == before
    assert (older.unpack(before, tmp_path / "old") / "src/duologue/protocol/words.py").read_text() == "first"
    git(checkout, "tag", "v1", "HEAD^")
    assert older.before() == git(checkout, "rev-parse", "v1")
    assert older.before("HEAD") == git(checkout, "rev-parse", "HEAD")


@pytest.mark.usefixtures("checkout")
def test_without_a_history_one_is_told_what_to_do() -> None:
    """In a shallow clone, or in no clone at all."""
    with pytest.raises(older.NoHistory, match=r"git fetch --unshallow.*--only"):
        older.before()
