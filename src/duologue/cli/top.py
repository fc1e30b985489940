"""`duologue top`: how the service is, on a terminal, from the metrics of its processes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.live import Live

from duologue import settings as configuration
from duologue.cli.exits import COULD_NOT_RUN, DOES_NOT_HOLD
from duologue.clock import SystemClock
from duologue.errors import StartupError
from duologue.settings import AdminSettings
from duologue.top.ask import Where, asker, nobody_answers
from duologue.top.draw import drawn, terminal
from duologue.top.read import Look, view
from duologue.top.view import Level, View

FIRST_S = 1.0
"""Between the first two looks: sooner there is no rate to show."""
OVER_S = 30.0


def top(
    url: Annotated[list[str] | None, typer.Option(help="Ask this admin listener, HOST:PORT; may be repeated.")] = None,
    targets: Annotated[
        list[Path] | None, typer.Option(help="A file that says where they are; may be repeated.")
    ] = None,
    every: Annotated[float, typer.Option(min=0.2, max=3600, help="Seconds between two looks.")] = 2,
    over: Annotated[
        float | None,
        typer.Option(
            min=0.2, max=3600, help="Rates and percentiles are of so many seconds.", show_default="30; with --once 1"
        ),
    ] = None,
    *,
    once: Annotated[bool, typer.Option("--once", help="Look twice, print it, and end.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The same, as JSON for programs.")] = False,
) -> None:
    """Show how the service is: who waits and who talks, how long things take, and what is wrong. Ctrl-C ends it.

    It asks the admin listener of each process for its metrics: those of admin.targets_file, which duologue serve
    writes, or else whoever listens from admin.port on. For processes of other machines there are --targets and --url.
    Where a token is set (admin.token), it is taken from the settings.

    Rates and percentiles are of the last 30 seconds (--over); a - means that nobody told it.

    With --once or --json it exits with 0 when nothing is wrong (warnings are allowed) and 1 when something is;
    with 2 when it could not run, or no process answers.
    """
    try:
        admin = configuration.load().admin
        where = Where(url or (), targets or ())
        console = terminal()
        if once or json or not console.is_terminal:
            seen = asyncio.run(_once(where, admin, over or FIRST_S))
            _print(seen, console, json=json)
            raise typer.Exit(DOES_NOT_HOLD if seen.worst is Level.PROBLEM else 0)
        asyncio.run(_live(where, admin, console, every, over or OVER_S))
    except StartupError as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(COULD_NOT_RUN) from error
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


async def _once(where: Where, admin: AdminSettings, over_s: float) -> View:
    async for seen in _views(where, admin, over_s, over_s, first_s=over_s):
        return seen
    raise AssertionError("there is always another one")


async def _live(where: Where, admin: AdminSettings, console: Console, every_s: float, over_s: float) -> None:
    """Until it is cancelled. Narrower or wider, it is drawn as the terminal is by then."""
    with Live(console=console, screen=True, auto_refresh=False) as live:
        async for seen in _views(where, admin, every_s, over_s):
            live.update(drawn(seen, console.width), refresh=True)


async def _views(
    where: Where, admin: AdminSettings, every_s: float, over_s: float, first_s: float = FIRST_S
) -> AsyncIterator[View]:
    """One after the other. Raises `StartupError` where nobody answers at the start."""
    clock = SystemClock()
    async with asker(where, admin, clock) as them:
        looks = deque([await them.look()])
        if all(each.failure is not None for each in looks[0].answers):
            raise nobody_answers(looks[0], admin)
        pause_s = first_s
        while True:
            await clock.sleep_ms(int(pause_s * 1000))
            looks.append(await them.look())
            _forget(looks, over_s)
            yield view(looks[0], looks[-1])
            pause_s = every_s


def _forget(looks: deque[Look], over_s: float) -> None:
    """What is older than needed; two are left in any case."""
    while len(looks) > 2 and looks[-1].at_s - looks[1].at_s >= over_s:
        looks.popleft()


def _print(seen: View, console: Console, *, json: bool) -> None:
    if json:
        typer.echo(msgspec.json.format(msgspec.json.encode(seen)).decode())
    else:
        console.print(drawn(seen, console.width))
