"""The command line: `duologue --help`. Each command reads the settings, calls `app/`, and prints."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import duologue
from duologue import logs
from duologue import settings as configuration
from duologue.app.dev import Started, run_dev
from duologue.cli.db import db
from duologue.cli.doctor import doctor
from duologue.cli.exits import COULD_NOT_RUN
from duologue.cli.explain import explain
from duologue.cli.options import given
from duologue.cli.serve import serve
from duologue.cli.sim import sim
from duologue.cli.top import top
from duologue.errors import StartupError

cli = typer.Typer(
    name="duologue",
    help="Self-hosted random video chat.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # paragraphs are as wide as the screen
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"duologue {duologue.__version__}")
        raise typer.Exit


@cli.callback()
def duologue_(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Self-hosted random video chat."""


@cli.command()
def dev(
    port: Annotated[int | None, typer.Option(help="HTTP and the page.", show_default="8000")] = None,
    ws_port: Annotated[int | None, typer.Option(help="WebSocket.", show_default="8001")] = None,
    livekit_port: Annotated[int | None, typer.Option(help="The LiveKit child.", show_default="7880")] = None,
    livekit_udp_port: Annotated[int | None, typer.Option(help="Its media.", show_default="7882")] = None,
    admin_port: Annotated[int | None, typer.Option(help="Health and metrics.", show_default="9401")] = None,
    state_dir: Annotated[Path | None, typer.Option(help="Keys and logs.", show_default="the user's")] = None,
    *,
    text_only: Annotated[bool, typer.Option(help="No LiveKit: text chat only.")] = False,
) -> None:
    """Run everything in one process, on localhost, with the store in memory.

    Page, gateway, matcher, HTTP API and a LiveKit server as a child. Stop it with Ctrl-C.
    """
    options: dict[str, Any] = {
        "http": given(port=port),
        "gateway": given(port=ws_port),
        "admin": given(port=admin_port),
        "livekit": given(port=livekit_port, udp_port=livekit_udp_port),
        **given(state_dir=state_dir),
    }
    try:
        settings = configuration.load(**options)
        logs.set_up(settings.log, for_good=True)
        run_dev(settings, text_only=text_only, announce=_announce)
    except StartupError as error:
        typer.secho(f"duologue cannot start: {error}", fg="red", err=True)
        raise typer.Exit(COULD_NOT_RUN) from error


cli.command()(serve)
cli.command()(sim)
cli.command()(doctor)
cli.command()(top)
cli.command(context_settings={"ignore_unknown_options": True})(explain)  # ids may begin with a dash
cli.add_typer(db)


def _announce(started: Started) -> None:
    typer.echo(
        f"\nDuologue {duologue.__version__}\n"
        f"  page     {started.page_url}\n"
        f"  gateway  {started.websocket_url}\n"
        f"  media    {started.media}\n"
        f"  store    {started.store}: this process only, gone when it stops\n"
        f"  figures  {started.figures}\n\n"
        "Open the page in two tabs. Ctrl-C stops everything.\n"
    )
    sys.stdout.flush()


def main() -> None:
    """Entry point of the `duologue` command."""
    cli()
