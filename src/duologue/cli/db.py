"""`duologue db`: the tables of the database, and how far they are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from duologue import logs
from duologue import settings as configuration
from duologue.cli.exits import COULD_NOT_RUN, DOES_NOT_HOLD
from duologue.errors import StartupError, Unavailable
from duologue.media.livekit_files import default_state_dir
from duologue.store.sql import Address, SchemaState, address_of, schema_of, upgrade

db = typer.Typer(name="db", help="The database: blocks, and whatever else must outlive the rest.", no_args_is_help=True)

Answer = TypeVar("Answer")

SAID = {
    SchemaState.CURRENT: "what this version needs",
    SchemaState.MISSING: "no tables yet. Run: duologue db upgrade",
    SchemaState.OLDER: "of an older version. Run: duologue db upgrade",
    SchemaState.NEWER: "of a newer version of Duologue: run that one",
}


@db.command(name="upgrade")
def upgrade_() -> None:
    """Make the tables that this version needs, or bring them up to date.

    Safe to run again, and on several machines at once. Exits with 2 when it could not.
    """
    address, before = _asked(upgrade)
    done = (
        "nothing to do" if before.state is SchemaState.CURRENT else f"{before.revision or 'nothing'} → {before.needed}"
    )
    typer.echo(f"{address.shown}: {done}")


@db.command()
def status(
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result here, too.")] = None,
) -> None:
    """Tell whether the database can be reached and has the tables that this version needs.

    Exits with 0 when it has, 1 when not, 2 when it could not be reached.
    """
    address, schema = _asked(schema_of)
    holds = schema.state is SchemaState.CURRENT
    typer.echo(f"{address.shown}: {SAID[schema.state]}")
    if json_file is not None:
        result = {"name": "db-status", "database": address.shown, "holds": holds, **schema._asdict()}
        json_file.write_text(json.dumps(result, indent=2) + "\n")
    raise typer.Exit(0 if holds else DOES_NOT_HOLD)


def _asked(ask: Callable[[Address], Coroutine[Any, Any, Answer]]) -> tuple[Address, Answer]:
    """The answer of the database that the settings name."""
    try:
        settings = configuration.load()
        logs.set_up(settings.log)
        address = address_of(settings.database, settings.state_dir or default_state_dir())
        return address, asyncio.run(ask(address))
    except (StartupError, Unavailable) as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(COULD_NOT_RUN) from error
