"""Pictures and checks of every state of the page, from its gallery.

Builds and serves the gallery by itself, draws each state at each size, theme and language, and writes to web/test-results/:

    <state>-<size>-<theme>-<lang>.png    the picture
    report.json                          what the checks found

Checks, each of which makes the exit code 1:
- the two buttons of the dock are the same pixels in all states of a size;
- nothing is wider than the window, and no button or heading cuts its words;
- everything to press is at least 44 px high;
- axe-core finds no violation.

    python web/tools/screenshots.py                              # all
    python web/tools/screenshots.py --daily --no-pictures        # what each run of the tests looks at
    python web/tools/screenshots.py --states talking,ended --sizes phone --themes dark --langs ru
    python web/tools/screenshots.py --url http://localhost:5173  # a gallery that runs already
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

WEB = Path(__file__).resolve().parent.parent
SIZES = {
    "phone": (390, 844),
    "tablet": (820, 1180),
    "desktop": (1440, 900),
    "small": (360, 640),
    "landscape": (844, 390),
}
USUAL = ("phone", "tablet", "desktop")
MAIN = [
    "start",
    "searching",
    "connecting",
    "talking",
    "quality",
    "lost",
    "offline",
    "ended",
    "block",
    "text",
    "denied",
    "settings",
    "muted",
    "incoming",
    "in-call",
    "call-over",
    "missed-call",
    "my-link",
    "blocked-people",
]
ON_ITS_SIDE = ["talking", "chat", "muted", "incoming", "in-call"]
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

MEASURE = """() => {
  const box = (id) => { const e = document.querySelector(`[data-testid=${id}]`); if (!e) return null;
    const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height].map(Math.round).join(' '); };
  const seen = (e) => { const r = e.getBoundingClientRect(); return r.width > 1 && r.height > 1 && getComputedStyle(e).visibility !== 'hidden'; };
  const name = (e) => `${e.tagName.toLowerCase()}.${e.className} "${(e.getAttribute('aria-label') || e.textContent).trim().slice(0, 40)}"`;
  const all = (what) => [...document.querySelectorAll(what)].filter(seen);
  return {
    go: box('go'), stop: box('stop'),
    wide: all('body *').filter((e) => !e.closest('video, .picture, .unseen, svg') && (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1)).map(name),
    cut: all('h1, h2, button').filter((e) => !e.classList.contains('unseen') && e.scrollWidth > e.clientWidth + 1).map(name),
    low: all('button, select, label').filter((e) => e.getBoundingClientRect().height < 43.5).map(name),
  };
}"""


class View(NamedTuple):
    """A size, theme and language, and the states to look at in it."""

    size: str
    theme: str
    lang: str
    states: list[str]


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    listed = lambda text: [word for word in text.split(",") if word]  # noqa: E731
    parser.add_argument("--states", type=listed, default=gallery_states(), help="default: all")
    parser.add_argument(
        "--sizes", type=listed, default=list(USUAL), help=f"of {', '.join(SIZES)}; default: {', '.join(USUAL)}"
    )
    parser.add_argument("--themes", type=listed, default=["dark", "light"])
    parser.add_argument("--langs", type=listed, default=["en", "ru"])
    parser.add_argument("--no-axe", action="store_true", help="skip the accessibility check")
    parser.add_argument("--no-pictures", action="store_true", help="only the checks")
    parser.add_argument("--url", help="a gallery that runs already; default: start one")
    parser.add_argument(
        "--chromium", default=shutil.which("chromium"), help="the browser; default: chromium on the PATH"
    )
    parser.add_argument("--out", type=Path, default=WEB / "test-results")
    parser.add_argument("--daily", action="store_true", help="each state once, and the main ones as they differ most")
    return parser.parse_args()


def views(wanted: argparse.Namespace) -> list[View]:
    """What is looked at."""
    if wanted.daily:
        phone = View("phone", "dark", "ru", wanted.states)
        return [phone, View("landscape", "dark", "ru", ON_ITS_SIDE), View("desktop", "light", "en", MAIN)]
    some = itertools.product(wanted.sizes, wanted.themes, wanted.langs)
    return [View(size, theme, lang, wanted.states) for size, theme, lang in some]


def gallery_states() -> list[str]:
    source = (WEB / "src/gallery/states.ts").read_text()
    listed = re.search(r"STATES = \[(.*?)\]", source, re.DOTALL)
    assert listed is not None
    return re.findall(r'"([\w-]+)"', listed[1])


@contextlib.contextmanager
def gallery(url: str | None) -> Iterator[str]:
    if url is not None:
        yield url
        return
    built = ["--mode", "gallery", "--outDir", "test-results/gallery"]
    subprocess.run(["npx", "vite", "build", *built], cwd=WEB, check=True, stdout=subprocess.DEVNULL)
    port = free_port()
    vite = str(WEB.parent / "node_modules/.bin/vite")  # not through npx, which would leave it behind
    serve = [vite, "preview", *built, "--port", str(port), "--strictPort"]
    server = subprocess.Popen(serve, cwd=WEB, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        base = f"http://localhost:{port}"
        for _ in range(100):
            if server.poll() is not None:
                raise SystemExit(f"the gallery's server ended with {server.returncode}; try: {' '.join(serve)}")
            with contextlib.suppress(OSError):
                urlopen(base)
                break
            time.sleep(0.1)
        yield base
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    """Another gallery may run beside this one, of another state of the code."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def draw(browser: Browser, base: str, view: View, wanted: argparse.Namespace) -> Iterator[dict[str, Any]]:
    size, theme, lang, states = view
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=1, reduced_motion="reduce"
    )
    axe = (WEB.parent / "node_modules/axe-core/axe.min.js").read_text()
    page = context.new_page()  # one for all states: a new one takes longer than what is looked at
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    for state in states:
        errors.clear()
        page.goto(f"{base}/gallery.html?state={state}&theme={theme}&lang={lang}")
        page.wait_for_selector("html[data-ready]", state="attached")
        page.wait_for_timeout(50 if wanted.no_pictures else 250)
        found = page.evaluate(MEASURE)
        if not wanted.no_pictures:
            page.screenshot(path=wanted.out / f"{state}-{size}-{theme}-{lang}.png")
        if not wanted.no_axe:
            page.evaluate(axe)
            violations = page.evaluate(
                "async () => (await axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})).violations"
            )
            found["axe"] = [
                f"{v['id']}: {n['target']} {n.get('failureSummary', '')}" for v in violations for n in v["nodes"]
            ]
        yield {"state": state, "size": size, "theme": theme, "lang": lang, "errors": list(errors), **found}
    context.close()


def problems(shots: list[dict[str, Any]]) -> Iterator[str]:
    for size in {shot["size"] for shot in shots}:
        for button in ("go", "stop"):
            places = {}
            for shot in shots:
                if shot["size"] == size and shot[button] is not None:
                    places.setdefault(shot[button], []).append(f"{shot['state']}/{shot['lang']}")
            if len(places) > 1:
                yield f"{size}: {button} moves: {places}"
    for shot in shots:
        where = "{state} {size} {theme} {lang}".format(**shot)
        for kind in ("errors", "wide", "cut", "low", "axe"):
            yield from (f"{where}: {kind}: {what}" for what in shot.get(kind, []))


def main() -> int:
    wanted = options()
    wanted.out.mkdir(parents=True, exist_ok=True)
    with gallery(wanted.url) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=wanted.chromium, args=list(QUIET))
        shots = [shot for view in views(wanted) for shot in draw(browser, base, view, wanted)]
        browser.close()
    found = list(problems(shots))
    (wanted.out / "report.json").write_text(
        json.dumps({"shots": shots, "problems": found}, indent=1, ensure_ascii=False)
    )
    print(f"{len(shots)} pictures in {wanted.out.name}/, {len(found)} problems")
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
