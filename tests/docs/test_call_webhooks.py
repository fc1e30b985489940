"""The examples of docs/howto/call-webhooks.md, as an operator would run them."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from duologue.clock import SystemClock
from duologue.hooks_out.message import ACCEPTED, PING, RINGING, Message
from duologue.hooks_out.signing import read_secrets, signed
from duologue.protocol.codes import CallEnd, Mode
from duologue.protocol.server import CallState, Incoming
from duologue.services.issuers import person_of
from duologue.settings import CallSettings
from tests.conftest import open_town
from tests.docs.test_docs import ROOT, blocks
from tests.fakes import free_port

PAGE = ROOT / "docs/howto/call-webhooks.md"
PERSON_OF, RECEIVER = blocks(PAGE, "python")


class Example:
    """The receiver of the page, as a process, in a folder with the secret that the page makes."""

    def __init__(self, folder: Path, port: int, process: asyncio.subprocess.Process) -> None:
        self.url = f"http://127.0.0.1:{port}/calls"
        self.secret_file = folder / "push.secret"
        self._process = process

    async def line(self) -> list[str]:
        """The words that it writes next."""
        assert self._process.stdout is not None
        return (await asyncio.wait_for(self._process.stdout.readline(), 10)).decode().split()


@asynccontextmanager
async def example(folder: Path) -> AsyncIterator[Example]:
    """It listens."""
    subprocess.run(["sh", "-c", blocks(PAGE, "sh")[0]], cwd=folder, check=True)
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RECEIVER, str(port), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder
    )
    try:
        await _until_it_listens(port)
        yield Example(folder, port, process)
    finally:
        process.terminate()
        await process.communicate()


async def _until_it_listens(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            await asyncio.sleep(0.02)


def calls(number: int, **changes: Any) -> CallSettings:
    """The settings of the page's block of this number."""
    (webhook,) = tomllib.loads(blocks(PAGE, "toml")[number])["calls"]["webhooks"]
    return CallSettings.model_validate({"webhooks": [webhook | changes]})


def test_the_settings_can_be() -> None:
    """Both of them."""
    assert [calls(number).webhooks[0].name for number in range(2)] == ["push", "push"]


def test_the_body_is_one_that_is_sent() -> None:
    """Every field of it, and no other."""
    (shown,) = blocks(PAGE, "json")
    message = msgspec.json.decode(shown, type=Message)

    assert json.loads(msgspec.json.encode(message)) == json.loads(shown)


def test_a_person_is_made_as_the_page_says() -> None:
    """Of the tenant and the integrator's word for them."""
    names: dict[str, Any] = {}
    exec(PERSON_OF, names)

    assert names["person_of"]("acme", "user 42") == person_of("acme", "user 42")


def test_the_page_has_every_type() -> None:
    """And no other."""
    ends = {f"call.{end}" for end in CallEnd if end is not CallEnd.ANSWERED_ELSEWHERE}

    assert set(re.findall(r"^\| `((?:call\.\w+)|ping)` \|", PAGE.read_text(), re.MULTILINE)) == ends | {
        RINGING,
        ACCEPTED,
        PING,
    }


async def test_the_example_hears_of_a_call(tmp_path: Path) -> None:
    """From the ring to the answer: over HTTP, in a process of its own, signed with the secret of the page."""
    async with example(tmp_path) as server:
        given = calls(0, url=server.url, secret_file=server.secret_file)
        async with open_town(tmp_path, calls=given) as town:
            ana, ben = await town.person(), await town.person()
            await ana.call(await ben.link(), Mode.TEXT)
            await ben.expect(Incoming)
            rings = await server.line()
            await ben.decline()
            await ana.expect(CallState)
            ends = await server.line()

    assert (rings[0], rings[2]) == ("call.ringing", "connected")
    assert (ends[0], ends[1]) == ("call.declined", rings[1])


async def test_the_example_refuses_what_is_not_signed(tmp_path: Path) -> None:
    """Or was signed with another secret, or for another body, or long ago; and acts once on what comes twice."""
    async with example(tmp_path) as server, aiohttp.ClientSession() as session:
        secrets = read_secrets(server.secret_file.read_text())
        body, now_ms = b'{"id":"x","type":"ping"}', SystemClock().now_ms()
        good = signed("x", body, now_ms, (b"o" * 32, *secrets))
        tries = [
            (body, good),
            (body, good),
            (body, {}),
            (body + b" ", good),
            (body, signed("x", body, now_ms, [b"o" * 32])),
            (body, signed("x", body, now_ms - 301_000, secrets)),
        ]
        statuses = []
        for content, headers in tries:
            async with session.post(server.url, data=content, headers=headers) as answer:
                statuses.append(answer.status)

    assert statuses == [204, 204, 401, 401, 401, 401]
