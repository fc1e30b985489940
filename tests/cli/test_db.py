"""`duologue db`: what an operator types before a new version starts."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from duologue.cli import cli
from duologue.store.sql.schema import NEEDED
from tests.postgres import Postgres


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A state folder of the test's own, and the log as it was."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUOLOGUE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    handlers = logging.root.handlers[:]
    yield
    logging.root.handlers[:] = handlers
    structlog.reset_defaults()


def run(*arguments: str) -> tuple[int, str]:
    """The exit code and all that was said."""
    result = CliRunner().invoke(cli, ["db", *arguments])
    return result.exit_code, result.output


def test_the_file_of_dev_is_upgraded(tmp_path: Path) -> None:
    """Without any configuration."""
    code, said = run("status")
    assert (code, "duologue db upgrade" in said) == (1, True)
    assert not (tmp_path / "state").exists()

    code, said = run("upgrade")
    assert (code, f"nothing → {NEEDED}" in said) == (0, True)
    assert "nothing to do" in run("upgrade")[1]
    assert run("status")[0] == 0


def test_the_status_can_be_read_by_a_machine(tmp_path: Path) -> None:
    """For roll-outs that ask first."""
    run("status", "--json", "before.json")
    run("upgrade")
    run("status", "--json", "after.json")
    before, after = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("before", "after"))

    assert (before["holds"], before["state"], before["revision"]) == (False, "missing", None)
    assert (after["holds"], after["state"], after["revision"]) == (True, "current", after["needed"])


def test_a_server_that_is_not_there_is_told(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """Could not run: which server, why, and no password."""
    monkeypatch.setenv("DATABASE_URL", postgres.url("nowhere"))
    for command in ("status", "upgrade"):
        code, said = run(command)

        assert code == 2
        assert f"127.0.0.1:{postgres.port}/nowhere" in said
        assert 'database "nowhere" does not exist' in said
        assert postgres.password not in said
