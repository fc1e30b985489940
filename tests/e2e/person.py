"""One person at one browser: what they press, and what they see and hear."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.e2e.camera import Camera, FilmCamera, Watch
from tests.log_content import SAID

WITHIN_MS = 20_000
SEEN = """
video => {
  const canvas = Object.assign(document.createElement('canvas'), {width: 32, height: 24});
  const paint = canvas.getContext('2d', {willReadFrequently: true});
  paint.drawImage(video, 0, 0, 32, 24);
  const pixels = paint.getImageData(0, 0, 32, 24).data, columns = [];
  const sum = [0, 0, 0];
  for (let x = 0; x < 32; x++) {
    let bright = 0;
    for (let y = 0; y < 24; y++) for (let c = 0; c < 3; c++) {
      const value = pixels[4 * (y * 32 + x) + c];
      sum[c] += value;
      bright += value;
    }
    columns.push(bright);
  }
  return {mean: sum.map(s => s / (32 * 24)), brightest: columns.indexOf(Math.max(...columns)), width: video.videoWidth};
}
"""
HEARD = """
async audio => {
  if (!(audio.srcObject instanceof MediaStream) || !audio.srcObject.getAudioTracks().length) return 0;
  const context = new AudioContext(), analyser = context.createAnalyser();
  analyser.fftSize = 32768; // two thirds of a second: no beep falls between two looks
  context.createMediaStreamSource(audio.srcObject).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let loudest = 0;
  const end = performance.now() + 1500;
  while (performance.now() < end && loudest < 0.01) {
    await new Promise(requestAnimationFrame);
    analyser.getFloatTimeDomainData(samples);
    loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), loudest);
  }
  await context.close();
  return audio.paused || audio.muted ? 0 : loudest;
}
"""
WATCH = """
ids => {
  const before = Object.fromEntries(ids.map(id => [id, null]));
  window.seen = [];
  new MutationObserver(() => {
    for (const id of ids) {
      const words = document.querySelector(`[data-testid="${id}"]`)?.textContent ?? null;
      const at = (performance.timeOrigin + performance.now()) / 1000; // whatever Date says
      if (words !== before[id]) window.seen.push({id, words, at});
      before[id] = words;
    }
  }).observe(document, {subtree: true, childList: true, characterData: true});
}
"""
CAMERA_MAY_BE_BUSY = """
const devices = navigator.mediaDevices, ask = devices.getUserMedia.bind(devices);
window.cameraIsBusy = true;
devices.getUserMedia = async wanted => {
  if (wanted.video && window.cameraIsBusy) throw new DOMException('Could not start video source', 'NotReadableError');
  return ask(wanted);
};
"""
HAS_CAMERA = "async () => (await navigator.mediaDevices.enumerateDevices()).some(({kind}) => kind === 'videoinput')"
NETWORK_ERROR = re.compile(
    r"(?:error|warning): (WebSocket connection to|Failed to load resource).*(ERR_CONNECTION|failed)"
)


class Someone(Protocol):
    """What a person can do and see in any browser."""

    name: str

    @property
    def camera(self) -> Camera:
        """Whose picture others see."""

    def open(self, query: str = ...) -> None:
        """Open the page and agree to the rules."""

    def press_go(self) -> None:
        """Press the one big button."""

    def expect_phase(self, phase: str) -> None:
        """Wait until the page is in this phase."""

    def sees(self, other: Someone) -> None:
        """Wait until the partner's picture is the other's, and moves."""

    def hears_something(self) -> None:
        """Wait until the partner's sound has a level."""


def meet(one: Someone, other: Someone) -> None:
    """Two people press the button; both see, and hear, the right one."""
    for person in (one, other):
        person.open()
        person.press_go()
    see_each_other(one, other)


def see_each_other(one: Someone, other: Someone) -> None:
    """Wait until both see, and hear, the right one."""
    for person, partner in ((one, other), (other, one)):
        person.expect_phase("talking")
        person.sees(partner)
        person.hears_something()


