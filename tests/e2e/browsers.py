"""The browsers of the people: how a Chromium is started, and which of them serve one person after another.

A start takes a second of CPU, and what tells two people apart, storage and permissions, is of a context and not of a
browser. So whoever needs nothing special gets a browser that waits for them, with a camera of their colour.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Playwright

from tests.e2e.camera import Colour, FilmCamera

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


class Window(NamedTuple):
    """A browser, and the camera that it has."""

    browser: Browser
    camera: FilmCamera


class Browsers:
    """Those of a run of the tests."""

    def __init__(self, playwright: Playwright, folder: Path) -> None:
        self._playwright = playwright
        self._folder = folder
        self._waiting: list[Window] = []
        self._started = 0

    def start(
        self, colour: Colour, trouble: str | None = None, program: Path | None = None, *, keep_pages: bool = False
    ) -> Window:
        """One of somebody's own, who closes it. `keep_pages`: who goes back finds the page as it was left."""
        self._started += 1
        camera = FilmCamera(self._folder / f"camera-{self._started}.y4m", colour)
        window = self._playwright.chromium.launch(
            executable_path=program or chromium(),
            args=flags_of(trouble, camera),
            ignore_default_args=["--disable-back-forward-cache"] if keep_pages else [],
        )
        return Window(window, camera)

    @contextmanager
    def lent(self, colour: Colour) -> Iterator[Window]:
        """One for somebody who needs nothing special, and leaves nothing in it."""
        found = next((window for window in self._waiting if window.camera.colour == colour), None)
        if found is None:
            found = self.start(colour)
        else:
            self._waiting.remove(found)
        try:
            yield found
        finally:
            if found.camera.untouched and found.browser.is_connected():
                self._waiting.append(found)
            else:
                found.browser.close()

    def close(self) -> None:
        """All that wait."""
        for window in self._waiting:
            window.browser.close()


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
