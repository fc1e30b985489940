"""Draw the page's icons from its SVG, for systems that take only PNG.

    python scripts/icons.py        # writes web/public/icon-*.png and apple-touch-icon.png

Needs Chromium; `make icons` sees to it. Exit codes: 0 the icons are written, 2 Chromium is missing.
The results are checked in, so that a build needs no browser.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

PUBLIC = Path(__file__).resolve().parent.parent / "web/public"
SVG = PUBLIC / "favicon.svg"


class Icon(NamedTuple):
    """`whole`: to the corners, because the system cuts the shape; else with the corners of the SVG."""

    name: str
    size: int
    whole: bool


ICONS = (
    Icon("icon-192.png", 192, whole=False),
    Icon("icon-512.png", 512, whole=False),
    Icon("icon-maskable-512.png", 512, whole=True),
    Icon("apple-touch-icon.png", 180, whole=True),
)


def drawing(svg: str, *, whole: bool) -> str:
    """The SVG as it is drawn; its figure lies within the middle 80 %, which every mask leaves."""
    return re.sub(r' rx="\d+"', "", svg) if whole else svg


def draw(browser: Browser, svg: str, icon: Icon) -> bytes:
    """One icon as PNG."""
    page = browser.new_page(viewport={"width": icon.size, "height": icon.size})
    page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{drawing(svg, whole=icon.whole)}")
    png = page.screenshot(omit_background=True)
    page.close()
    return png


def main() -> int:
    """Draw all of them."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        print("icons: Chromium is missing: on Debian, apt-get install chromium", file=sys.stderr)
        return 2
    svg = SVG.read_text()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for icon in ICONS:
            (PUBLIC / icon.name).write_bytes(draw(browser, svg, icon))
            print(f"{icon.name}: {(PUBLIC / icon.name).stat().st_size} bytes")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
