"""`duologue serve`: the roles as processes on Redis, on this machine and as many others as you like."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

import duologue
from duologue import logs
from duologue import settings as configuration
from duologue.app.parent import Service, Started, run_parent
from duologue.app.serve import run_child
from duologue.cli.exits import COULD_NOT_RUN
from duologue.cli.options import given
from duologue.errors import StartupError

PROGRAM = (sys.executable, "-P", "-m", "duologue")
"""What a child is started with; -P: not from the folder that we happen to be in."""


class Part(StrEnum):
    """What to run here."""

    ALL = "all"
    GATEWAY = "gateway"
    MATCHER = "matcher"
    API = "api"


def serve(
    part: Annotated[
        Part, typer.Argument(metavar="[ROLE]", help="What to run here: all, gateway, matcher or api.")
    ] = Part.ALL,
    processes: Annotated[int, typer.Option("--processes", "-n", min=1, max=256, help="How many of them.")] = 1,
    wait: Annotated[
        int | None, typer.Option(min=0, help="Seconds to wait for Redis at the start.", show_default="60")
    ] = None,
    port: Annotated[int | None, typer.Option(help="HTTP and the page.", show_default="8000")] = None,
    ws_port: Annotated[int | None, typer.Option(help="WebSocket.", show_default="8001")] = None,
    admin_port: Annotated[
        int | None,
        typer.Option(help="Health and metrics of the first process; the others follow.", show_default="9401"),
    ] = None,
    *,
    text_only: Annotated[bool, typer.Option("--text-only", help="No LiveKit: text chat only.")] = False,
    child: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run Duologue on Redis: processes that are restarted when they die, and work with those on other machines.

    ROLE is gateway (holds the WebSockets), matcher (pairs people), api (HTTP and the page), or all: with one process,
    that runs them together; with more, so many gateways beside one matcher and one api. Processes of a role share
    their port. Run one gateway for each core.

    It needs REDIS_URL, DATABASE_URL (see duologue db --help) and DUOLOGUE_TOKEN_KEY (openssl rand -base64 32 makes
    one), the same on every machine, and a LiveKit: LIVEKIT_URL with LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or
    several nodes in duologue.toml.

    SIGTERM or Ctrl-C sends people elsewhere and then stops, a second one stops at once.
    SIGHUP replaces the processes one by one, with the configuration and the code as they are then.

    Exits with 0 after a stop, 1 when a process kept dying or had to be killed, 2 when it could not start.
    """
    try:
        settings = configuration.load(
            http=given(port=port), gateway=given(port=ws_port), admin=given(port=admin_port), redis=given(wait_s=wait)
        )
        logs.set_up(settings.log, for_good=True)
        if child is not None:
            code = run_child(settings, child, text_only=text_only)
        else:
            command = _ChildCommand(part, port, ws_port, text_only=text_only)
            code = run_parent(settings, Service(part, processes, text_only), command, _announce)
    except StartupError as error:
        typer.secho(f"duologue cannot start: {error}", fg="red", err=True)
        raise typer.Exit(COULD_NOT_RUN) from error
    raise typer.Exit(code)


class _ChildCommand:
    """How to start a child with the options that its parent was given."""

    def __init__(self, part: Part, port: int | None, ws_port: int | None, *, text_only: bool) -> None:
        options = given(port=port, ws_port=ws_port).items()
        self._given = [part.value, *(f"--{name.replace('_', '-')}={value}" for name, value in options)]
        self._given += ["--text-only"] if text_only else []

    def __call__(self, name: str, admin_port: int) -> list[str]:
        return [*PROGRAM, "serve", *self._given, f"--admin-port={admin_port}", f"--child={name}"]


def _announce(started: Started) -> None:
    lines = [
        f"\nDuologue {duologue.__version__}",
        f"  processes  {', '.join(started.posts)}",
        f"  page       {started.page_url}" if started.page_url else "",
        f"  gateway    {started.websocket_url}" if started.websocket_url else "",
        f"  store      {started.store}",
        f"  health     ports {started.admin_ports[0]} to {started.admin_ports[-1]}, /health/ready\n",
    ]
    typer.echo("\n".join(line for line in lines if line))
    sys.stdout.flush()
