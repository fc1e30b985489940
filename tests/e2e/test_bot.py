"""`examples/bot.py` as somebody in a browser meets it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.camera import RED
from tests.e2e.conftest import Invite
from tests.e2e.servers import Server

BOT = Path(__file__).parents[2] / "examples/bot.py"


@pytest.fixture
def bot(server: Server) -> Iterator[subprocess.Popen[bytes]]:
    """The program, running."""
    with subprocess.Popen([sys.executable, BOT, server.url]) as process:
        yield process
        process.terminate()


def test_a_bot_talks_to_a_browser(invite: Invite, bot: subprocess.Popen[bytes]) -> None:
    """It greets, answers, and moves on when it is told bye."""
    ana = invite("ana", RED)
    ana.open("?lang=en&mode=text")
    ana.press_go()
    ana.expect_line("I am a bot", mine=False)
    ana.write("I like trains")
    ana.expect_line("You said: I like trains", mine=False)

    ana.write("goodbye")

    ana.expect_phase("ended")
    assert bot.poll() is None, "it goes on"
