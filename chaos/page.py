"""The page of a run: HTML in one file, without scripts, and with nothing from elsewhere.

Pure, from a story and what was made of it. One time line shows which fault was there when, how many met, waited and
were unwell.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from chaos.checks import CHECKS, meetings
from chaos.report import FaultResult, Run, Unexplained, result, verdict
from chaos.story import Entry, Gone, Heard, Lost
from duologue.protocol import server as s
from scripts.dashboards import svg

BIN_MS = 1_000
WIDTH, LEFT, RIGHT = 1_160.0, 150.0, 20.0
BAR, GAP, PLOT = 14.0, 4.0, 90.0


class Axis(NamedTuple):
    """Time, from left to right."""

    from_ms: int
    until_ms: int

    def x(self, at_ms: float) -> float:
        span = max(1, self.until_ms - self.from_ms)
        return LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, max(0.0, (at_ms - self.from_ms) / span))


def to_html(run: Run) -> str:
    """The whole page."""
    told = result(run)
    title = f"Chaos, seed {told.seed}: {verdict(run.violations).partition(': ')[2]}"
    facts = f"{told.people} people, {told.pairs} pairs, {len(run.story.troubles)} faults, {told.seconds:.0f} s"
    facts += f"; the suite itself came up to {told.late_ms} ms late; {told.began}, {escape(told.machine)}"
    return "\n".join([
        "<!doctype html><html lang=en><meta charset=utf-8>",
        f"<title>{escape(title)}</title>", f"<style>{STYLE}</style>",
        f"<h1>{escape(title)}</h1><p>{facts}. How it works: <code>docs/explanation/chaos.md</code>.</p>",
        timeline(run), "<h2>How long people felt it</h2>", _table(told.faults),
        "<h2>Where no fault was</h2>" + _unexplained(told.unexplained) if told.unexplained else "",
        "<h2>Violations</h2>", _violations(run), "</html>",
    ])  # fmt: skip


STYLE = (
    "body{font:14px/1.5 Inter,Helvetica,Arial,sans-serif;color:#24292e}"
    "body{max-width:1160px;margin:32px auto;padding:0 20px}"
    "h1{font-size:22px}h2{font-size:16px;margin-top:32px}table{border-collapse:collapse;width:100%}"
    "td,th{text-align:right;padding:4px 10px;border-bottom:1px solid #e7e9ec;font-variant-numeric:tabular-nums}"
    "td:first-child,th:first-child,td:nth-child(2),th:nth-child(2){text-align:left}th{color:#6b7280;font-weight:500}"
    ".bad{color:#d0334a}.good{color:#3b8f3b}code{font-size:13px}svg{max-width:100%;height:auto}"
)


def timeline(run: Run) -> str:
    """Faults as bars, and below them what people went through."""
    axis = Axis(run.from_ms, run.story.left_ms)
    troubles = sorted(run.story.troubles, key=lambda each: each.began_ms)
    shapes, y = [], 6.0
    for index, trouble in enumerate(troubles):
        color = svg.PALETTE[index % len(svg.PALETTE)]
        begin, healed = axis.x(trouble.began_ms), axis.x(trouble.healed_ms)
        bound = axis.x(trouble.healed_ms + trouble.within_ms)
        shapes += [
            svg.rect(svg.Box(healed, y, max(0.0, bound - healed), BAR), svg.pale(color)),
            svg.rect(svg.Box(begin, y, max(2.0, healed - begin), BAR), color, radius=2),
            svg.words(LEFT - 8, y + BAR - 3, trouble.name, anchor="end", size=10),
        ]
        y += BAR + GAP
    for title, values, color in _plots(run):
        shapes += _plot(axis, title, values, color, y)
        y += PLOT
    shapes += _seconds(axis, y)
    return svg.picture(WIDTH, y + 24, "time line", shapes)


def _plots(run: Run) -> list[tuple[str, list[int], str]]:
    bins = max(1, (run.story.left_ms - run.from_ms) // BIN_MS + 1)
    met, sick = [0] * bins, [0] * bins
    for meeting in meetings(run.story).values():
        met[min(bins - 1, max(0, (min(meeting.told.values()) - run.from_ms) // BIN_MS))] += 1
    for each in run.unwell:
        for at in range((each.from_ms - run.from_ms) // BIN_MS, min(bins, (each.until_ms - run.from_ms) // BIN_MS + 1)):
            sick[max(0, at)] += 1
    return [
        ("pairs in a second", met, svg.COLORS["green"]),
        ("who wait", _waiting(run.story.entries, run.from_ms, bins), svg.COLORS["blue"]),
        ("who are unwell", sick, svg.COLORS["red"]),
    ]


def _waiting(entries: Sequence[Entry], from_ms: int, bins: int) -> list[int]:
    """How many waited at the end of each second."""
    waits: set[str] = set()
    counts = [0] * bins
    for entry in entries:
        match entry.what:
            case Heard(s.Waiting()) | Heard(s.Ready(state=s.WaitingState())) | Heard(s.Ended(waiting=s.Waiting())):
                waits.add(entry.who)
            case Heard(s.Matched() | s.Ended() | s.Ready()) | Lost() | Gone():
                waits.discard(entry.who)
        at = (entry.at_ms - from_ms) // BIN_MS
        if at < bins:
            counts[at:] = [len(waits)]
            counts += [len(waits)] * (bins - len(counts))
    return counts


def _plot(axis: Axis, title: str, values: Sequence[int], color: str, y: float) -> list[str]:
    floor, most = y + PLOT - 10, max(1, *values)
    points = [
        (axis.x(axis.from_ms + at * BIN_MS), floor - value / most * (PLOT - 30)) for at, value in enumerate(values)
    ]
    steps = "M" + "L".join(f"{svg.number(px)} {svg.number(py)}" for px, py in points)
    closed = f"{steps}L{svg.number(points[-1][0])} {svg.number(floor)}L{svg.number(points[0][0])} {svg.number(floor)}Z"
    return [
        svg.line(LEFT, floor, WIDTH - RIGHT, floor, svg.GRID),
        svg.area(closed, color),
        svg.path(steps, color),
        svg.words(LEFT - 8, floor - 20, title, anchor="end", size=11),
        svg.words(LEFT - 8, floor - 6, f"at most {most}", anchor="end", size=10, color=svg.FAINT),
    ]


def _seconds(axis: Axis, y: float) -> list[str]:
    span_s = (axis.until_ms - axis.from_ms) // 1000
    every_s = next((step for step in (10, 30, 60, 120) if span_s / step <= 14), 300)
    return [
        svg.words(axis.x(axis.from_ms + at * 1000), y + 12, f"{at} s", anchor="middle", size=10, color=svg.FAINT)
        for at in range(0, span_s + 1, every_s)
    ]


def _table(rows: Sequence[FaultResult]) -> str:
    head = "".join(
        f"<th>{name}</th>"
        for name in ("what", "", "at", "lasted", "people", "p50", "p95", "at most", "well after", "bound")
    )
    return f"<table><tr>{head}</tr>{''.join(map(_row, rows))}</table>"


def _row(each: FaultResult) -> str:
    cells = [
        escape(each.name), escape(each.detail), f"{each.at_s:.0f} s", f"{each.lasted_s:.1f} s", str(each.people),
        *(f"{ms / 1000:.1f} s" for ms in (each.felt_ms.p50, each.felt_ms.p95, each.felt_ms.longest)),
        f'<span class="{"bad" if each.overdue_ms > 0 else "good"}">{each.recovered_ms.longest / 1000:.1f} s</span>',
        f"{each.within_s:g} s",
    ]  # fmt: skip
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _unexplained(rows: Sequence[Unexplained]) -> str:
    cells = (
        f"<tr><td>{escape(each.why)}</td><td>{escape(each.who)}</td><td>at {each.at_s:.0f} s</td>"
        f"<td>{each.lasted_s:.1f} s</td></tr>"
        for each in rows
    )
    return f"<table>{''.join(cells)}</table>"


def _violations(run: Run) -> str:
    if not run.violations:
        return f'<p class="good">None of {len(CHECKS)} checks was violated.</p>'
    rows = "".join(
        f"<tr><td>{escape(each.check)}</td><td>{escape(each.who)}: {escape(each.text[:600])}</td>"
        f"<td>{(each.at_ms - run.from_ms) / 1000:.1f} s</td></tr>"
        for each in run.violations
    )
    return f'<table class="bad">{rows}</table>'
