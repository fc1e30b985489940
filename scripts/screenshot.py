"""Take the pictures of the documentation: two strangers who talk, and one who searches on a phone.

Starts `duologue dev` on free ports and a headless Chromium for each person, with a camera film made
here (soft light and slow shapes, no faces), lets two of them meet and write a line each, and writes
talking.png (1440x900) and searching-phone.png (390x844). Nothing is left running.

The page must be built (`make page`) and Chromium installed; `make screenshots` sees to both.
Exit codes: 0 the pictures are written, 2 something that is needed is missing or did not start.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page, Playwright, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
STARTS_WITHIN_S = 40
WITHIN_MS = 30_000
WIDTH, HEIGHT, FRAMES_PER_S, FRAMES = 640, 480, 10, 40
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--hide-scrollbars",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
)
QUERY = "?theme=dark&lang=en"
SHARPEN_S = 6.0
"""WebRTC starts blurred and gets sharper while it learns what the way carries."""

Plane = npt.NDArray[np.float64]
Rgb = tuple[int, int, int]


class MissingPart(Exception):
    """Something that the pictures need is not there; the text names the fix."""


class Palette(NamedTuple):
    """The colours of a film: the sky from top to bottom, a light, and three hills from far to near."""

    top: Rgb
    bottom: Rgb
    light: Rgb
    hills: tuple[Rgb, Rgb, Rgb]


DUSK = Palette((52, 44, 92), (240, 150, 120), (255, 222, 170), ((128, 84, 122), (84, 58, 104), (44, 36, 74)))
SEA = Palette((30, 74, 110), (150, 208, 200), (250, 244, 214), ((84, 150, 158), (44, 106, 126), (20, 62, 88)))


# -- the films ---------------------------------------------------------------------------------


def film(path: Path, palette: Palette) -> Path:
    """Write a film that loops without a jump, as Y4M, which Chromium takes for a camera."""
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_PER_S}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in range(FRAMES):
            file.write(b"FRAME\n" + yuv420(paint(palette, 2 * np.pi * frame / FRAMES)))
    return path


def paint(palette: Palette, turn: float) -> Plane:
    """One picture, height by width by RGB; `turn` goes once round the circle in a film."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    y, x = y / HEIGHT, x / WIDTH
    picture = blend(colour(palette.top), colour(palette.bottom), y**1.2)
    distance = np.hypot((x - 0.62 - 0.02 * np.cos(turn)) * WIDTH / HEIGHT, y - 0.40 - 0.03 * np.sin(turn))
    picture = blend(picture, colour(palette.light), 0.55 * np.exp(-((distance / 0.30) ** 2)))
    picture = blend(picture, colour(palette.light), edge(0.11 - distance))
    for depth, hill in enumerate(palette.hills):
        crest = 0.58 + 0.13 * depth
        crest = crest + 0.06 * np.sin(2 * np.pi * (1.1 - 0.2 * depth) * x + 1.7 * depth + 0.25 * np.sin(turn + depth))
        crest = crest + 0.02 * np.sin(2 * np.pi * 2.3 * x + 2.9 * depth + 0.25 * np.cos(turn))
        picture = blend(picture, colour(hill), edge(y - crest))
    return picture


def colour(rgb: Rgb) -> Plane:
    return np.array(rgb, dtype=np.float64)


def edge(depth: Plane) -> Plane:
    """0 outside, 1 inside, and a few lines of both between."""
    return np.clip(depth * HEIGHT / 3 + 0.5, 0, 1)


def blend(below: Plane, above: Plane, share: Plane) -> Plane:
    share = share[..., np.newaxis]
    return below * (1 - share) + above * share


def yuv420(picture: Plane) -> bytes:
    """BT.601, studio range, with a colour for every four points."""
    red, green, blue = (picture[..., channel] / 255 for channel in range(3))
    luma = 16 + 65.481 * red + 128.553 * green + 24.966 * blue
    chroma_blue = 128 - 37.797 * red - 74.203 * green + 112.0 * blue
    chroma_red = 128 + 112.0 * red - 93.786 * green - 18.214 * blue
    return b"".join(
        plane.round().astype(np.uint8).tobytes() for plane in (luma, quarter(chroma_blue), quarter(chroma_red))
    )


def quarter(plane: Plane) -> Plane:
    averaged: Plane = plane.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean(axis=(1, 3))
    return averaged


# -- the server --------------------------------------------------------------------------------


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """`duologue dev` on free ports; gives its address, and stops it as Ctrl-C does."""
    ports = {
        "--port": free_port(socket.SOCK_STREAM),
        "--ws-port": free_port(socket.SOCK_STREAM),
        "--livekit-port": free_port(socket.SOCK_STREAM),
        "--livekit-udp-port": free_port(socket.SOCK_DGRAM),
    }
    command = [sys.executable, "-m", "duologue", "dev", "--state-dir", str(folder)]
    for option, port in ports.items():
        command += [option, str(port)]
    log = folder / "dev.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=environment())  # noqa: S603 - our own command
        try:
            url = f"http://127.0.0.1:{ports['--port']}"
            wait_until_ready(process, url, log)
            yield url
        finally:
            stop(process)


