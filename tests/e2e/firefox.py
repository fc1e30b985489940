"""Somebody in Firefox, as a distribution ships it, with the fake camera and microphone that it has built in."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.bidi import ENTER, Bidi, session
from tests.e2e.camera import Camera, Colour, Sight, Watch
from tests.e2e.person import HEARD, SEEN, WITHIN_MS, Someone
from tests.log_content import SAID

PREFERENCES = {
    "media.navigator.streams.fake": True,
    "permissions.default.camera": 1,  # allowed; else Firefox tells no address of the machine
    "permissions.default.microphone": 1,
    "media.peerconnection.ice.loopback": True,  # where `duologue dev` has its LiveKit
    "media.autoplay.default": 0,  # allowed
    "media.cubeb.force_mock_context": True,  # without a sound card, Web Audio would stand still
    "media.gmp-manager.updateEnabled": False,  # it would fetch codecs that nobody needs
}
LISTENS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
STEP = 12


class BuiltInCamera:
    """One colour over the whole picture, which never stops changing."""

    def place(self, sight: Sight) -> Colour:
        """Any colour may be its own; steps are wider than what an encoder does to one."""
        return Colour(*(value // STEP for value in sight.mean))


@contextmanager
def firefox(profile: Path) -> Iterator[Bidi]:
    """A Firefox with a profile of its own, ended at the end."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    assert program is not None, "this test needs Firefox: run `make test`, or install it"
    profile.mkdir()
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items())
    (profile / "user.js").write_text("".join(lines))
    command = [program, "--headless", "--remote-debugging-port", "0", "--profile", str(profile)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        with session(_address(process)) as page:
            yield page
        process.wait(timeout=15)
    finally:
        process.kill()
        process.communicate()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if found := LISTENS.search(line):
            return found[1]
    raise AssertionError(f"Firefox ended at its start:\n{''.join(said)}")


class FirefoxPerson:
    """The same hands and eyes as `Person`, through the standard's protocol."""

    def __init__(self, page: Bidi, url: str, shots: Path, name: str) -> None:
        self.camera: Camera = BuiltInCamera()
        self.name = name
        self.page = page
        self._url = url
        self._shots = shots

    def open(self, query: str = "?lang=en") -> None:
        """Open the page and agree to the rules."""
        self.page.open(f"{self._url}/{query}")
        self.press("agree")

    def press_go(self) -> None:
        """Press the one big button."""
        self.press("go")

    def write(self, text: str) -> None:
        """Write a line and send it."""
        assert len(text) > 6, "a shorter one is in some id by chance, and no log may hold it"
        SAID.add(text)
        self.press("chat-input")
        self.page.type(text + ENTER)

    def expect_phase(self, phase: str) -> None:
        """Wait until the page is in this phase."""
        self._until(f"document.querySelector('main[data-phase={phase}]') !== null")

    def expect_line(self, text: str) -> None:
        """Wait until a line of the partner is on the screen."""
        lines = """[...document.querySelectorAll('[data-testid="chat-line"][data-mine="false"]')]"""
        self._until(f"{lines}.some(line => line.textContent.includes({json.dumps(text)}))")

    def expect_gone(self, test_id: str) -> None:
        """Wait until it is not on the screen."""
        self._until(f"{_find(test_id)} === null")

    def sees(self, other: Someone) -> None:
        """Wait until the partner's picture is the other's, and moves."""
        watch = Watch(other.camera)
        glance = f"({SEEN})({_find('remote-video')})"
        self._wait(lambda: watch.look(self.page.evaluate(glance)), f"{self.name} sees {other.name} moving")

    def hears_something(self) -> None:
        """Wait until the partner's sound has a level."""
        self._until(f"({HEARD})({_find('remote-audio')}).then(level => level >= 0.01)")

    def shot(self, name: str) -> None:
        """Keep a picture of the page."""
        self._shots.mkdir(parents=True, exist_ok=True)
        (self._shots / f"{name}.png").write_bytes(self.page.screenshot())

    def press(self, test_id: str) -> None:
        """Wait until it is there, and press it."""
        self._until(f"{_find(test_id)} !== null")
        box = self.page.evaluate(f"{_find(test_id)}.getBoundingClientRect()")
        self.page.press(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def _until(self, condition: str) -> None:
        self._wait(lambda: self.page.evaluate(condition) is True, f"{self.name}: {condition}")

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        give_up = time.monotonic() + WITHIN_MS / 1000
        while not condition():
            if time.monotonic() > give_up:
                self.shot(f"failed-{self.name}")
                raise AssertionError(f"waited in vain: {what}; console: {self.page.console()}")
            time.sleep(0.05)


def _find(test_id: str) -> str:
    return f"document.querySelector('[data-testid=\"{test_id}\"]')"
