"""`duologue db`: what an operator types before a new version starts."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from duologue.cli import cli
from duologue.clock import SystemClock, SystemRng
from duologue.ids import PairId, PersonId
from duologue.protocol.codes import Mode
from duologue.safety.report import Complaint, Evidence
from duologue.store.sql import open_safety_store, sqlite_address
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


ODD = "\u202egnp.exe \N{GHOST}\n#2 not a report"
SAID = Complaint(
    PersonId("ana"), PersonId("ben"), "Heron", PairId("p1"), "acme", Mode.TEXT, "spam", ODD,
    (Evidence(mine=False, text="buy!\nnow", at_ms=1_700_000_001_000), Evidence(True, "no", 1_700_000_002_000)),
)  # fmt: skip


async def keep(path: Path, *complaints: Complaint) -> None:
    """Somebody reported this, just now."""
    async with open_safety_store(sqlite_address(path), 1, SystemClock(), SystemRng(), migrate=True) as store:
        for complaint in complaints:
            await store.report(complaint)


def test_reports_are_printed(tmp_path: Path) -> None:
    """Who, whom, why and what was written; nothing in there passes for a line of ours, or does as it likes."""
    asyncio.run(keep(tmp_path / "state/duologue.sqlite", SAID))
    code, said = run("reports")

    assert code == 0
    assert "1 reports since" in said
    assert "spam  text, tenant acme, pair p1" in said
    assert "ana reported ben (Heron)" in said
    assert "    | \\u202egnp.exe \N{GHOST}\n    | #2 not a report" in said
    assert "22:13:21 reported: buy!\n    22:13:21 reported: now\n    22:13:22 reporter: no" in said


def test_reports_can_be_read_by_a_machine(tmp_path: Path) -> None:
    """All of them, word for word, and for nobody else's eyes."""
    asyncio.run(keep(tmp_path / "state/duologue.sqlite", SAID, SAID._replace(pair=PairId("p2"))))
    code, _ = run("reports", "--json", "reports.json", "--most", "1", "--since", "1h")
    (found,) = json.loads((tmp_path / "reports.json").read_text())["reports"]

    assert code == 0
    assert (found["pair"], found["reported"], found["text"], found["mode"]) == ("p2", "ben", ODD, "text")
    assert found["lines"][0] == {"mine": False, "text": "buy!\nnow", "at_ms": 1_700_000_001_000}
    assert (tmp_path / "reports.json").stat().st_mode & 0o777 == 0o600


def test_reports_of_before_are_left_out(tmp_path: Path) -> None:
    """A day of this century's end is far in the future."""
    asyncio.run(keep(tmp_path / "state/duologue.sqlite", SAID))

    assert "0 reports since 2099-12-31 00:00:00" in run("reports", "--since", "2099-12-31")[1]


def test_a_time_that_is_none_is_refused() -> None:
    """With how to write one."""
    code, said = run("reports", "--since", "yesterday")

    assert (code, "12h, 7d" in said) == (2, True)


def test_reports_need_their_table(tmp_path: Path) -> None:
    """The command is named."""
    (tmp_path / "state").mkdir()
    code, said = run("reports")

    assert (code, "duologue db upgrade" in said) == (2, True)
