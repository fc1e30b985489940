"""The files for systemd, given to `duologue serve` and, where it is there, to systemd itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from duologue.app.keys import shared_key
from duologue.app.media import check_given
from duologue.app.parent import STOP_WITHIN_MS, Service, posts
from duologue.app.safety import shared_address
from duologue.app.store import where
from duologue.cli import cli
from duologue.cli.serve import Part
from duologue.settings import Settings, load

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
UNIT = FOLDER / "duologue@.service"


def assignments(path: Path) -> list[tuple[str, str]]:
    """The lines `name=value` of a unit or an environment file, in order."""
    lines = [line for line in path.read_text().splitlines() if "=" in line and line[0] != "#"]
    return [(name, value) for name, _, value in (line.partition("=") for line in lines)]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """As the example files make them."""
    monkeypatch.chdir(tmp_path)
    for file in ("duologue.env", "role.env"):
        for name, value in assignments(FOLDER / file):
            monkeypatch.setenv(name, value)
    return load()


def test_the_environment_is_all_that_serve_needs(settings: Settings) -> None:
    """And each name in it exists: others are refused."""
    assert where(settings.redis) == "127.0.0.1:6379"
    assert shared_address(settings).kind == "postgresql"
    shared_key(settings)
    check_given(settings, text_only=False)

    assert settings.gateway.public_url is not None
    assert settings.gateway.allows("https://chat.example.org")


@pytest.mark.parametrize("part", list(Part))
def test_the_command_has_only_options_that_exist(part: Part) -> None:
    """For each role that a service can be of."""
    (command,) = [value for name, value in assignments(UNIT) if name == "ExecStart"]
    program, name, *arguments = command.replace("%i", part).replace("${PROCESSES}", "4").split()
    group = typer.main.get_command(cli)
    assert isinstance(group, typer.core.TyperGroup)
    context = group.commands[name].make_context(name, arguments)

    assert Path(program).name == "duologue"
    assert (context.params["part"], context.params["processes"]) == (part, 4)


def test_systemd_waits_longer_than_we_do(settings: Settings) -> None:
    """For Redis at the start, and for the last gateway and then the rest at a stop."""
    unit = dict(assignments(UNIT))
    children = posts(Service("all", 2, text_only=False), settings)
    slowest = {post.stage: post.stop_within_ms for post in sorted(children, key=lambda post: post.stop_within_ms)}

    assert int(unit["TimeoutStartSec"]) > settings.redis.wait_s
    assert int(unit["TimeoutStopSec"]) * 1000 >= sum(slowest.values()) + STOP_WITHIN_MS
    assert unit["KillMode"] == "mixed"


def test_systemd_knows_every_line(tmp_path: Path) -> None:
    """A name that it does not know would be ignored by it, with a warning."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd on this machine")
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/duologue/bin/duologue", "/bin/true"))
    wrong = tmp_path / "wrong@.service"
    wrong.write_text(unit.read_text().replace("KillMode", "KilMode"))

    said = [
        subprocess.run(
            ["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, timeout=50, check=False
        ).stderr
        for path in (unit, wrong)
    ]

    assert UNIT.name not in said[0]
    assert "KilMode" in said[1]