class Person:
    """Somebody in a browser and with a camera of their own."""

    def __init__(
        self, browser: Browser, url: str, camera: FilmCamera, shots: Path, name: str, *, permitted: bool = True
    ) -> None:
        self.camera = camera
        self.name = name
        self.console: list[str] = []
        self._shots = shots
        self.context: BrowserContext = browser.new_context(
            base_url=url, permissions=["camera", "microphone"] if permitted else []
        )
        self.context.on("console", self._note)
        self.context.on("weberror", lambda error: self.console.append(f"pageerror: {error.error.stack}"))
        self.id: str | None = None
        """Who they are to the server, once it let them in."""
        self._matched: list[dict[str, Any]] = []
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(WITHIN_MS)
        self.page.on("websocket", lambda socket: socket.on("framereceived", self._note_frame))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("warning", "error"):
            self.console.append(f"{message.type}: {message.text}")

    def _note_frame(self, frame: str | bytes) -> None:
        if not isinstance(frame, str):
            return  # LiveKit's
        message: dict[str, Any] = json.loads(frame)
        state = message.get("state", {})  # of `ready`: all there is to know, a pair that goes on included
        if message["type"] == "ready":
            self.id = message["self"]["person"]
        if message["type"] == "matched" or "matched" in state:
            self._matched.append(state.get("matched", message))

    def forgive_network_errors(self) -> None:
        """Forget what the browser itself, and nobody else, said of servers that it did not reach."""
        self.console = [line for line in self.console if not NETWORK_ERROR.match(line)]

    def watch(self, *test_ids: str) -> None:
        """From the next page on, note what these elements say, and when: also what stands there for a moment."""
        self.context.add_init_script(f"({WATCH})({json.dumps(test_ids)})")

    def told(self, test_id: str, *, since: float) -> list[tuple[float, str]]:
        """What a watched element said since then, and after how many seconds."""
        return [(at, words) for at, which, words in self.seen(since=since) if which == test_id and words is not None]

    def seen(self, *, since: float) -> list[tuple[float, str, str | None]]:
        """All that these elements said since then: after how many seconds, which, and what; None: it went away."""
        seen: list[dict[str, Any]] = self.page.evaluate("() => window.seen")
        return [(one["at"] - since, one["id"], one["words"]) for one in seen if one["at"] >= since]

    def last_matched(self) -> dict[str, Any]:
        """The newest `matched` that the server sent to this page."""
        return self._matched[-1]

    def matches(self) -> int:
        """How many pairs the pages of this browser were told of."""
        return len({matched["pair"] for matched in self._matched})

    # -- what they do -----------------------------------------------------------------------

    def open(self, query: str = "?lang=en") -> None:
        """Open the page and agree to the rules."""
        self.page.goto("/" + query)
        self.page.get_by_test_id("agree").click()

    def press_go(self) -> None:
        """Press the one big button: Find, Next, Answer, as soon as a press means what it says."""
        self.page.locator('[data-testid="go"]:not([data-armed="false"])').click()

    def press_stop(self) -> None:
        """Press the smaller one beside it."""
        self.page.get_by_test_id("stop").click()

    def write(self, text: str) -> None:
        """Write a line and send it."""
        assert len(text) > 6, "a shorter one is in some id by chance, and no log may hold it"
        SAID.add(text)
        box = self.page.get_by_test_id("chat-input")
        box.fill(text)
        box.press("Enter")

    def block(self) -> None:
        """Do not meet the partner of this talk again."""
        for test_id in ("more", "block", "block-sure"):
            self.page.get_by_test_id(test_id).click()

    def tab_to(self, test_id: str) -> None:
        """Press Tab until this has the focus."""
        wanted = self.page.get_by_test_id(test_id)
        for _ in range(40):
            self.page.keyboard.press("Tab")
            if wanted.evaluate_all("found => found.some(one => one === document.activeElement)"):
                return
        raise AssertionError(f"no number of tabs leads to {test_id}")

    def occupy_camera(self) -> None:
        """From the next page on the browser says that the camera does not start: a fake one cannot really be busy."""
        self.page.add_init_script(CAMERA_MAY_BE_BUSY)

    def release_camera(self) -> None:
        """It starts again."""
        self.page.evaluate("() => { window.cameraIsBusy = false }")

    def plug_camera_in(self) -> None:
        """Here nobody tells Chromium of new devices: it finds them when it looks, and then tells the page."""
        self.camera.plug_in()
        self.until(lambda: self.page.evaluate(HAS_CAMERA) is True, f"{self.name}'s browser finds the camera")

    # -- what they see ----------------------------------------------------------------------

    @property
    def phase(self) -> Locator:
        """The main element, which names the phase."""
        return self.page.locator("main[data-phase]")

    def expect_phase(self, phase: str) -> None:
        """Wait until the page is in this phase."""
        expect(self.phase).to_have_attribute("data-phase", phase, timeout=WITHIN_MS)

    def expect_matches(self, count: int) -> None:
        """Wait until the server told this page of so many pairs."""
        self.until(lambda: self.matches() >= count, f"{self.name} has pair {count}")

    def until_press_is_forgotten(self) -> None:
        """Wait until the browser does not take what the page does for an answer to a press any more."""
        self._until_so("!navigator.userActivation.isActive", f"{self.name} has not pressed anything lately")

    def expect_without_pressing(self, test_id: str) -> None:
        """Wait until this is on the page."""
        found = f"document.querySelector('[data-testid={test_id}]') !== null"
        self._until_so(found, f"{self.name} is shown {test_id}")

    def _until_so(self, expression: str, what: str) -> None:
        """Other questions of the browser driver count as a press, this one does not."""
        ask = self.context.new_cdp_session(self.page)

        def so() -> bool:
            answer: dict[str, Any] = ask.send("Runtime.evaluate", {"expression": expression, "returnByValue": True})
            return answer["result"].get("value") is True

        self.until(so, what)
        ask.detach()

    def expect_line(self, text: str, *, mine: bool, status: str = "sent") -> None:
        """Wait until a line of chat is on the screen."""
        which = f'[data-testid="chat-line"][data-mine="{str(mine).lower()}"][data-state="{status}"]'
        line = self.page.locator(which, has_text=text)
        expect(line.first).to_be_visible(timeout=WITHIN_MS)

    def sees(self, other: Someone) -> None:
        """Wait until the partner's picture is the other's, and moves."""
        video, watch = self.page.get_by_test_id("remote-video"), Watch(other.camera)
        self.until(lambda: watch.look(video.evaluate(SEEN)), f"{self.name} sees {other.name} moving")

    def hears_something(self) -> None:
        """Wait until the partner's sound has a level."""
        audio = self.page.locator("audio")
        self.until(lambda: audio.evaluate(HEARD) >= 0.01, f"{self.name} hears a sound")

    def shot(self, name: str) -> None:
        """Keep a picture of the page."""
        self._shots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self._shots / f"{name}.png")

    def close(self) -> None:
        """Leave the browser, which may serve somebody else."""
        self.context.close()

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for something, while the browser goes on."""
        give_up = time.monotonic() + WITHIN_MS / 1000
        while not condition():
            if time.monotonic() > give_up:
                self.shot(f"failed-{self.name}")
                raise AssertionError(f"waited in vain: {what}; console: {self.console}")
            self.page.wait_for_timeout(50)
