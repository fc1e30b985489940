"""Key sets of a real server on loopback, also one that behaves badly; and of a file."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from duologue.errors import Unavailable
from duologue.issuers.sources import FileKeys, HttpKeys
from duologue.services.keyset import MAX_DOCUMENT_BYTES
from tests.fakes import free_port
from tests.integrator import Handler, KeyServer, jwk, jwks, key_server


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    async with key_server() as server:
        yield server


async def fetch(url: str) -> bytes:
    return await HttpKeys(url, answer_within_s=0.5).fetch()


async def test_a_key_set_is_read_as_it_is_now(server: KeyServer) -> None:
    """Not as it was."""
    for kid in ("a", "b"):
        server.document = jwks(jwk("ES256", kid))
        assert await fetch(server.url) == server.document


async def elsewhere(_: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "/other.json"})


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" " * 10_000)


async def drop(request: web.Request) -> web.StreamResponse:
    """A drop at a time, so that no single read is slow."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.05)


async def missing(_: web.Request) -> web.StreamResponse:
    return web.Response(status=404, body=jwks(jwk("ES256")))


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (elsewhere, "redirects are not followed"),
        (endless, f"more than {MAX_DOCUMENT_BYTES} bytes"),
        (drop, "TimeoutError"),
        (missing, "404"),
    ],
    ids=["redirect", "endless", "slow", "not found"],
)
async def test_a_server_that_behaves_badly_is_away(server: KeyServer, answer: Handler, detail: str) -> None:
    """It costs bounded time and memory, and is asked once."""
    server.answer = answer
    with pytest.raises(Unavailable, match=detail):
        await fetch(server.url)

    assert server.asked == 1


async def test_a_server_without_an_answer_is_away(server: KeyServer) -> None:
    """Silent, or not there at all; the text names the host, as a path or a query may be secret."""
    server.answer = server.hang
    for url in (server.url + "?key=hidden", f"http://127.0.0.1:{free_port()}/hidden"):
        with pytest.raises(Unavailable, match=r"the key set at 127\.0\.0\.1:\d+ is out of reach") as away:
            await fetch(url)
        assert "hidden" not in str(away.value)


async def test_nothing_is_unpacked(server: KeyServer) -> None:
    """64 KiB could become gigabytes: what was packed unasked is no key set."""
    packed = gzip.compress(jwks(jwk("ES256")))

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    server.answer = answer
    assert await fetch(server.url) == packed


async def test_a_file_is_read_anew(tmp_path: Path) -> None:
    """Whoever rotates keys replaces it."""
    path = tmp_path / "jwks.json"
    source = FileKeys(path)
    with pytest.raises(Unavailable, match="No such file"):
        await source.fetch()
    for kid in ("a", "b"):
        path.write_bytes(jwks(jwk("ES256", kid)))
        assert await source.fetch() == path.read_bytes()
