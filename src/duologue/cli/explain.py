"""`duologue explain`: why is nobody matching this person. Asks a process that runs, and prints sentences."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import quote

import aiohttp
import msgspec
import typer

from duologue import settings as configuration
from duologue.api.explain import NotExplained
from duologue.app.targets import own_address, read_targets
from duologue.cli.exits import COULD_NOT_RUN, DOES_NOT_HOLD
from duologue.cli.sentences import sentences
from duologue.errors import StartupError
from duologue.services.explaining import Explained
from duologue.settings import AdminSettings

PORTS = 10
"""Listeners that are tried, from `admin.port` on: processes come and go, and any of them can answer."""
ANSWER_WITHIN_S = 10.0
TRIES = 5
"""Of one listener that answers somebody else just now."""
OK, UNKNOWN, TOO_FAST = 200, 404, 429


class Refused(Exception):
    """Nobody could be asked. The text says why."""


class Answer(NamedTuple):
    """What a listener said."""

    status: int
    body: bytes
    retry_after_s: float


class _Detail(msgspec.Struct):
    """What all errors have."""

    detail: str


def explain(
    person: Annotated[str, typer.Argument(help="Their id, as lines of the log have it under person.")],
    url: Annotated[
        str | None, typer.Option(help="The admin listener to ask.", show_default="the first that answers")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result here, too.")] = None,
) -> None:
    """Say why nobody is matching this person: what stands between them and the others, and what will change when.

    It asks the admin listener of a process of duologue serve, whichever: each sees everybody.

    Exits with 0 when there is something to say, 1 when nobody knows this person, 2 when nobody could be asked.
    """
    try:
        admin = configuration.load().admin
        listeners = [url.rstrip("/")] if url is not None else _listeners(admin)
        said = asyncio.run(_ask(listeners, admin.required_token(), person))
        _write(json_file, said)
    except (StartupError, Refused) as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(COULD_NOT_RUN) from error
    if isinstance(said, NotExplained):
        typer.echo(f"{person}: {said.detail}. Ids are those that the log has under person.")
        raise typer.Exit(DOES_NOT_HOLD)
    typer.echo("\n".join(sentences(said)))


def _listeners(admin: AdminSettings) -> list[str]:
    """Those that were told to Prometheus, else those of this machine."""
    if admin.targets_file is not None and admin.targets_file.is_file():
        return [f"http://{target.address}" for target in read_targets(admin.targets_file)]
    return [f"http://{own_address(admin, seat)}" for seat in range(PORTS)]


async def _ask(listeners: Sequence[str], token: str | None, person: str) -> Explained | NotExplained:
    """The answer of the first that has one. Raises `Refused`."""
    why = ""
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    async with aiohttp.ClientSession(timeout=timeout, headers=headers) as session:
        for listener in listeners:
            try:
                return _read(await _patiently(session, f"{listener}/explain/{quote(person, safe='')}"))
            except (aiohttp.ClientError, OSError, TimeoutError):
                continue
            except Refused as refused:
                why = f" {listener} said: {refused}."
    tried = " to ".join(dict.fromkeys([*listeners[:1], *listeners[-1:]]))
    raise Refused(f"nobody explains at {tried}.{why} Is duologue serve running here? Else name a listener with --url.")


async def _patiently(session: aiohttp.ClientSession, url: str) -> Answer:
    """One that is busy is asked again when it says that it has time."""
    for _ in range(TRIES):
        answer = await _get(session, url)
        if answer.status != TOO_FAST:
            break
        await asyncio.sleep(answer.retry_after_s)
    return answer


async def _get(session: aiohttp.ClientSession, url: str) -> Answer:
    async with session.get(url) as answer:
        return Answer(answer.status, await answer.read(), float(answer.headers.get("Retry-After", 1)))


def _read(answer: Answer) -> Explained | NotExplained:
    """Raises `Refused` for everything else than an explanation, or that there is none."""
    try:
        if answer.status == OK:
            return msgspec.json.decode(answer.body, type=Explained)
        if answer.status == UNKNOWN:
            return msgspec.json.decode(answer.body, type=NotExplained)
        raise Refused(msgspec.json.decode(answer.body, type=_Detail).detail)
    except msgspec.DecodeError as error:
        raise Refused(f"{answer.status}, and nothing that a Duologue of this version would") from error


def _write(file: Path | None, said: Explained | NotExplained) -> None:
    if file is None:
        return
    known = isinstance(said, Explained)
    result = {"name": "explain", "known": known, **msgspec.to_builtins(said)}
    if isinstance(said, Explained):
        result["said"] = sentences(said)
    try:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")
    except OSError as error:
        raise Refused(f"--json {file}: {error.strerror}") from error
