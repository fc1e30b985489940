"""What the log must never hold."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from duologue import logs
from duologue.settings import LogSettings


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    """The set-up is for a whole process; leave it as it was."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = before[0], before[1]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_has_no_values(log_format: Literal["json", "console"], capsys: pytest.CaptureFixture[str]) -> None:
    """Local variables are tokens, messages and keys."""
    logs.set_up(LogSettings(format=log_format))

    def fail(token: str) -> None:
        raise RuntimeError(f"failed with a word of {len(token)} letters")

    try:
        fail("".join(reversed("drowssap")))
    except RuntimeError:
        structlog.get_logger().exception("ours")
        logging.getLogger("somebody.else").exception("theirs")

    written = capsys.readouterr().err
    assert "failed with a word of 8 letters" in written
    assert "password" not in written


def test_a_forged_line_stays_in_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A client's words cannot start a line or colour the screen."""
    logs.set_up(LogSettings(format="console"))
    structlog.get_logger().info("origin_refused", origin="x\n2026 [error] forged \x1b[2J")

    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert "\x1b[2J" not in written
