"""Whom `duologue top` asks, and what it makes of those who do not answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from duologue.api.server import Http, create_admin
from duologue.app.targets import Target, write_targets
from duologue.clock import SystemClock
from duologue.errors import StartupError
from duologue.matching.rules import Rules
from duologue.metrics.exposition import describe_build
from duologue.services.explaining import Explainer
from duologue.services.readiness import Readiness
from duologue.settings import AdminSettings, HttpSettings
from duologue.tasks import Tasks
from duologue.top.ask import Where, asker, nobody_answers
from duologue.top.read import Look
from tests.fakes import ManualClock, free_port, free_ports

CLOCK = ManualClock()
TOKEN = "0123456789abcdef"


@asynccontextmanager
async def listening(*ports: int, token: str | None = None) -> AsyncIterator[None]:
    """Admin listeners as processes have them. All of them tell of this process."""
    describe_build("0.1.0", "test-1", "test")
    async with AsyncExitStack() as stack:
        for port in ports:
            app = create_admin(Readiness(CLOCK, 0), Explainer(Rules(), CLOCK), token)
            http = Http(app, HttpSettings(port=port), section="admin")
            await stack.enter_async_context(http.listening(Tasks()))
        yield


async def look(admin: AdminSettings, urls: Sequence[str] = (), files: Sequence[Path] = ()) -> Look:
    async with asker(Where(urls, files), admin, SystemClock()) as them:
        return await them.look()


def failures(of: Look) -> dict[str, str | None]:
    return {each.address: each.failure for each in of.answers}


async def test_whoever_listens_from_the_first_port_on_is_found() -> None:
    """Also behind a port that is closed, as while processes are replaced."""
    port = free_ports(8)
    async with listening(port, port + 1, port + 3):
        found = await look(AdminSettings(port=port))

    assert failures(found) == {f"127.0.0.1:{port + seat}": None for seat in (0, 1, 3)}


async def test_the_file_says_who_should_be_there(tmp_path: Path) -> None:
    """So who is not is missed, by name."""
    port = free_ports(2)
    file = tmp_path / "targets.json"
    targets = [Target(f"127.0.0.1:{port + n}", f"gateway-{n}", "gateway") for n in (0, 1)]
    write_targets(file, targets)
    async with listening(port):
        found = await look(AdminSettings(targets_file=file))
        same = await look(AdminSettings(), files=[file])

    assert failures(found) == failures(same)
    assert [(each.process, each.role) for each in found.answers] == [("gateway-0", "gateway"), ("gateway-1", "gateway")]
    assert found.answers[0].failure is None
    assert str(found.answers[1].failure).startswith("connection refused")


async def test_a_file_that_was_not_written_yet_is_no_reason_to_give_up(tmp_path: Path) -> None:
    """`duologue dev` writes none. One that was named has to be there."""
    port = free_ports(4)
    async with listening(port):
        found = await look(AdminSettings(port=port, targets_file=tmp_path / "targets.json"))
        with pytest.raises(StartupError, match=r"targets\.json"):
            await look(AdminSettings(port=port), files=[tmp_path / "targets.json"])

    assert list(failures(found).values()) == [None]


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "http://127.0.0.1:{}", "http://localhost:{}/metrics"])
async def test_an_address_can_be_given(form: str) -> None:
    """As one has it at hand."""
    port = free_port()
    async with listening(port):
        found = await look(AdminSettings(), urls=[form.format(port)])

    assert list(failures(found).values()) == [None]


async def test_the_token_comes_from_the_settings() -> None:
    """Without it the answer says what to set."""
    port = free_port()
    where = [f"127.0.0.1:{port}"]
    async with listening(port, token=TOKEN):
        refused = await look(AdminSettings(), urls=where)
        found = await look(AdminSettings(token=TOKEN), urls=where)

    assert "DUOLOGUE_ADMIN__TOKEN" in str(refused.answers[0].failure)
    assert found.answers[0].samples is not None


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>", "no Duologue"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\n", "no Duologue"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\xfe", "no Duologue"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n", "HTTP 302"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "no admin listener"),
        (b"SSH-2.0-OpenSSH\r\n", "no Duologue"),
        (b"", "Server disconnected"),
        (None, "no answer within 0.2 s"),
    ],
    ids=["a page", "another exporter", "no text", "elsewhere", "not found", "no HTTP", "nothing", "silence"],
)
async def test_what_answers_may_be_something_else(
    answer: bytes | None, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, and the token is sent nowhere else."""
    monkeypatch.setattr("duologue.top.ask.WITHIN_S", 0.2)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        found = await look(AdminSettings(), urls=[f"127.0.0.1:{port}"])

    assert why in str(found.answers[0].failure)


async def test_when_nobody_answers_the_text_says_what_to_do() -> None:
    """And who was asked, or where somebody was looked for."""
    port = free_ports(3)
    admin = AdminSettings(port=port)
    named, probed = [
        nobody_answers(await look(admin, urls), admin) for urls in ([f"127.0.0.1:{port + 1}"], list[str]())
    ]

    assert f"127.0.0.1:{port + 1}: connection refused" in str(named)
    assert f"127.0.0.1:{port} and the ports after it" in str(probed)
    assert "--targets FILE" in str(named)