def environment() -> dict[str, str]:
    """Ours, without what is meant for another Duologue or LiveKit."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("DUOLOGUE_", "LIVEKIT_"))}


def free_port(kind: socket.SocketKind) -> int:
    """A port on loopback that nobody uses just now."""
    with socket.socket(type=kind) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    give_up = time.monotonic() + STARTS_WITHIN_S  # noqa: TID251 - a program that waits for a real process
    while time.monotonic() < give_up and process.poll() is None:  # noqa: TID251
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/health/ready", timeout=1):  # noqa: S310 - http
            return
        time.sleep(0.05)
    raise MissingPart(f"duologue dev did not start:\n{log.read_text()}")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def check_page(url: str) -> None:
    """Say so when the page is not built, instead of taking a picture of that."""
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - http
            return
    except urllib.error.HTTPError as error:
        raise MissingPart("the page is not built: run `make page`") from error


# -- the people --------------------------------------------------------------------------------


def person(playwright: Playwright, url: str, camera: Path, size: tuple[int, int]) -> Page:
    """Somebody at a browser of their own, on the start screen and agreed to the rules."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise MissingPart("Chromium is missing: on Debian, apt-get install chromium")
    flags = [*FLAGS, f"--use-file-for-fake-video-capture={camera}"]
    browser = playwright.chromium.launch(executable_path=chromium, args=flags)
    width, height = size
    page = browser.new_page(
        viewport={"width": width, "height": height}, device_scale_factor=1, permissions=["camera", "microphone"]
    )
    page.set_default_timeout(WITHIN_MS)
    page.goto(f"{url}/{QUERY}")
    page.get_by_test_id("agree").click()
    return page


def expect_phase(page: Page, phase: str) -> None:
    expect(page.locator("main[data-phase]")).to_have_attribute("data-phase", phase, timeout=WITHIN_MS)


def write(page: Page, other: Page, text: str) -> None:
    """Write a line, and wait until the other has it."""
    page.get_by_test_id("chat-input").fill(text)
    page.get_by_test_id("chat-input").press("Enter")
    expect(other.get_by_test_id("chat-line").filter(has_text=text).first).to_be_visible(timeout=WITHIN_MS)


def share_an_interest(page: Page, interest: str) -> None:
    """Name an interest, where the page has a field for it."""
    add = page.get_by_test_id("add-interest")
    if add.is_visible():
        add.click()
    field = page.get_by_test_id("interest-input")
    if field.is_visible():
        field.fill(interest)
        field.press("Enter")


def shoot(page: Page, path: Path) -> None:
    page.screenshot(path=path, animations="disabled", caret="hide")
    print(f"{path}: {path.stat().st_size // 1024} KB")


def take_pictures(playwright: Playwright, url: str, films: Path, target: Path) -> None:
    """Let two people meet and talk, then let one search alone."""
    dusk, sea = film(films / "dusk.y4m", DUSK), film(films / "sea.y4m", SEA)
    ana, ben = person(playwright, url, dusk, (1440, 900)), person(playwright, url, sea, (1440, 900))
    for page in (ana, ben):
        share_an_interest(page, "hiking")
        page.get_by_test_id("go").click()
    for page in (ana, ben):
        expect_phase(page, "talking")
    write(ana, ben, "Good morning! Is that the sea behind you?")
    write(ben, ana, "It is. And where do these purple hills stand?")
    ana.get_by_test_id("chat-input").blur()
    ana.wait_for_timeout(SHARPEN_S * 1000)
    shoot(ana, target / "talking.png")
    for page in (ana, ben):
        leave(page)
    alone = person(playwright, url, dusk, (390, 844))
    alone.get_by_test_id("go").click()
    expect_phase(alone, "searching")
    alone.wait_for_timeout(2_500)  # the second news tells how many wait
    shoot(alone, target / "searching-phone.png")
    leave(alone)


def leave(page: Page) -> None:
    browser = page.context.browser
    assert browser is not None, "each person has a browser of their own"
    browser.close()


def main() -> int:
    """Take all pictures."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", type=Path, default=ROOT / "docs/images", help="folder to write to (docs/images)")
    target: Path = parser.parse_args().target
    target.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory() as name, server(Path(name)) as url, sync_playwright() as playwright:
            check_page(url)
            take_pictures(playwright, url, Path(name), target)
    except (MissingPart, BrowserError, AssertionError) as error:
        print(f"screenshot: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
