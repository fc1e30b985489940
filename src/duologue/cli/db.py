"""`duologue db`: the tables of the database, and how far they are."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from duologue import logs
from duologue import settings as configuration
from duologue.cli.exits import COULD_NOT_RUN, DOES_NOT_HOLD
from duologue.cli.reports import in_words, when
from duologue.clock import SystemClock, SystemRng
from duologue.errors import StartupError, Unavailable
from duologue.media.livekit_files import default_state_dir
from duologue.safety.report import Complaint, Report
from duologue.store.sql import (
    Address,
    SchemaState,
    address_of,
    connect_safety_store,
    require_schema,
    schema_of,
    upgrade,
)

db = typer.Typer(
    name="db", help="The database: blocks, reports, and whatever else must outlive the rest.", no_args_is_help=True
)

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


@db.command()
def reports(
    since: Annotated[str, typer.Option(help="How far back: 12h, 7d, or a day such as 2026-11-28.")] = "7d",
    most: Annotated[int, typer.Option(min=1, max=100_000, help="The newest so many.")] = 100,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write them here, too.")] = None,
) -> None:
    """Print what people reported about others, the newest first.

    Whoever reads this reads what people wrote to each other. Exits with 2 when it could not.
    """
    since_ms = _moment(since, SystemClock().now_ms())
    address, found = _asked(lambda address: _reports(address, since_ms, most))
    typer.echo(f"{address.shown}: {len(found)} reports since {when(since_ms)}")
    for report in found:
        typer.echo("\n".join(["", *in_words(report)]))
    if json_file is not None:
        made = [{"n": each.n, "at_ms": each.at_ms, **_plain(each.complaint)} for each in found]
        json_file.touch(mode=0o600)
        json_file.write_text(json.dumps({"name": "db-reports", "reports": made}, indent=2, ensure_ascii=False) + "\n")


async def _reports(address: Address, since_ms: int, most: int) -> list[Report]:
    await require_schema(address)
    async with connect_safety_store(address, 1, SystemClock(), SystemRng()) as store:
        return await store.reports(since_ms, most)


def _plain(complaint: Complaint) -> dict[str, Any]:
    return complaint._asdict() | {"lines": [line._asdict() for line in complaint.lines]}


def _moment(text: str, now_ms: int) -> int:
    """The time that somebody means, in UTC."""
    ago = re.fullmatch(r"(\d{1,6})([hd])", text)
    if ago is not None:
        return now_ms - int(ago[1]) * (3_600_000 if ago[2] == "h" else 86_400_000)
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError as error:
        raise typer.BadParameter("write 12h, 7d, or a day such as 2026-11-28", param_hint="--since") from error


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
