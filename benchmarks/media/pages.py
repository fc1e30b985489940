"""The pages of a benchmark, built as the real one is, and people who open them in Chromium."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, sync_playwright
from playwright.sync_api import TimeoutError as TookTooLong

from benchmarks.media.far import NEAR
from benchmarks.report import CannotRun
from tests.e2e.browsers import FLAGS
from tests.e2e.camera import BLUE, film

ROOT = Path(__file__).parents[2]


class Tab:
    """One person at one page, which has an object `bench`. `script` runs in it before anything else."""

    def __init__(self, browser: Browser, url: str, script: str | None = None) -> None:
        self.console: list[str] = []
        self.warnings: list[str] = []
        context = browser.new_context(permissions=["camera", "microphone"])
        self._page = context.new_page()
        self._page.on("console", self._note)
        self._page.on("pageerror", lambda error: self.warnings.append(f"pageerror: {error.stack}"))
        if script is not None:
            self._page.add_init_script(script)
        self._page.goto(url)
        self._page.wait_for_function("() => 'bench' in window")

    @property
    def page(self) -> Page:
        """To look into."""
        return self._page

    def ask(self, method: str, *arguments: Any) -> Any:
        """What `bench.METHOD(...)` gives, once it is there."""
        return self._page.evaluate(f"given => bench.{method}(...given)", list(arguments))

    def wait_until(self, condition: str, within_ms: float) -> bool:
        """Whether a JavaScript expression came true in time."""
        try:
            self._page.wait_for_function(f"() => {condition}", timeout=within_ms)
        except TookTooLong:
            return False
        return True

    def stay(self, for_ms: float) -> None:
        """Let time pass."""
        self._page.wait_for_timeout(for_ms)

    def _note(self, message: ConsoleMessage) -> None:
        self.console.append(message.text)
        if message.type in {"warning", "error"}:
            self.warnings.append(f"{message.type}: {message.text}")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextlib.contextmanager
def served(source: Path, into: Path) -> Iterator[str]:
    """Build the pages of a folder and serve them; gives their origin."""
    build = ["npx", "--no-install", "vite", "build", str(source), "--outDir", str(into), "--logLevel", "error"]
    try:
        done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise CannotRun("Node.js is missing: run this by `make`") from error
    if done.returncode:
        raise CannotRun(f"the pages could not be built:\n{done.stdout}{done.stderr}")
    with ThreadingHTTPServer((NEAR, 0), partial(_Quiet, directory=str(into))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{NEAR}:{server.server_address[1]}"
        server.shutdown()


@contextlib.contextmanager
def chromium(folder: Path, flags: Sequence[str] = ()) -> Iterator[Browser]:
    """A browser, and the driver for it; a process may have one driver only."""
    with sync_playwright() as driver:
        yield launched(driver, folder, flags)


def launched(driver: Playwright, folder: Path, flags: Sequence[str] = ()) -> Browser:
    """A browser whose people all have the same small camera (160x120, 10 frames a second)."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise CannotRun("Chromium is missing: run this by `make`, or install it")
    camera = film(folder / "camera.y4m", BLUE)
    given = [*FLAGS, f"--use-file-for-fake-video-capture={camera}", *flags]
    return driver.chromium.launch(executable_path=program, args=given)
