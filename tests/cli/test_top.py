"""`duologue top` as a command, beside a real `duologue dev`."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import sys
from pathlib import Path
from typing import NamedTuple

from duologue.client import RandomChatSession, join
from duologue.protocol.client import Filters
from duologue.protocol.codes import Mode
from duologue.protocol.server import Talking
from tests.fakes import wait_until
from tests.text_only import Place

TOP = (sys.executable, "-m", "duologue", "top")


class Ended(NamedTuple):
    """A command, and what it said."""

    code: int | None
    out: str
    err: str


async def top(place: Place, *arguments: str) -> Ended:
    process = await asyncio.create_subprocess_exec(
        *TOP, *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=place.folder, env=place.environment,
    )  # fmt: skip
    out, err = await process.communicate()
    return Ended(process.returncode, out.decode(), err.decode())


async def test_it_shows_what_is_going_on(tmp_path: Path) -> None:
    """Two who talk and one who waits; for people, and for programs."""
    place, text = Place(tmp_path), Filters(mode=Mode.TEXT)
    async with place.dev() as url:
        people = [RandomChatSession(await join(url)) for _ in range(3)]
        for person in people:
            await person.connect()
            await person.find(text)
        for person in people[:2]:
            await person.matched()
        for person in people[:2]:
            await person.expect(Talking)
        told, shown = await asyncio.gather(top(place, "--json"), top(place, "--once"))
        missed = await top(place, "--once", f"--url=127.0.0.1:{place.admin}", f"--url=127.0.0.1:{place.admin + 1}")
        for person in people:
            person.close()

    seen = json.loads(told.out)
    assert (told.code, [each for each in seen["problems"] if each["level"] == "problem"]) == (0, [])
    assert (seen["people"]["pairs_talking"], seen["people"]["doing"]["waiting"]) == (1, 1)
    assert [each["waiting"] for each in seen["queue"]] == [1]
    assert [(each["name"], each["ready"]) for each in seen["processes"]] == [("dev", True)]
    assert (shown.code, "1 pairs talk" in shown.out) == (0, True)
    assert (missed.code, "connection refused" in missed.out) == (1, True)


async def test_on_a_terminal_it_goes_on_until_ctrl_c(tmp_path: Path) -> None:
    """It leaves the screen as it was, and that counts as success."""
    place, said = Place(tmp_path), bytearray()
    master, slave = pty.openpty()
    loop = asyncio.get_running_loop()
    async with place.dev():
        process = await asyncio.create_subprocess_exec(
            *TOP,
            "--every=0.2",
            stdin=slave,
            stdout=slave,
            cwd=tmp_path,
            env={**place.environment, "TERM": "xterm"},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job ignores it
        )
        loop.add_reader(master, lambda: said.extend(os.read(master, 65_536)))
        try:
            await wait_until(lambda: said.count(b"nobody is here") > 2, description="it is drawn again", within_s=30)
            process.send_signal(signal.SIGINT)
            await wait_until(lambda: b"\x1b[?1049l" in said, description="the screen is as it was")
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
    loop.remove_reader(master)
    os.close(master)
    os.close(slave)

    assert code == 0
    assert b"Traceback" not in said


async def test_when_nobody_answers_it_says_what_to_do(tmp_path: Path) -> None:
    """With exit code 2, and nothing for programs to mistake for an answer."""
    ended = await top(Place(tmp_path), "--json")

    assert (ended.code, ended.out) == (2, "")
    assert "Is `duologue serve` or `duologue dev` running?" in ended.err
