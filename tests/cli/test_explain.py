"""`duologue explain`: what an operator types, against listeners that are there, busy, closed or something else."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from typer.testing import CliRunner

from duologue.api.server import Http, create_admin
from duologue.cli import cli
from duologue.client import RandomChatSession, join
from duologue.clock import SystemClock
from duologue.ids import PersonId
from duologue.matching.rules import Rules
from duologue.protocol.client import Filters
from duologue.protocol.codes import Mode
from duologue.protocol.server import Talking
from duologue.services.explaining import Explainer
from duologue.services.readiness import Readiness
from duologue.settings import HttpSettings
from duologue.store.memory import MemoryStore
from duologue.tasks import Tasks
from tests.builders import ANA
from tests.contract.stores import StoreUnderTest, World
from tests.fakes import free_port, wait_until

TOKEN = "only-for-operators-here"
ODD = PersonId("--odd_-one")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration but the test's own."""
    monkeypatch.chdir(tmp_path)


async def run(*arguments: str) -> tuple[int, str]:
    """The exit code and all that was said."""
    result = await asyncio.to_thread(CliRunner().invoke, cli, ["explain", *arguments])
    return result.exit_code, result.output


class Listener:
    """An admin listener of this process."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        clock = SystemClock()
        store = MemoryStore(clock)

        async def advance(duration_ms: int) -> None:
            await clock.sleep_ms(duration_ms)

        self.world = World(StoreUnderTest(store, advance))
        self.explainer = Explainer(Rules(), clock)
        self.explainer.reached(store)


@asynccontextmanager
async def listener(port: int | None = None, token: str | None = None) -> AsyncIterator[Listener]:
    """It listens meanwhile."""
    port, tasks = port or free_port(), Tasks()
    found = Listener(port)
    app = create_admin(Readiness(SystemClock(), 0), found.explainer, token)
    async with Http(app, HttpSettings(port=port), section="admin").listening(tasks):
        yield found
    await tasks.cancel_all()


async def test_what_there_is_to_say_is_said_and_written(tmp_path: Path) -> None:
    """Sentences for people, all the figures for programs."""
    async with listener() as asked:
        await asked.world.waiting(ANA)
        code, said = await run(ANA, "--url", asked.url, "--json", "out.json")
    written = json.loads((tmp_path / "out.json").read_text())

    assert code == 0
    assert said.startswith("ana has waited ")
    assert "Nobody else waits there." in said
    assert (written["name"], written["known"], written["doing"]) == ("explain", True, "waiting")
    assert written["said"] == said.splitlines()


async def test_nobody_of_that_name_is_exit_code_1(tmp_path: Path) -> None:
    """With where names are to be found."""
    async with listener() as asked:
        code, said = await run(ANA, "--url", asked.url, "--json", "out.json")

    assert (code, "no such person" in said, "log" in said) == (1, True, True)
    assert not json.loads((tmp_path / "out.json").read_text())["known"]


async def test_an_id_that_looks_like_an_option_is_an_id() -> None:
    """They are made by chance, of 64 characters."""
    async with listener() as asked:
        await asked.world.here(ODD)
        code, said = await run(ODD, "--url", asked.url)

    assert (code, said.startswith(ODD)) == (0, True)


async def test_a_listener_that_is_busy_is_asked_again() -> None:
    """One question a second is what a process answers."""
    async with listener() as asked:
        await asked.world.here(ANA)
        await asked.explainer.explain(ANA)
        code, _ = await run(ANA, "--url", asked.url)

    assert code == 0


async def test_the_first_listener_of_this_machine_that_answers_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the token of the settings; the first process may be gone."""
    port = free_port()
    monkeypatch.setenv("DUOLOGUE_ADMIN__PORT", str(port - 2))
    monkeypatch.setenv("DUOLOGUE_ADMIN__TOKEN", TOKEN)
    async with listener(port, TOKEN) as asked:
        await asked.world.here(ANA)
        code, said = await run(ANA)

    assert (code, said.startswith("ana ")) == (0, True)


