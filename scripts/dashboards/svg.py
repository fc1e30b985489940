"""The few shapes of a picture, and its colours: Grafana's light theme, a little calmer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

FONT = "Inter, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"
INK, FAINT, GRID, BORDER, PAPER, DESK = "#24292e", "#6b7280", "#e7e9ec", "#dfe2e6", "#ffffff", "#f4f5f6"
COLORS = {
    "green": "#3b8f3b",
    "orange": "#e0701c",
    "red": "#d0334a",
    "blue": "#2f6fd0",
    "#8c8c8c": "#8c8c8c",
    "transparent": "none",
}
PALETTE = (
    "#4c9f4c", "#d9a514", "#3f83d6", "#e5823b", "#d24d5f", "#8658b5", "#3aa3a0", "#a2743f", "#7b8794", "#c0609e",
)  # fmt: skip
"""The lines of a panel, in their order."""

WIDTHS = {**dict.fromkeys("iljtfI.,:;'|!()[] ", 0.31), **dict.fromkeys("mwMW%", 0.86)}
OTHERS = 0.6
"""How wide letters are, of the size of the font, at most."""


class Box(NamedTuple):
    """A part of the picture."""

    x: float
    y: float
    w: float
    h: float


def number(value: float) -> str:
    """As short as may be: a tenth of a pixel is enough."""
    text = f"{value:.1f}"
    return text.removesuffix(".0").replace("-0.", "-.").removeprefix("0") or "0"


def width(text: str, size: float) -> float:
    """About how wide this is."""
    return size * sum(WIDTHS.get(letter, OTHERS) for letter in text)


def cut(text: str, size: float, room: float) -> str:
    """As much of it as there is room for."""
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def rect(box: Box, fill: str, stroke: str = "none", radius: float = 0) -> str:
    place = f'x="{number(box.x)}" y="{number(box.y)}" width="{number(box.w)}" height="{number(box.h)}"'
    return f'<rect {place} rx="{number(radius)}" fill="{fill}" stroke="{stroke}"/>'


def words(
    x: float, y: float, text: str, size: float = 11, color: str = INK, anchor: str = "start", weight: int = 400
) -> str:
    style = f'font-size="{number(size)}" fill="{color}"' + (f' font-weight="{weight}"' if weight != 400 else "")
    where = f'x="{number(x)}" y="{number(y)}"' + (f' text-anchor="{anchor}"' if anchor != "start" else "")
    return f"<text {where} {style}>{escape(text, quote=False)}</text>"


def line(x1: float, y1: float, x2: float, y2: float, color: str, dashes: str = "") -> str:
    ends = f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}"
    return path(ends, color, dashes=dashes, width=1)


def path(steps: str, color: str, *, dashes: str = "", width: float = 1.5) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="{steps}" fill="none" stroke="{color}" stroke-width="{number(width)}"{dashed}/>'


def area(steps: str, color: str) -> str:
    return f'<path d="{steps}" fill="{pale(color)}"/>'


def pale(color: str, share: float = 0.22) -> str:
    """So much of a colour on paper; it covers what is below."""
    parts = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * share):02x}" for part in parts)


def trace(points: Sequence[tuple[float, float]]) -> str:
    """A line through these points, in small steps, which are short to write; those on a level are left out."""
    kept = [
        point
        for index, point in enumerate(points)
        if index in {0, len(points) - 1} or not points[index - 1][1] == point[1] == points[index + 1][1]
    ]
    rounded = [(round(x, 1), round(y, 1)) for x, y in kept]
    (x, y), steps = rounded[0], []
    for to_x, to_y in rounded[1:]:
        steps.append(f"{number(to_x - x)} {number(to_y - y)}".replace(" -", "-"))
        x, y = to_x, to_y
    start = f"M{number(rounded[0][0])} {number(rounded[0][1])}"
    return start + ("l" + " ".join(steps) if steps else "h.1")


def picture(w: float, h: float, title: str, shapes: Iterable[str]) -> str:
    """The whole file."""
    size = f'width="{number(w)}" height="{number(h)}" viewBox="0 0 {number(w)} {number(h)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}" stroke-linejoin="round">'
    return "\n".join([head, f"<title>{escape(title)}</title>", *shapes, "</svg>"]) + "\n"
