"""Is the database there, with the tables of this version?"""

from __future__ import annotations

from collections.abc import Sequence

from duologue.app.keys import state_dir
from duologue.doctor.finding import Finding, ok, problem
from duologue.doctor.run import Subject
from duologue.errors import Unavailable
from duologue.store.sql import Schema, SchemaState, address_of, schema_of

GUIDE = "docs/howto/database.md"


async def examine_database(subject: Subject) -> Sequence[Finding]:
    """The check. Raises `StartupError` for a URL that cannot be read."""
    given = subject.settings.database
    if given.read_url() is None and not subject.dev:
        fix = f"set it to a PostgreSQL, or on a single machine to sqlite:////PATH: {GUIDE}"
        return [problem("DATABASE_URL", "not set, and blocks have to outlive the processes", fix)]
    address = address_of(given, state_dir(subject.settings))
    try:
        schema = await schema_of(address)
    except Unavailable as error:
        fix = "start it, or correct DATABASE_URL: duologue db status"
        return [problem("reachable", f"{address.shown}: {error}", fix)]
    return [judge(address.shown, schema, makes_them=subject.dev and address.kind == "sqlite")]


def judge(where: str, schema: Schema, *, makes_them: bool = False) -> Finding:
    """`makes_them`: whether the start brings the tables up to date by itself."""
    if schema.state is SchemaState.CURRENT:
        return ok("tables", f"{where}: of this version ({schema.revision})")
    if schema.state is SchemaState.NEWER:
        fix = "run that version of Duologue, or restore a backup from before its `duologue db upgrade`"
        return problem("tables", f"{where}: of a newer version ({schema.revision})", fix)
    seen = (
        f"{where}: {'none yet' if schema.state is SchemaState.MISSING else f'of an older version ({schema.revision})'}"
    )
    if makes_them:
        return ok("tables", f"{seen}; `duologue dev` makes them at its start")
    return problem("tables", seen, "duologue db upgrade")
