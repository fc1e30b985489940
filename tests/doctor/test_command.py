"""`duologue doctor` as an operator meets it: what it prints, what it writes, how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from duologue.cli import cli
from duologue.settings import LIVEKIT_VARIABLES
from tests.fakes import free_port

Doctor = Callable[..., Result]
LIMITS = {"DUOLOGUE_GATEWAY__MAX_CONNECTIONS": "100"}


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Run it in an empty folder, on free ports."""
    monkeypatch.chdir(tmp_path)
    for variable in ("REDIS_URL", "DATABASE_URL", *LIVEKIT_VARIABLES.values()):
        monkeypatch.delenv(variable, raising=False)
    ports = {f"DUOLOGUE_{section}__PORT": str(free_port()) for section in ("HTTP", "GATEWAY")}

    def run(*options: str, **variables: str) -> Result:
        environment = {"DUOLOGUE_STATE_DIR": str(tmp_path / "state"), **ports, **LIMITS, **variables}
        return CliRunner().invoke(cli, ["doctor", *options], env=environment)

    return run


def test_all_well_is_0(doctor: Doctor) -> None:
    """With one line for each thing that was looked at, and a sum."""
    result = doctor("--dev", "--text-only")

    assert result.exit_code == 0, result.output
    assert "no problems" in result.output


def test_a_problem_is_1_and_has_its_fix(doctor: Doctor) -> None:
    """`duologue serve` would not start without Redis."""
    result = doctor("--text-only")

    assert result.exit_code == 1
    assert "fix: set REDIS_URL" in result.output


def test_a_configuration_that_does_not_load_is_a_problem(doctor: Doctor) -> None:
    """With the text that the start would give, in the JSON, too."""
    result = doctor("--json", "result.json", DUOLOGUE_HTTP__PROT="9000")

    assert result.exit_code == 1
    assert "http.prot" in result.output
    assert json.loads(Path("result.json").read_text())["level"] == "problem"


def test_a_json_that_cannot_be_written_is_2(doctor: Doctor) -> None:
    """Whoever wanted it has nothing."""
    assert doctor("--dev", "--text-only", "--json", "no/such/folder.json").exit_code == 2


def test_no_secret_is_shown(doctor: Doctor) -> None:
    """Neither of a Redis nor of a LiveKit that is out of reach, nor in the JSON."""
    dead = free_port()
    result = doctor(
        "--json",
        "result.json",
        REDIS_URL=f"redis://duologue:redis-secret@127.0.0.1:{dead}/0",
        LIVEKIT_URL=f"ws://127.0.0.1:{dead}",
        LIVEKIT_API_KEY="key",
        LIVEKIT_API_SECRET="livekit-secret-of-32-characters-or-more",
    )

    assert result.exit_code == 1
    assert f"127.0.0.1:{dead}" in result.output
    said = result.output + Path("result.json").read_text()
    assert "redis-secret" not in said
    assert "livekit-secret" not in said
