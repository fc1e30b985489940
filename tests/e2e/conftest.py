"""A server for all tests that do not bring one of their own, and people with browsers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.e2e.camera import Colour, FilmCamera
from tests.e2e.person import Person
from tests.e2e.servers import Dev, Server

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


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all of these tests, stopped as a person stops it."""
    server = Dev(tmp_path_factory.mktemp("state"))
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
def inviting(server: Server, playwright: Playwright, folder: Path, *, keep_pages: bool = False) -> Iterator[Invite]:
    """The same for any server. `keep_pages`: who goes back finds the page as it was left, as in usual browsers."""
    usually = ["--disable-back-forward-cache"] if keep_pages else []
    people: list[Person] = []

    def invite_one(name: str, colour: Colour, trouble: str | None = None, browser: Path | None = None) -> Person:
        camera = FilmCamera(folder / f"{name}.y4m", colour)
        flags = flags_of(trouble, camera)
        window = playwright.chromium.launch(
            executable_path=browser or chromium(), args=flags, ignore_default_args=usually
        )
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
