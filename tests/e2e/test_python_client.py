"""The Python client's picture and sound, as somebody in a browser meets them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.docs.test_python import SEEING
from tests.e2e.camera import HEIGHT, RED, WIDTH, Sight
from tests.e2e.conftest import Invite
from tests.e2e.person import Someone
from tests.e2e.servers import Server

ALMOST_GREY = 12


class GreyThatChanges:
    """What `duologue.client.synthetic` shows."""

    def place(self, sight: Sight) -> int | None:
        """How bright it is."""
        return sight.mean.red if max(sight.mean) - min(sight.mean) <= ALMOST_GREY else None


PYTHON = cast("Someone", SimpleNamespace(name="python", camera=GreyThatChanges()))


@pytest.fixture
def seeing(server: Server, tmp_path: Path) -> Iterator[Path]:
    """The example of docs/howto/python.md, running; gives the file that it prints to."""
    program = f"{SEEING}\nimport asyncio\nfrom duologue.client import join\n"
    program += f"asyncio.run(see_somebody(asyncio.run(join({server.url!r}))))\n"
    printed = tmp_path / "printed"
    with printed.open("w") as file, subprocess.Popen([sys.executable, "-u", "-c", program], stdout=file) as process:
        yield printed
        assert process.poll() is None, "it goes on"
        process.terminate()


def test_python_and_a_browser_see_each_other(invite: Invite, seeing: Path) -> None:
    """Each has the other's moving picture, and the browser hears the hum."""
    ana = invite("ana", RED)
    ana.open()
    ana.press_go()
    ana.expect_phase("talking")

    ana.sees(PYTHON)
    ana.hears_something()
    ana.until(lambda: f"{WIDTH} x {HEIGHT}\n" in seeing.read_text(), "python sees ana")
