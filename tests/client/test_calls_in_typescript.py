"""The TypeScript client makes and takes direct calls with the real server; its own tests play against a fake one."""

from __future__ import annotations

import asyncio
import re
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from tests.conftest import Town
from tests.packed import PACKAGES, ROOT, program, run

STORIES = ROOT / "clients/js/src/testing/calls.ts"
NAME = r'^  "?([^":\n]+)"?: async \(\) => \{$'
BUDGET_S = 25

pytestmark = pytest.mark.skipif(not PACKAGES.exists(), reason="no JavaScript packages here: `make check` installs them")


@pytest.fixture
def stories(tmp_path: Path) -> Path:
    """The program in one file. It comes before the town, whose loop must not wait for it."""
    file = tmp_path / "calls.mjs"
    run(tmp_path, "rolldown", str(STORIES), "--file", str(file), "--format", "esm", "--platform", "node")
    return file


async def test_every_story_of_a_call_comes_out_with_the_real_server(stories: Path, town: Town) -> None:
    """Sessions ring each other in Node.js, each story between new people, all at once."""
    command = program("node"), "--experimental-websocket", str(stories), f"{town.page_url}/config.json"
    node = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    timer = asyncio.get_running_loop().call_later(BUDGET_S, node.kill)
    out, err = await node.communicate()
    timer.cancel()

    missing = set(re.findall(NAME, STORIES.read_text(), re.MULTILINE)) - set(out.decode().splitlines())
    assert (node.returncode, missing) == (0, set()), err.decode()
