"""Connections that say nothing, or read nothing, on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from duologue.api import page
from duologue.api.server import Http, create_app
from duologue.media.fake import FakeMedia
from duologue.services.identity import TokenOffice
from duologue.services.pairs import Pairs
from duologue.services.readiness import Readiness
from duologue.services.webhooks import Webhooks
from duologue.settings import Settings
from duologue.store.memory import MemoryLimiter, MemoryStore
from duologue.tasks import Tasks
from tests.api.test_api import CONFIG
from tests.fakes import CountingRng, ManualClock, free_port, wait_until

GET = b"GET /config.json HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /v1/guest HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
SOON_MS, NEVER_MS = 200, 600_000
BIG_BYTES = 32 * 1024 * 1024
"""More than the kernel takes on the way to somebody who reads nothing."""


class Socket:
    """A client that speaks no HTTP of itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer

    def say(self, what: bytes) -> None:
        self._writer.write(what)

    async def ended(self) -> bytes:
        """What it was told until the server closed."""
        async with asyncio.timeout(20):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    async def answered(self) -> bytes:
        """The head of an answer."""
        async with asyncio.timeout(20):
            return await self.reader.readuntil(b"\r\n\r\n")

    def close(self) -> None:
        self._writer.close()


class Server:
    """HTTP alone, on a port of its own."""

    def __init__(self, **http: Any) -> None:
        self.port = free_port()
        settings = Settings(http={"port": self.port} | http)
        clock, store, media = ManualClock(), MemoryStore(ManualClock()), FakeMedia()
        tokens = TokenOffice(b"k" * 32, clock, CountingRng())
        hooks = Webhooks(store, media, Pairs(store, media, clock, Tasks()), clock)
        app = create_app(settings, Readiness(clock, 30_000), tokens, MemoryLimiter(clock), CONFIG, hooks)
        self.http = Http(app, settings.http)
        self.url = f"http://127.0.0.1:{self.port}"
        self._opened: list[Socket] = []

    @property
    def connections(self) -> int:
        return len(self.http._server.server_state.connections)

    async def socket(self, says: bytes = b"") -> Socket:
        """One more connection. The server gets them in the order in which they were made."""
        socket = Socket(*await asyncio.open_connection("127.0.0.1", self.port))
        self._opened.append(socket)
        socket.say(says)
        return socket

    def close(self) -> None:
        for socket in self._opened:
            socket.close()


@asynccontextmanager
async def serving(**http: Any) -> AsyncIterator[Server]:
    server = Server(**http)
    async with server.http.listening(Tasks()):
        try:
            yield server
        finally:
            server.close()


@pytest.fixture(autouse=True)
def big_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>")
    with (tmp_path / "big").open("wb") as file:
        file.truncate(BIG_BYTES)
    monkeypatch.setattr(page, "CANDIDATES", (tmp_path,))


@pytest.mark.parametrize(
    "says", [b"", b"G", GET, POST, POST + b"{", GET + b"\r\n" + GET], ids=[
        "nothing", "a letter", "half a head", "no body", "half a body", "one request and a half",
    ],
)  # fmt: skip
async def test_who_sends_no_whole_request_is_closed(says: bytes) -> None:
    """However far they came; and it is no error of ours."""
    with capture_logs() as logs:
        async with serving(request_ms=SOON_MS) as server:
            told = await (await server.socket(says)).ended()
            await wait_until(lambda: not server.connections, description="nothing is left")

    assert logs == []
    assert told.count(b"HTTP/1.1 200") == says.count(GET + b"\r\n")


async def test_a_byte_now_and_then_is_no_whole_request() -> None:
    """What uvicorn's own time-out between requests does not see."""
    async with serving(request_ms=SOON_MS) as server:
        socket = await server.socket(GET)

        def drip() -> bool:
            socket.say(b"x")
            return socket.reader.at_eof() or socket.reader.exception() is not None

        await wait_until(drip, description="it was closed all the same")
        await wait_until(lambda: not server.connections, description="nothing is left")


async def test_who_takes_no_answer_is_closed() -> None:
    """The rest of it is our memory."""
    async with serving(answer_ms=SOON_MS) as server:
        socket = await server.socket(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        await wait_until(lambda: not server.connections, description="it was let go of")

    assert len(await socket.ended()) < BIG_BYTES


async def test_silent_sockets_make_room() -> None:
    """When they hold every slot, each newcomer takes the place of the one that waited longest."""
    async with serving(max_connections=3, request_ms=NEVER_MS) as server, httpx.AsyncClient() as client:
        silent = [await server.socket(), await server.socket(GET), await server.socket()]
        codes = [(await client.get(f"{server.url}/config.json")).status_code for _ in range(10)]
        told = await silent[0].ended()
        silent[1].say(b"\r\n")
        answer = await silent[1].answered()

    assert codes == [200] * 10
    assert told == b""
    assert answer.startswith(b"HTTP/1.1 200")


async def test_who_is_being_answered_does_not_have_to_go() -> None:
    """Where nobody is silent, a newcomer is told to come back."""
    async with serving(max_connections=2, answer_ms=NEVER_MS) as server:
        readers = [await server.socket(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(2)]
        heads = [await reader.answered() for reader in readers]
        newcomer = await server.socket(GET + b"\r\n")

        assert all(head.startswith(b"HTTP/1.1 200") for head in heads)
        assert (await newcomer.answered()).startswith(b"HTTP/1.1 503")
        await wait_until(lambda: server.connections == 2, description="it went, and nobody else")


async def test_a_connection_that_is_used_stays() -> None:
    """Each answer begins the wait anew."""
    async with serving(request_ms=SOON_MS, answer_ms=SOON_MS) as server:
        socket = await server.socket()
        now_s: Callable[[], float] = asyncio.get_running_loop().time
        until_s = now_s() + 3 * SOON_MS / 1000
        answers = 0
        while now_s() < until_s:
            socket.say(GET + b"\r\n")
            head = await socket.answered()
            await socket.reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
            answers += head.startswith(b"HTTP/1.1 200")

    assert answers > 1
