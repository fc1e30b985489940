"""`examples/bot.py` as somebody meets it who chose Text, on a real `duologue dev`; and that of the version before this
one, which stands for all clients that are older than their server.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chaos import older
from duologue.client import RandomChatSession, join
from duologue.protocol.client import Filters
from duologue.protocol.codes import EndReason, Mode
from duologue.protocol.server import ChatLine, Ended
from examples.bot import answer
from tests.fakes import wait_until
from tests.text_only import Place

NOW, BEFORE = "this version", "the version before"


@pytest.fixture(params=[NOW, BEFORE])
def sources(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Of the bot, and of the client that it comes with."""
    if request.param == NOW:
        return older.ROOT
    try:
        return older.unpack(older.before(), tmp_path / "before")
    except older.NoHistory as error:
        pytest.skip(str(error))


@asynccontextmanager
async def bot(server: str, sources: Path) -> AsyncIterator[None]:
    """The program, as it is started; nothing of it is left."""
    environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(sources / "src")}
    program = sources / "examples/bot.py"
    process = await asyncio.create_subprocess_exec(sys.executable, program, server, env=environment)
    try:
        yield
        assert process.returncode is None, "it goes on"
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def somebody(server: str) -> AsyncIterator[RandomChatSession]:
    """Who looks for a talk in text."""
    async with RandomChatSession(await join(server)) as person:
        await person.find(Filters(mode=Mode.TEXT, auto_next=False))
        yield person


async def heard(person: RandomChatSession) -> str:
    return (await person.expect(ChatLine)).text


async def test_it_greets_answers_and_moves_on(tmp_path: Path, sources: Path) -> None:
    """One stranger after another: it says who it is, what it heard, and presses Next when they say bye."""
    async with Place(tmp_path).dev() as server, bot(server, sources):
        async with somebody(server) as ana:
            await ana.matched()
            assert "I am a bot" in await heard(ana)
            await ana.chat("I like trains")
            assert await heard(ana) == "You said: I like trains"
            await ana.chat("Bye!")
            ended = await ana.expect(Ended)
            assert (ended.reason, ended.by) == (EndReason.NEXT, "peer")
        async with somebody(server) as ben:
            await ben.matched()
            assert "I am a bot" in await heard(ben)


def guests(place: Place) -> list[str]:
    """Everybody who came in, in order."""
    lines = [json.loads(line) for line in place.log.read_text().splitlines() if line.startswith("{")]
    return [line["person"] for line in lines if line["event"] == "session_started"]


@pytest.mark.parametrize("sources", [NOW, pytest.param(BEFORE, marks=pytest.mark.long)], indirect=True)
async def test_it_comes_back_to_a_server_that_was_killed(tmp_path: Path, sources: Path) -> None:
    """By itself, as the same guest, and it looks for somebody again."""
    place = Place(tmp_path)
    place.environment |= {"DUOLOGUE_LOG__FORMAT": "json", "DUOLOGUE_LOG__LEVEL": "info"}
    async with place.dev() as server, bot(server, sources):
        await wait_until(lambda: guests(place), description="the bot is there")
        (before,) = guests(place)
        place.process.kill()
        await place.process.wait()
        async with place.dev(), somebody(server) as ana:
            await ana.matched()
            assert "I am a bot" in await heard(ana)
            assert before in guests(place)


@pytest.mark.parametrize(("line", "said"), [("hm", "You said: hm"), ("Next", None), ("goodbye.", None)])
def test_what_it_says(line: str, said: str | None) -> None:
    """The place where a bot of one's own begins."""
    assert answer(line) == said


def test_it_gives_questions_back() -> None:
    """It knows nothing."""
    assert answer("why?") != "You said: why?"