async def test_those_that_prometheus_was_told_of_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may be anywhere."""
    monkeypatch.setenv("DUOLOGUE_ADMIN__PORT", str(free_port()))
    monkeypatch.setenv("DUOLOGUE_ADMIN__TARGETS_FILE", str(tmp_path / "targets.json"))
    async with listener() as asked:
        await asked.world.here(ANA)
        groups = [{"targets": [f"127.0.0.1:{free_port()}", asked.url.removeprefix("http://")]}]
        (tmp_path / "targets.json").write_text(json.dumps(groups))
        code, _ = await run(ANA)

    assert code == 0


async def test_where_nobody_listens_it_says_where_it_asked() -> None:
    """And what to do."""
    url = f"http://127.0.0.1:{free_port()}"
    code, said = await run(ANA, "--url", f"{url}/")

    assert (code, url in said, "--url" in said) == (2, True, True)


async def test_without_the_token_it_says_so() -> None:
    """In the words of the listener."""
    async with listener(token=TOKEN) as asked:
        code, said = await run(ANA, "--url", asked.url)

    assert (code, "admin token" in said) == (2, True)


@pytest.mark.parametrize("status", [200, 404, 500])
async def test_something_else_that_listens_is_told(status: int) -> None:
    """Whatever it answers."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="<html>", status=status)

    app, port = web.Application(), free_port()
    app.router.add_get("/{any:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    code, said = await run(ANA, "--url", f"http://127.0.0.1:{port}")
    await runner.cleanup()

    assert (code, str(status) in said) == (2, True)


async def test_a_file_that_cannot_be_written_is_told() -> None:
    """Whoever asked for it waits for it."""
    async with listener() as asked:
        await asked.world.here(ANA)
        code, said = await run(ANA, "--url", asked.url, "--json", "no/such/folder.json")

    assert (code, "no/such/folder.json" in said) == (2, True)


# -- a server that runs ---------------------------------------------------------------------


@asynccontextmanager
async def dev(folder: Path, *options: str) -> AsyncIterator[str]:
    """`duologue dev` without media; gives where its page is."""
    port = free_port()
    ports = ("--port", str(port), "--ws-port", str(free_port()), "--state-dir", str(folder / "state"))
    command = [sys.executable, "-m", "duologue", "dev", "--text-only", *ports, *options]
    with (folder / "log").open("w") as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=log, stderr=log)
    try:
        await wait_until(lambda: "\n  page " in (folder / "log").read_text(), description="it starts", within_s=60)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def explained(person: str, admin_port: int, file: Path) -> dict[str, Any]:
    """As an operator would, in a process of its own."""
    url = f"http://127.0.0.1:{admin_port}"
    command = [sys.executable, "-m", "duologue", "explain", person, "--url", url, "--json", str(file)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert process.returncode == 0
    written: dict[str, Any] = json.loads(file.read_text())
    assert written["said"] == said.decode().splitlines()
    return written


async def test_two_who_do_not_fit_are_explained_by_a_server_that_runs(tmp_path: Path) -> None:
    """Ana speaks English and insists on French; Ben and Cleo speak German, and talk with each other."""
    admin_port = free_port()
    async with dev(tmp_path, "--admin-port", str(admin_port)) as url, AsyncExitStack() as people:
        speak = {"ana": "en", "ben": "de", "cleo": "de", "dan": "fr"}
        guests = {name: RandomChatSession(await join(url, {"language": words})) for name, words in speak.items()}
        for name, guest in guests.items():
            await people.enter_async_context(guest)
            wish = "fr" if name == "ana" else "de"
            await guest.find(Filters(mode=Mode.TEXT, wants={"language": [wish]}, strict=["language"]))
        ana, ben, cleo, _ = guests.values()
        await asyncio.gather(ben.matched(), cleo.matched())
        await asyncio.gather(ben.expect(Talking), cleo.expect(Talking))
        assert ana.ready is not None
        assert ben.ready is not None
        waiting = await explained(ana.ready.self.person, admin_port, tmp_path / "ana.json")
        talking = await explained(ben.ready.self.person, admin_port, tmp_path / "ben.json")

    others, talkers = waiting["queueing"]["others"], waiting["queueing"]["talkers"]
    assert others["rejected"] == {"facet language: theirs": 1}
    assert "None of those who wait will ever fit: only somebody new, or other wishes." in waiting["said"]
    assert (talkers["fits"], talkers["talking"]) == (0, 2)
    assert (talking["doing"], talking["talk"]["pair"]) == ("talking", ben.pair)
