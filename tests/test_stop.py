"""How a server as a process is stopped: politely at the first signal, at once at the second."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from duologue.client import ConnectionEnded, RandomChatSession, join
from duologue.protocol.codes import CloseCode
from duologue.protocol.server import Drain, Matched
from tests.fakes import free_port

PEOPLE = 8


class Dev:
    """`duologue dev --text-only`, with people on it, that drains one of them a second."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self.process = process
        self.url = url

    async def person(self) -> RandomChatSession:
        session = RandomChatSession(await join(self.url))
        await session.connect()
        return session


@pytest.fixture
async def dev(tmp_path: Path) -> AsyncIterator[Dev]:
    port = free_port()
    settings = {"DUOLOGUE_GATEWAY__DRAIN_PER_S": "1", "DUOLOGUE_LIMITS__PROFILE": "load"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "duologue", "dev", "--text-only",
        "--port", str(port), "--ws-port", str(free_port()), "--state-dir", str(tmp_path),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env={**os.environ, **settings},
    )  # fmt: skip
    assert process.stdout is not None
    async for line in process.stdout:
        if b"Ctrl-C" in line:
            break
    try:
        yield Dev(process, f"http://127.0.0.1:{port}")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def end_of(person: RandomChatSession) -> int:
    with pytest.raises(ConnectionEnded) as ended:
        await person.expect(Matched)
    return ended.value.code


async def test_the_first_signal_sends_everybody_elsewhere(dev: Dev) -> None:
    """With a delay for each, and success in the end."""
    person = await dev.person()
    dev.process.terminate()
    drain = await person.expect(Drain)

    assert 0 <= drain.retry_after_ms <= 1_000
    assert await end_of(person) == CloseCode.GOING_AWAY
    assert await dev.process.wait() == 0


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_the_second_signal_ends_at_once(dev: Dev, second: signal.Signals) -> None:
    """Those who were not told yet are cut off: somebody is in a hurry."""
    people = [await dev.person() for _ in range(PEOPLE)]
    ends = [asyncio.create_task(end_of(person)) for person in people]
    dev.process.terminate()
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    dev.process.send_signal(second)
    code = await dev.process.wait()
    codes = await asyncio.gather(*ends)

    assert code != 0
    assert CloseCode.GOING_AWAY in codes
    assert any(each != CloseCode.GOING_AWAY for each in codes)
