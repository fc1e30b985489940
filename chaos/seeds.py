"""What several runs say together: violations by seed, and how long it took until people were well again, by fault.

Pure, from the results of the runs. A fault that was there by itself tells of itself; two at once are summed up as such.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from html import escape

import msgspec

from chaos.felt import Spread, spread
from chaos.page import STYLE, WIDTH
from chaos.report import Facts, FaultResult, Result
from scripts.dashboards import svg

TOGETHER = "two at once"
LEGEND = (
    "From when a fault was undone. The bar is the promise; the thick line goes from p50 to p95 of those who felt it, "
    "the dot is the longest; red was over the promise by the clock."
)
ROW, BAR, LEFT, RIGHT = 20.0, 10.0, 170.0, 60.0


class Recovery(msgspec.Struct, frozen=True):
    """How long people felt a fault after it was undone, over all runs."""

    name: str
    times: int
    """So often it was there."""
    recovered_ms: Spread
    """Of people who felt it."""
    within_s: float
    overdue: int
    """So many times somebody felt it for longer than promised, by the clock."""


class Line(Facts, frozen=True):
    """A run in short."""

    faults: int
    late_ms: int
    violations: int


class Summary(msgspec.Struct, frozen=True):
    """All of them."""

    runs: list[Line]
    recoveries: list[Recovery]
    untried: list[str]
    """Faults that were in no run by themselves."""
    violations: list[dict[str, object]]


def summed_up(results: Sequence[Result], names: Iterable[str]) -> Summary:
    """What these runs say of the faults with these names."""
    alone: defaultdict[str, list[FaultResult]] = defaultdict(list)
    for result in results:
        for each in result.faults:
            alone[TOGETHER if " + " in each.name else each.name].append(each)
    ordered = [*names, TOGETHER]
    return Summary(
        [_line(result) for result in results],
        [_recovery(name, alone[name]) for name in ordered if alone[name]],
        [name for name in ordered if not alone[name] and name != TOGETHER],
        [{"seed": result.seed, **each} for result in results for each in result.violations],
    )


def _line(result: Result) -> Line:
    facts = {name: getattr(result, name) for name in Facts.__struct_fields__}
    return Line(**facts, faults=len(result.faults), late_ms=result.late_ms, violations=len(result.violations))


def _recovery(name: str, times: Sequence[FaultResult]) -> Recovery:
    return Recovery(
        name,
        len(times),
        spread(ms for each in times for ms in each.recoveries_ms),
        max(each.within_s for each in times),
        sum(each.overdue_ms > 0 for each in times),
    )


def to_json(told: Summary) -> bytes:
    """The file for programs."""
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"


def text(told: Summary) -> str:
    """For a terminal."""
    rows = [
        f"  {each.name:24} {each.times:3} times, {each.recovered_ms.number:5} felt it; well again after "
        f"p50 {each.recovered_ms.p50 / 1000:5.1f} s, p95 {each.recovered_ms.p95 / 1000:5.1f} s, "
        f"at most {each.recovered_ms.longest / 1000:5.1f} s of {each.within_s:g} s"
        + (f"; {each.overdue} times over it by the clock" if each.overdue else "")
        for each in told.recoveries
    ]
    runs = [
        f"  seed {run.seed}: {run.violations} violations, {run.people} people, {run.pairs} pairs, {run.faults} rounds "
        f"in {run.seconds:.0f} s; {run.machine}, up to {run.late_ms} ms late itself"
        for run in told.runs
    ]
    untried = [f"  not tried by itself: {', '.join(told.untried)}"] if told.untried else []
    return "\n".join([*rows, *untried, *runs, verdict(told)])


def verdict(told: Summary) -> str:
    """All runs in a line."""
    return f"chaos: {len(told.violations)} violations in {len(told.runs)} runs"


# -- the page -----------------------------------------------------------------------------------------


def to_html(told: Summary) -> str:
    """The page: no scripts, nothing from elsewhere."""
    title = verdict(told).partition(": ")[2]
    return "\n".join([
        "<!doctype html><html lang=en><meta charset=utf-8>", f"<title>Chaos: {title}</title>",
        f"<style>{STYLE}</style>", f"<h1>Chaos: {title}</h1>", _runs(told.runs),
        f"<h2>Until people were well again</h2><p>{LEGEND}</p>", plot(told.recoveries),
        f"<p>Not tried by itself: {escape(', '.join(told.untried))}.</p>" if told.untried else "",
        "<h2>Violations</h2>", _violations(told), "</html>",
    ])  # fmt: skip


def _runs(runs: Sequence[Line]) -> str:
    head = "<tr><th>seed<th>began<th>machine<th>people<th>pairs<th>rounds<th>s<th>late itself<th>violations</tr>"
    rows = "".join(
        f"<tr><td>{run.seed}<td>{run.began}<td>{escape(run.machine)}<td>{run.people}<td>{run.pairs}<td>{run.faults}"
        f'<td>{run.seconds:.0f}<td>{run.late_ms / 1000:.1f} s<td class="{"bad" if run.violations else "good"}">'
        f"{run.violations}</tr>"
        for run in runs
    )
    return f"<table>{head}{rows}</table>"


def plot(rows: Sequence[Recovery]) -> str:
    """A row for each fault: its promise, and what was."""
    most_s = max([1.0, *(max(each.within_s, each.recovered_ms.longest / 1000) for each in rows)])
    shapes: list[str] = []
    for index, each in enumerate(rows):
        shapes += _row(each, 6 + index * ROW, (WIDTH - LEFT - RIGHT) / most_s)
    floor = 6 + len(rows) * ROW
    every_s = next(step for step in (1, 2, 5, 10, 20, 60) if most_s / step <= 12 or step == 60)
    for at in range(0, int(most_s) + 1, every_s):
        x = LEFT + at * (WIDTH - LEFT - RIGHT) / most_s
        shapes += [svg.line(x, 0, x, floor, svg.GRID), svg.words(x, floor + 14, f"{at} s", 10, svg.FAINT, "middle")]
    return svg.picture(WIDTH, floor + 24, "recovery times", shapes)


def _row(each: Recovery, y: float, per_s: float) -> list[str]:
    p50, p95, longest = (LEFT + ms / 1000 * per_s for ms in each.recovered_ms[1:])
    color = svg.COLORS["red" if each.overdue else "green"]
    middle = y + BAR / 2
    return [
        svg.words(LEFT - 8, y + BAR - 1, each.name, 10, anchor="end"),
        svg.rect(svg.Box(LEFT, y, each.within_s * per_s, BAR), svg.GRID, radius=2),
        svg.rect(svg.Box(p50, middle - 2, max(2.0, p95 - p50), 4), color),
        svg.rect(svg.Box(longest - 3, middle - 3, 6, 6), color, radius=3),
        svg.words(WIDTH - 8, y + BAR - 1, f"{each.times} times", 10, svg.FAINT, "end"),
    ]


def _violations(told: Summary) -> str:
    if not told.violations:
        return '<p class="good">None.</p>'
    rows = "".join(
        f"<tr><td>seed {each['seed']}<td>{escape(str(each['check']))}<td>{escape(str(each['who']))}: "
        f"{escape(str(each['text'])[:600])}</tr>"
        for each in told.violations
    )
    return f'<table class="bad">{rows}</table>'
