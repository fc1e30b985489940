"""`duologue dev` as an operator starts it, and people with browsers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.e2e.camera import Colour, FilmCamera
from tests.e2e.person import Person
from tests.e2e.processes import processes_naming
from tests.fakes import free_port

STARTS_WITHIN_S = 40
SHOTS = Path("test-results/e2e")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
)
WITHOUT_DEVICES = ("denied", "missing")
TROUBLES = {
    "denied": ("--use-fake-ui-for-media-stream", "--use-fake-ui-for-media-stream=deny"),
    "missing": ("--use-fake-device-for-media-stream", ""),
    "held": ("--autoplay-policy=no-user-gesture-required", "--autoplay-policy=user-gesture-required"),
}


class Invite(Protocol):
    """Somebody new.

    `trouble` is what goes wrong for them: no camera nor microphone, denied or missing; sound that is held
    back until something was pressed.
    `browser` is the program to start, if not the Chromium of this machine.
    """

    def __call__(
        self, name: str, colour: Colour, trouble: str | None = None, browser: Path | None = None
    ) -> Person: ...


class Server:
    """`duologue dev` in a process of its own. `enter` is what its command line begins with."""

    def __init__(self, state_dir: Path, enter: Sequence[str] = ()) -> None:
        self._enter = enter
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.livekit_port = free_port()
        self.state_dir = state_dir
        self._log = (state_dir / "dev.log").open("w")
        options = {
            "--port": self.port,
            "--ws-port": free_port(),
            "--livekit-port": self.livekit_port,
            "--livekit-udp-port": free_port(socket.SOCK_DGRAM),
            "--state-dir": state_dir,
        }
        given = (str(part) for option in options.items() for part in option)
        command = [*enter, sys.executable, "-m", "duologue", "dev", *given]
        environment = {
            **os.environ,
            "DUOLOGUE_LOG__FORMAT": "json",
            "DUOLOGUE_LOG__LEVEL": "debug",
            "DUOLOGUE_LIMITS__PROFILE": "load",
        }
        self.process = subprocess.Popen(command, stdout=self._log, stderr=subprocess.STDOUT, env=environment)
        self._until_ready()

    def _until_ready(self) -> None:
        give_up = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < give_up and self.process.poll() is None:
            if self._ready():
                return
            time.sleep(0.05)
        raise AssertionError(f"duologue dev did not start:\n{self.log()}")

    def _ready(self) -> bool:
        if self._enter:
            ask = f"import urllib.request as r; r.urlopen('{self.url}/health/ready', timeout=1)"
            done = subprocess.run([*self._enter, sys.executable, "-c", ask], capture_output=True, check=False)
            return done.returncode == 0
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=1):
                return True
        except OSError:
            return False

    def log(self) -> str:
        """What it logged."""
        return (self.state_dir / "dev.log").read_text()

    def events(self, name: str) -> list[dict[str, Any]]:
        """What it logged of one kind of event."""
        whole_lines = self.log().rpartition("\n")[0].splitlines()
        logged = [json.loads(line) for line in whole_lines if line.startswith("{")]
        return [line for line in logged if line["event"] == name]

    def kill_livekit(self) -> float:
        """End its LiveKit without a chance to say goodbye; gives when, in seconds since 1970."""
        (pid,) = processes_naming("livekit-server", str(self.state_dir), f"{self.livekit_port}.json")
        os.kill(pid, signal.SIGKILL)
        return time.time()

    def kill(self) -> None:
        """End it without a chance to say goodbye."""
        self.process.kill()
        self.process.wait()
        self._log.close()

    def stop(self) -> int:
        """Ctrl-C; gives the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=15)
        self._log.close()
        return code


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all of these tests, stopped as a person stops it."""
    server = Server(tmp_path_factory.mktemp("state"))
    yield server
    assert server.stop() == 0, server.log()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The browser driver."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture
def invite(server: Server, playwright: Playwright, tmp_path: Path) -> Iterator[Invite]:
    """Somebody new with a browser and a camera; all leave at the end, and no console may hold a warning."""
    with inviting(server, playwright, tmp_path) as invite:
        yield invite


@contextmanager
def inviting(server: Server, playwright: Playwright, folder: Path) -> Iterator[Invite]:
    """The same for any server."""
    people: list[Person] = []

    def invite_one(name: str, colour: Colour, trouble: str | None = None, browser: Path | None = None) -> Person:
        camera = FilmCamera(folder / f"{name}.y4m", colour)
        flags = flags_of(trouble, camera)
        window = playwright.chromium.launch(executable_path=browser or chromium(), args=flags)
        people.append(Person(window, server.url, camera, SHOTS, name, permitted=trouble not in WITHOUT_DEVICES))
        return people[-1]

    yield invite_one
    for person in people:
        person.close()
    assert {person.name: person.console for person in people} == {person.name: [] for person in people}


def flags_of(trouble: str | None, camera: FilmCamera) -> list[str]:
    """How to start Chromium for somebody."""
    usual, instead = TROUBLES.get(trouble or "", ("", ""))
    flags = [instead if flag == usual else flag for flag in FLAGS]
    return flags if trouble in WITHOUT_DEVICES else [*flags, camera.flag]


def chromium() -> str:
    """The browser of this machine."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found is not None, "these tests need Chromium: run `make test`, or install it"
    return found
