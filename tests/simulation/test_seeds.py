"""The simulation as CI runs it: some seeds, and the bugs that it has to find."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from duologue.simulation.planted import PLANTED


def sim(tmp_path: Path, *options: str) -> tuple[subprocess.CompletedProcess[str], Any]:
    """Run `duologue sim`; what it printed, and its JSON."""
    file = tmp_path / "sim.json"
    command = [sys.executable, "-m", "duologue", "sim", *options]
    done = subprocess.run([*command, "--json", str(file)], capture_output=True, text=True, timeout=600, check=False)
    return done, json.loads(file.read_text()) if file.exists() else None


@pytest.mark.timeout(660)
def test_no_seed_violates_an_invariant(tmp_path: Path) -> None:
    """Whatever happens to people, processes, store and network."""
    done, result = sim(tmp_path, "--seeds", "1-100")

    assert done.returncode == 0, done.stdout + done.stderr
    assert result["seeds"] == 100
    assert result["pairs"] > 500, "people do meet in there"


@pytest.mark.timeout(660)
def test_each_planted_bug_is_found(tmp_path: Path) -> None:
    """A simulation that finds nothing proves nothing."""
    done, result = sim(tmp_path, "--planted", "all", "--seeds", "1-400")

    assert done.returncode == 0, done.stdout + done.stderr
    assert set(result["found"]) == set(PLANTED)
    assert all(each["violation"] for each in result["found"].values())


@pytest.mark.parametrize(
    ("options", "hint"),
    [(("--seeds", "9-1"), "a range"), (("--seeds", "x"), "a range"), (("--planted", "moss"), "seat-never-released")],
    ids=["backwards", "no number", "no such bug"],
)
def test_a_wrong_option_says_what_is_right(tmp_path: Path, options: tuple[str, ...], hint: str) -> None:
    """And exits with 2: it could not run."""
    done, _ = sim(tmp_path, *options)

    assert done.returncode == 2
    assert hint in done.stderr


def test_a_seed_does_not_depend_on_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its result, nor whether the command (or any other) starts at all."""
    _, plain = sim(tmp_path, "--seeds", "3")
    monkeypatch.setenv("DUOLOGUE_TIMING__HEARTBEAT_MS", "12000")
    monkeypatch.setenv("DUOLOGUE_HTTP__PORT", "no number")
    done, configured = sim(tmp_path, "--seeds", "3")

    assert done.returncode == 0, done.stderr
    assert configured == plain
