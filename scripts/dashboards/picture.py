"""A picture of a dashboard: its panels where Grafana puts them, with what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape

from scripts.dashboards import svg, units
from scripts.dashboards.chart import Marks, chart, legend, runs
from scripts.dashboards.pages import Page, marks
from scripts.dashboards.recording import Recording
from scripts.dashboards.svg import Box

WIDTH, MARGIN, GAP, HEAD = 1200, 12, 8, 44
COLUMNS, UNIT = 24, 31
"""Of the grid: how many there are, and how high a row is."""
BOLD, SMALLER = 1.12, 0.55
"""How much wider big numbers are than plain words; the size of their units."""
BEFORE = 3
"""Steps after the beginning in which a Prometheus that has just started may see for the first time what was there."""


def draw(page: Page, recording: Recording) -> str:
    """The whole page as SVG."""
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in page["panels"])
    height = HEAD + bottom * UNIT + MARGIN
    shapes = [svg.rect(Box(0, 0, WIDTH, height), svg.DESK), *_head(page, recording)]
    began = _began(page, recording)
    for panel in page["panels"]:
        shapes += _row(panel) if panel["type"] == "row" else _panel(panel, recording, began)
    return svg.picture(WIDTH, height, page["title"], shapes)


def _head(page: Page, recording: Recording) -> Iterator[str]:
    start, end = (datetime.fromtimestamp(at, UTC) for at in (recording.start, recording.end))
    yield svg.words(MARGIN + 4, 28, page["title"], 17, weight=600)
    span = f"{start:%Y-%m-%d %H:%M:%S} to {end:%H:%M:%S} UTC"
    said = f"{recording.about} · {span}" if recording.about else span
    yield svg.words(WIDTH - MARGIN - 4, 28, said, 12, svg.FAINT, "end")


def _row(panel: Page) -> Iterator[str]:
    place = _place(panel)
    yield svg.words(place.x + 4, place.y + 17, panel["title"], 14, weight=600)


def _place(panel: Page) -> Box:
    grid = panel["gridPos"]
    column = (WIDTH - 2 * MARGIN + GAP) / COLUMNS
    return Box(MARGIN + grid["x"] * column, HEAD + grid["y"] * UNIT, grid["w"] * column - GAP, grid["h"] * UNIT - GAP)


def _began(page: Page, recording: Recording) -> list[tuple[float, str]]:
    """When alerts began to fire and processes to run, but for those that did before."""
    return [
        (run[0][0], color)
        for expr, color in marks(page)
        for series in recording.answer(expr)
        for run in runs(series.points, recording.step)
        if run[0][0] > recording.start + BEFORE * recording.step
    ]


def _panel(panel: Page, recording: Recording, began: Marks) -> Iterator[str]:
    place = _place(panel)
    yield svg.rect(place, svg.PAPER, svg.BORDER, radius=3)
    yield svg.words(place.x + 10, place.y + 19, svg.cut(panel["title"], 12.5, place.w - 16), 12.5, weight=500)
    if panel["type"] == "stat":
        yield from _number(panel, recording, place)
    else:
        yield from chart(panel, recording, Box(place.x + 2, place.y + 34, place.w - 10, place.h - 38), began)


def _number(panel: Page, recording: Recording, place: Box) -> Iterator[str]:
    """Big, in the colour of its threshold, with a smaller unit; or the name of the series in its place."""
    latest = [
        (legend(target["legendFormat"], series.labels), series.points[-1][1])
        for target in panel["targets"]
        for series in recording.answer(target["expr"])
        if series.points and series.points[-1][0] > recording.end - recording.step
    ]
    x, y = place.x + place.w / 2, place.y + place.h * 0.72
    if not latest:
        yield svg.words(x, y - 4, panel["fieldConfig"]["defaults"]["noValue"], 20, svg.FAINT, "middle")
        return
    names = panel["options"]["textMode"] == "name"
    defaults = panel["fieldConfig"]["defaults"]
    figure, unit = (
        (", ".join(name for name, _ in latest), "")
        if names
        else units.told(latest[0][1], defaults["unit"], defaults.get("decimals"))
    )
    yield _big(x, y, figure, unit, _color(defaults["thresholds"]["steps"], latest[0][1]), place.w - 16)


def _big(x: float, y: float, figure: str, unit: str, color: str, room: float) -> str:
    size = min(32.0, room / (BOLD * (svg.width(figure, 1) + svg.width(unit, SMALLER))))
    small = f'<tspan font-size="{svg.number(size * SMALLER)}">{unit}</tspan>'
    style = f'font-size="{svg.number(size)}" font-weight="600" fill="{color}" text-anchor="middle"'
    return f'<text x="{svg.number(x)}" y="{svg.number(y)}" {style}>{escape(figure)}{small}</text>'


def _color(steps: list[Page], value: float) -> str:
    passed = [step["color"] for step in steps if step["value"] is None or value >= step["value"]]
    return svg.COLORS[passed[-1]]
