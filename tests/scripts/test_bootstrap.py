"""What `make run` says and does on machines that lack things. The happy path is what runs these tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BOOTSTRAP = Path(__file__).parents[2] / "scripts" / "bootstrap"
TOOLS = ("bash", "cat", "cksum", "dirname", "env", "mkdir", "rm")


class Machine:
    """A checkout that holds the script alone, and a PATH that holds only what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "checkout"
        self.programs = folder / "programs"
        (self.checkout / "scripts").mkdir(parents=True)
        self.programs.mkdir()
        shutil.copy(BOOTSTRAP, self.checkout / "scripts")
        for tool in TOOLS:
            self.tool(tool)

    def tool(self, name: str) -> None:
        (self.programs / name).symlink_to(str(shutil.which(name)))

    def program(self, name: str, script: str) -> None:
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.checkout / "scripts" / "bootstrap", *arguments],
            env={"PATH": str(self.programs), "HOME": str(self.checkout)} | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_no_python_is_told_with_the_fix(machine: Machine) -> None:
    """A name on PATH that does not run, as pyenv leaves them, counts as none."""
    machine.program("python3.13", "exit 127")

    ended = machine.run("python")

    assert ended.returncode == 2
    assert "no Python 3.11 or newer" in ended.stderr
    assert "apt-get install python3" in ended.stderr


def test_a_python_that_makes_no_environment_is_told_with_the_fix(machine: Machine) -> None:
    """Debian's Python has no ensurepip; whoever is not root reads what to install, and no half `.venv` is left."""
    machine.program("python3", f'case "$*" in "-m venv"*) mkdir -p .venv; exit 1;; esac; exec {sys.executable} "$@"')
    machine.program("id", "echo 1000")

    ended = machine.run("python")

    assert ended.returncode == 2
    assert "sudo apt-get install python3-venv" in ended.stderr
    assert not (machine.checkout / ".venv").exists()


@pytest.mark.parametrize(("part", "package"), [("chromium", "chromium"), ("firefox", "firefox-esr")])
def test_a_missing_browser_is_told_with_the_fix(machine: Machine, part: str, package: str) -> None:
    """Only the browser tests need it, so only they ask."""
    machine.program("id", "echo 1000")

    ended = machine.run(part)

    assert ended.returncode == 2
    assert f"apt-get install {package}" in ended.stderr


@pytest.mark.parametrize("variable", ["LIVEKIT_URL", "DUOLOGUE_LIVEKIT__URL", "DUOLOGUE_LIVEKIT__BINARY"])
def test_a_configured_livekit_is_enough_to_run(machine: Machine, variable: str) -> None:
    """Nothing is built for somebody who has a server."""
    assert machine.run("livekit", **{variable: "somewhere"}).returncode == 0


def test_the_command_takes_the_place_of_the_script(machine: Machine) -> None:
    """Signals that `make run` gets must reach the server, and spaces in arguments must survive."""
    machine.program("command", 'echo "$$ $1"')
    machine.program("outer", 'echo "$$"; exec "$@"')

    ended = subprocess.run(
        [
            machine.programs / "outer",
            machine.checkout / "scripts" / "bootstrap",
            "--",
            machine.programs / "command",
            "a b",
        ],
        env={"PATH": str(machine.programs), "HOME": "/"},
        capture_output=True,
        text=True,
        check=True,
    )

    first, second = ended.stdout.splitlines()
    assert second == f"{first} a b"


def test_a_part_that_does_not_exist_is_refused(machine: Machine) -> None:
    """A typo in the Makefile must not silently install nothing."""
    assert machine.run("pythons").returncode == 2


def test_prometheus_is_unpacked_and_not_installed(machine: Machine) -> None:
    """The package would start a service on the machine of whoever runs the tests."""
    for tool in ("mktemp", "mv"):
        machine.tool(tool)
    machine.program("apt-get", '[ "$1" = download ] && : >prometheus_1_all.deb')
    machine.program(
        "dpkg-deb", 'mkdir -p "$3/usr/bin" && for name in prometheus promtool; do : >"$3/usr/bin/$name"; done'
    )
    cache = machine.checkout / ".cache" / "duologue" / "prometheus"

    ended = machine.run("prometheus")

    assert ended.returncode == 0, ended.stderr
    assert sorted(path.name for path in cache.iterdir()) == ["prometheus", "promtool"]


def test_a_prometheus_that_cannot_be_fetched_is_told_with_the_fix(machine: Machine) -> None:
    """On another system than Debian, somebody has to bring it."""
    ended = machine.run("prometheus")

    assert ended.returncode == 2
    assert "promtool" in ended.stderr
