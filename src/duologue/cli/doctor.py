"""`duologue doctor`: is everything there that Duologue needs, and what to do where it is not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from duologue import settings as configuration
from duologue.cli.exits import COULD_NOT_RUN, DOES_NOT_HOLD
from duologue.clock import SystemClock, SystemRng
from duologue.doctor.checks import CHECKS
from duologue.doctor.finding import Level, problem, worst
from duologue.doctor.report import as_json, lines, summary
from duologue.doctor.run import Examined, Subject, run
from duologue.errors import StartupError

COLOURS = {Level.OK: None, Level.WARNING: "yellow", Level.PROBLEM: "red"}


def doctor(
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result here, too.")] = None,
    *,
    dev: Annotated[bool, typer.Option("--dev", help="For `duologue dev`: no Redis, a LiveKit of its own.")] = False,
    text_only: Annotated[bool, typer.Option("--text-only", help="No LiveKit: text chat only.")] = False,
) -> None:
    """Look at all that Duologue needs, say how it is, and name the fix where something is not right.

    Configuration, this machine, Redis, LiveKit as we and as browsers reach it. Run it on each machine, as the user
    and in the folder of the service. It changes nothing.

    Exits with 0 when nothing is wrong (warnings are allowed), 1 when something is, 2 when it could not run.
    """
    done = _examined(dev=dev, text_only=text_only)
    for level, line in lines(done):
        typer.secho(line, fg=COLOURS[level])
    findings = [finding for examined in done for finding in examined.findings]
    typer.echo(f"\n{summary(findings)}")
    _write(json_file, done)
    raise typer.Exit(DOES_NOT_HOLD if worst(findings) is Level.PROBLEM else 0)


def _examined(*, dev: bool, text_only: bool) -> Sequence[Examined]:
    try:
        subject = Subject(configuration.load(), SystemClock(), SystemRng(), dev, text_only)
    except StartupError as error:
        fix = "correct it, then ask again: nothing else can be looked at before it loads"
        return [Examined("configuration", [problem("settings", str(error), fix)])]
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("looking", total=len(CHECKS))
        return asyncio.run(run(CHECKS, subject, lambda: bar.advance(task)))


def _write(file: Path | None, done: Sequence[Examined]) -> None:
    if file is None:
        return
    try:
        file.write_text(json.dumps(as_json(done), indent=2) + "\n")
    except OSError as error:
        typer.secho(f"--json {file}: {error.strerror}", fg="red", err=True)
        raise typer.Exit(COULD_NOT_RUN) from error
