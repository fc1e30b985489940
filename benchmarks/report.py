"""What every benchmark does alike: options, progress, a table, a JSON file, an exit code.

A benchmark is a module with `if __name__ == "__main__": sys.exit(run("NAME", measure))`, where
`measure(report)` adds figures to the report. A figure holds the values of several runs: the median
counts, the least and the greatest are told beside it, because machines are noisy and shared.
Exit code: 0 all targets hold, 1 one does not, 2 it could not run (raise `CannotRun`).
Must not know what is measured.
"""

from __future__ import annotations

import argparse
import platform
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
PIPE_COLUMNS = 140
ALWAYS_NAMED = ("duologue", "msgspec")


class CannotRun(Exception):
    """Something that the benchmark needs is not here; the text names it and the fix."""


class Target(NamedTuple):
    """What a figure should reach: `Target(">=", 50_000)`, `Target("<=", 3)` or `Target("==", 0)`."""

    sign: str
    bound: float

    def holds(self, value: float) -> bool:
        """Whether this value reaches it."""
        return {">=": value >= self.bound, "<=": value <= self.bound, "==": value == self.bound}[self.sign]

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}" if abs(self.bound) < 10_000 else f"{self.sign} {self.bound:,.0f}"


class Figure(msgspec.Struct, frozen=True):
    """One line of a result. Without a target it is for information, and `holds` is None."""

    value: float
    min: float
    max: float
    unit: str
    target: str | None
    holds: bool | None


class Result(msgspec.Struct, frozen=True):
    """The JSON file of a benchmark."""

    name: str
    machine: str
    versions: dict[str, str]
    command: str
    figures: dict[str, Figure]


@dataclass
class Report:
    """Collects figures; shows progress where somebody watches."""

    name: str
    options: argparse.Namespace
    console: Console = field(default_factory=lambda: Console(stderr=True))
    figures: dict[str, Figure] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    """Stands in the last line, after the verdict."""

    def add(self, name: str, values: Sequence[float], unit: str, target: Target | None = None) -> Figure:
        """A figure from the values of its runs (at least one). The median counts."""
        middle = median(values)
        holds = target.holds(middle) if target is not None else None
        figure = Figure(middle, min(values), max(values), unit, str(target) if target else None, holds)
        assert name not in self.figures, f"{name} is reported twice"
        self.figures[name] = figure
        self.console.print(f"{name}: {_number(middle)} {unit}", highlight=False)
        return figure

    def names_version(self, what: str, version: str) -> None:
        """Name the version of something else that took part, such as a server."""
        self.versions[what] = version

    @contextmanager
    def progress(self, description: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar on a terminal; the caller says how many of `total` steps were done since it last did."""
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=True) as bar:
            task = bar.add_task(description, total=total)
            yield lambda steps: bar.advance(task, steps)


def run(
    name: str,
    measure: Callable[[Report], None],
    *,
    options: Callable[[argparse.ArgumentParser], None] | None = None,
    packages: Sequence[str] = (),
    argv: Sequence[str] | None = None,
) -> int:
    """Run a benchmark and return its exit code. `packages` are named with their versions."""
    report = Report(name, _parse(name, options, argv))
    try:
        measure(report)
    except CannotRun as reason:
        report.console.print(f"[red]{name} could not run:[/red] {reason}")
        return 2
    result = Result(name, _machine(), _versions(packages) | report.versions, _command(argv), report.figures)
    _write(result, report.options.json)
    output = Console() if sys.stdout.isatty() else Console(width=PIPE_COLUMNS)
    output.print(_table(result))
    output.print(_verdict(result, report.summary), highlight=False, markup=False)
    return 0 if all(figure.holds is not False for figure in result.figures.values()) else 1


def _parse(
    name: str, options: Callable[[argparse.ArgumentParser], None] | None, argv: Sequence[str] | None
) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}")
    parser.add_argument("--json", type=Path, default=RESULTS / f"{name}.json", help="where the result goes")
    if options is not None:
        options(parser)
    return parser.parse_args(argv)


def _write(result: Result, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")


def _table(result: Result) -> Table:
    table = Table(title=f"{result.name}, on {result.machine}", title_justify="left")
    for column in ("figure", "value", "min", "max", "unit", "target", ""):
        table.add_column(column, justify="right" if column in {"value", "min", "max"} else "left")
    for name, figure in result.figures.items():
        verdict = {True: "[green]holds[/green]", False: "[red]does not hold[/red]", None: ""}[figure.holds]
        spread = [_number(number) for number in (figure.value, figure.min, figure.max)]
        table.add_row(name, *spread, figure.unit, figure.target or "", verdict)
    return table


def _verdict(result: Result, summary: str) -> str:
    """The whole run in a line."""
    judged = {name: figure.holds for name, figure in result.figures.items() if figure.holds is not None}
    missed = [name for name, holds in judged.items() if not holds]
    verdict = f"{len(missed)} of {len(judged)} targets missed ({', '.join(missed)})" if missed else "all targets hold"
    return f"{result.name}: {verdict}{'. ' if summary else ''}{summary}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _command(argv: Sequence[str] | None) -> str:
    module = Path(sys.argv[0]).stem
    return shlex.join(["python", "-m", f"benchmarks.{module}", *(sys.argv[1:] if argv is None else argv)])


def _machine() -> str:
    """Processor, cores and system: enough to tell two machines apart, nothing that names one."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor() or platform.machine()
    return f"{model}, {len(models) or '?'} cores, {platform.system()}"


def _versions(packages: Sequence[str]) -> dict[str, str]:
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in (*ALWAYS_NAMED, *packages)}
