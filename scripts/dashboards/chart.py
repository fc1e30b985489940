"""Lines over time, with axes and a legend, as Grafana draws them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import cycle, pairwise
from typing import Any

from scripts.dashboards import svg, units
from scripts.dashboards.pages import Page
from scripts.dashboards.recording import Recording, Series
from scripts.dashboards.svg import Box

LEFT, BOTTOM = 52, 20
"""Room for the words of the axes."""
LEGEND_LINES, LEGEND_H = 2, 16
SMALL = 10.5
STEPS_S = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600)
LABEL = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Line:
    """One line, and how it is called."""

    name: str
    color: str
    points: Sequence[tuple[float, float]]
    named: bool = True
    """Whether the legend has it."""


@dataclass(frozen=True)
class Plot:
    """Where lines are drawn, and what its edges mean."""

    box: Box
    start: float
    end: float
    most: float

    def place(self, at: float, value: float) -> tuple[float, float]:
        """Of a point."""
        x = self.box.x + self.box.w * (at - self.start) / (self.end - self.start)
        return x, self.box.y + self.box.h * (1 - min(1.0, value / self.most))


def legend(form: str, labels: Mapping[str, str]) -> str:
    """The name of a line, as its panel words it."""
    return LABEL.sub(lambda found: labels.get(found[1], ""), form).strip()


Marks = Sequence[tuple[float, str]]
"""When something began that is marked on all panels, and in which colour."""


def chart(panel: Page, recording: Recording, room: Box, began: Marks = ()) -> Iterator[str]:
    """All of a panel but its title."""
    lines = _lines(panel, recording)
    rows = _legend_rows([line for line in lines if line.named], room.w)
    box = Box(room.x + LEFT, room.y, room.w - LEFT - 4, room.h - BOTTOM - LEGEND_H * max(1, len(rows)))
    lines = _stacked(lines) if _is_stacked(panel) else lines
    ticks = _axis(panel, lines)
    plot = Plot(box, recording.start, recording.end, ticks[-1][0])
    yield from _grid(plot, ticks)
    if not any(line.points for line in lines):
        yield svg.words(box.x + box.w / 2, box.y + box.h / 2, "No data", 12, svg.FAINT, "middle")
    filled = _is_stacked(panel) or sum(line.named for line in lines) == 1
    for line in reversed(lines):
        yield from _drawn(line, plot, recording.step, filled=filled)
    yield from _limit(panel, plot)
    yield from _marks(began, plot)
    for row, names in enumerate(rows):
        yield from _legend(names, room.x + 6, room.y + room.h - LEGEND_H * (len(rows) - row) + 11)


def _lines(panel: Page, recording: Recording) -> list[Line]:
    found: list[tuple[str, Series]] = [
        (legend(target["legendFormat"], series.labels), series)
        for target in panel["targets"]
        for series in sorted(recording.answer(target["expr"]), key=lambda series: sorted(series.labels.items()))
    ]
    palette = cycle(svg.PALETTE)
    lines = []
    for name, series in found:
        properties = _overridden(panel, name)
        fixed = properties.get("color", {}).get("fixedColor")
        named = not properties.get("custom.hideFrom", {}).get("legend", False)
        lines.append(Line(name, svg.COLORS[fixed] if fixed else next(palette), series.points, named))
    return lines


def _overridden(panel: Page, name: str) -> dict[str, Any]:
    """What is set for the line of this name alone."""
    return {
        each["id"]: each["value"]
        for override in panel["fieldConfig"]["overrides"]
        if re.search(_pattern(override["matcher"]), name)
        for each in override["properties"]
    }


def _pattern(matcher: Mapping[str, str]) -> str:
    options = matcher["options"]
    return options.strip("/") if matcher["id"] == "byRegexp" else f"^{re.escape(options)}$"


def _is_stacked(panel: Page) -> bool:
    return bool(panel["fieldConfig"]["defaults"]["custom"].get("stacking", {}).get("mode") == "normal")


def _stacked(lines: Sequence[Line]) -> list[Line]:
    below: dict[float, float] = {}
    out = []
    for line in lines:
        points = [(at, value + below.get(at, 0)) for at, value in line.points]
        below |= dict(points)
        out.append(replace(line, points=points))
    return out


def _axis(panel: Page, lines: Sequence[Line]) -> list[tuple[float, str]]:
    """The ticks, up to the highest figure: a limit that is far above it is not drawn."""
    defaults = panel["fieldConfig"]["defaults"]
    highest = max((value for line in lines for _, value in line.points), default=0.0)
    limits = [step["value"] for step in defaults.get("thresholds", {}).get("steps", ()) if step["value"]]
    highest = max([highest, *(limit for limit in limits if highest > limit / 3)])
    return units.ticks(defaults.get("max") or highest or 1, defaults["unit"])


def _grid(plot: Plot, ticks: Sequence[tuple[float, str]]) -> Iterator[str]:
    box = plot.box
    for value, name in ticks:
        _, y = plot.place(plot.start, value)
        yield svg.line(box.x, y, box.x + box.w, y, svg.GRID)
        yield svg.words(box.x - 6, y + 3.5, name, SMALL, svg.FAINT, "end")
    apart = next((each for each in STEPS_S if (plot.end - plot.start) / each <= 5), STEPS_S[-1])
    form = "%H:%M" if apart >= 60 else "%H:%M:%S"
    at = -(-plot.start // apart) * apart
    while at <= plot.end:
        x, _ = plot.place(at, 0)
        yield svg.line(x, box.y, x, box.y + box.h, svg.GRID)
        if box.x - 4 + 14 <= x <= box.x + box.w - 10:
            yield svg.words(
                x, box.y + box.h + 14, f"{datetime.fromtimestamp(at, UTC):{form}}", SMALL, svg.FAINT, "middle"
            )
        at += apart


def _drawn(line: Line, plot: Plot, step: int, *, filled: bool) -> Iterator[str]:
    floor = plot.box.y + plot.box.h
    for run in runs(line.points, step):
        places = [plot.place(at, value) for at, value in run]
        steps = svg.trace(places)
        if filled and len(run) > 1:
            yield svg.area(f"{steps}V{svg.number(floor)}H{svg.number(places[0][0])}Z", line.color)
        yield svg.path(steps, line.color)


def runs(points: Sequence[tuple[float, float]], step: int) -> Iterator[Sequence[tuple[float, float]]]:
    """What hangs together: where nothing was told, there is a gap."""
    breaks = [index for index, (one, other) in enumerate(pairwise(points), 1) if other[0] - one[0] > 1.5 * step]
    for start, end in pairwise([0, *breaks, len(points)]):
        if end > start:
            yield points[start:end]


def _limit(panel: Page, plot: Plot) -> Iterator[str]:
    for step in panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", ()):
        if step["value"] and step["value"] <= plot.most:
            _, y = plot.place(plot.start, step["value"])
            yield svg.line(plot.box.x, y, plot.box.x + plot.box.w, y, svg.COLORS[step["color"]], "6 4")


def _marks(began: Marks, plot: Plot) -> Iterator[str]:
    for at, color in began:
        x, _ = plot.place(at, 0)
        yield svg.line(x, plot.box.y, x, plot.box.y + plot.box.h, svg.COLORS[color], "2 3")


def _legend_rows(lines: Sequence[Line], room: float) -> list[list[Line]]:
    """As many names as there is room for, in at most so many rows; what is left out is counted."""
    rows: list[list[Line]] = [[]]
    x = 0.0
    for index, line in enumerate(lines):
        needed = _legend_width(line)
        if rows[-1] and x + needed > room - 12:
            if len(rows) == LEGEND_LINES:
                rows[-1][-1] = Line(f"and {len(lines) - index + 1} more", "none", ())
                return rows
            rows.append([])
            x = 0
        rows[-1].append(line)
        x += needed
    return rows


def _legend(lines: Sequence[Line], x: float, y: float) -> Iterator[str]:
    for line in lines:
        if line.color != "none":
            yield svg.rect(Box(x, y - 5, 12, 3), line.color, radius=1.5)
        yield svg.words(x + 17, y, line.name, SMALL, svg.INK)
        x += _legend_width(line)


def _legend_width(line: Line) -> float:
    return 17 + svg.width(line.name, SMALL) + 12
