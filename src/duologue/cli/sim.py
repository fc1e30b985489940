"""`duologue sim`: whole towns on virtual time, by seed."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from duologue.cli.exits import COULD_NOT_RUN, DOES_NOT_HOLD
from duologue.simulation.planted import PLANTED
from duologue.simulation.report import HASH_SEED, results, summary
from duologue.simulation.run import run_seed
from duologue.store.ledger import Transitions

ALL = "all"
LAST_LINES = 60


def sim(
    seeds: Annotated[str, typer.Option(help="One seed, or a range: 1-100.")] = "1-100",
    planted: Annotated[
        str | None, typer.Option(help=f"Plant a bug that has to be found: {', '.join(PLANTED)}, or {ALL}.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(help="Processes at once.", show_default="one a core")] = None,
    trace: Annotated[bool, typer.Option("--trace", help="Show all that happened, for one seed.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result here, too.")] = None,
) -> None:
    """Run the real gateways and matchers on virtual time, with people, faults and bad networks, by seed.

    The invariants are checked after every step. Exits with 0 when they all held (with a planted
    bug: when it was found), 1 when not, 2 when it could not run. The same seed gives the same run.
    """
    _with_fixed_hashes()
    first, last = _range(seeds)
    bugs = _bugs(planted)
    if trace:
        holds = _show(first, bugs[0])
    elif planted is None:
        holds = _soak(range(first, last + 1), jobs, json_file)
    else:
        holds = _find(range(first, last + 1), [bug for bug in bugs if bug], jobs, json_file)
    raise typer.Exit(0 if holds else DOES_NOT_HOLD)


def _with_fixed_hashes() -> None:
    """Start this process again under the one PYTHONHASHSEED that runs are named for."""
    if os.environ.get("PYTHONHASHSEED") != HASH_SEED:
        environment = {**os.environ, "PYTHONHASHSEED": HASH_SEED}
        os.execve(sys.executable, [sys.executable, "-m", "duologue", *sys.argv[1:]], environment)  # noqa: S606


def _range(seeds: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", seeds)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if first > last:
        _refuse(f"--seeds {seeds}: give one seed (17) or a range (1-100)")
    return first, last


def _bugs(planted: str | None) -> list[str | None]:
    if planted == ALL:
        return list(PLANTED)
    if planted is not None and planted not in PLANTED:
        _refuse(f"--planted {planted}: there is {', '.join(PLANTED)}, and {ALL}")
    return [planted]


def _refuse(why: str) -> None:
    typer.secho(why, fg="red", err=True)
    raise typer.Exit(COULD_NOT_RUN)


def _show(seed: int, bug: str | None) -> bool:
    result = run_seed(seed, PLANTED[bug] if bug else Transitions, whole_trace=True)
    typer.echo("\n".join(result.trace))
    return (result.violation is None) == (bug is None)


def _soak(seeds: range, jobs: int | None, json_file: Path | None) -> bool:
    running = results(seeds, jobs=jobs)
    done = list(track(running, "simulating", total=len(seeds), console=Console(stderr=True), transient=True))
    total = summary(done)
    for result in done:
        if result.violation is not None:
            typer.echo("\n".join(result.trace[-LAST_LINES:]))
            typer.secho(f"seed {result.seed}: {result.violation}", fg="red")
            typer.echo(f"watch it again: duologue sim --seeds {result.seed} --trace\n")
    _write(json_file, {"name": "sim", **total._asdict()})
    typer.echo(
        f"{total.seeds} seeds, {total.steps:,} steps, {total.pairs:,} pairs: {len(total.violations) or 'no'} "
        f"violation{'' if len(total.violations) == 1 else 's'}"
    )
    return not total.violations


def _find(seeds: range, bugs: list[str], jobs: int | None, json_file: Path | None) -> bool:
    found: dict[str, dict[str, object] | None] = {}
    for bug in bugs:
        first = next((result for result in results(seeds, bug, jobs) if result.violation is not None), None)
        found[bug] = {"seed": first.seed, "violation": first.violation} if first else None
        if first is None:
            typer.secho(f"{bug:<32} NOT FOUND in seeds {seeds[0]}-{seeds[-1]}", fg="red")
        else:
            typer.echo(f"{bug:<32} seed {first.seed:>4}: {first.violation}")
    _write(json_file, {"name": "sim-planted", "found": found})
    typer.echo(f"{sum(each is not None for each in found.values())} of {len(bugs)} planted bugs found")
    return all(found.values())


def _write(file: Path | None, result: dict[str, object]) -> None:
    if file is not None:
        file.write_text(json.dumps(result, indent=2) + "\n")
