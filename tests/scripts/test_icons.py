"""The icons that are checked in are those that the page names."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

WEB = Path(__file__).parents[2] / "web"


def size_of(png: Path) -> tuple[int, int]:
    """What the file says of itself (PNG specification, IHDR)."""
    head = png.read_bytes()[:24]
    assert head.startswith(b"\x89PNG\r\n\x1a\n"), png
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def test_the_manifest_names_the_icons_that_systems_ask_for() -> None:
    """Each is there in the size it claims: 192 and 512 to install, one for masks."""
    icons = json.loads((WEB / "public/manifest.webmanifest").read_text())["icons"]
    drawn = [icon for icon in icons if icon["type"] == "image/png"]

    for icon in drawn:
        width, height = size_of(WEB / "public" / icon["src"].lstrip("/"))
        assert icon["sizes"] == f"{width}x{height}"
    kinds = {(icon["sizes"], icon["purpose"]) for icon in drawn}
    assert kinds == {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")}


def test_the_page_names_the_icon_that_ios_asks_for() -> None:
    """Safari reads no icons from the manifest."""
    named = re.search(r'rel="apple-touch-icon" href="/([\w.-]+)"', (WEB / "index.html").read_text())

    assert named is not None
    assert size_of(WEB / "public" / named[1]) == (180, 180)
