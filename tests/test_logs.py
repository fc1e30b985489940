"""What the log tells, and what it must never hold."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
import structlog
from websockets import InvalidStatus, Origin, connect

from duologue import logs
from duologue.protocol.client import Filters
from duologue.protocol.codes import Mode
from duologue.protocol.server import Ended, Talking
from duologue.settings import LogSettings
from tests.conftest import Town, open_town
from tests.fakes import ManualClock


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


def test_a_line_of_json_begins_with_what_one_looks_for(capsys: pytest.CaptureFixture[str]) -> None:
    """When, how bad, what; then the rest."""
    logs.set_up(LogSettings(format="json"))
    structlog.get_logger().warning("store_unavailable", task="reaper")
    logging.getLogger("somebody.else").warning("theirs")

    ours, theirs = lines_of(capsys.readouterr().err)
    assert list(ours) == ["timestamp", "level", "event", "task"]
    assert list(theirs) == ["timestamp", "level", "event"]


def lines_of(written: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.splitlines()]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_full_disk_costs_lines_and_nobody_anything(
    log_format: Literal["json", "console"], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever had something to say goes on."""
    with Path("/dev/full").open("w", buffering=1) as full:
        monkeypatch.setattr("sys.stderr", full)
        logs.set_up(LogSettings(format=log_format))
        structlog.get_logger().info("session_started")
        logging.getLogger("a library").warning("so and so")
        monkeypatch.undo()
        with suppress(OSError):
            full.close()


def test_what_comes_again_and_again_is_one_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    """It says how many like it were kept back; what is of another kind is not, nor is the defect of another loop."""
    clock = ManualClock()
    logs.set_up(LogSettings(format="json"), clock)
    log = structlog.get_logger()
    for pause_ms in (0, 1, 1, logs.THIN_EVERY_MS - 2, logs.THIN_EVERY_MS):
        clock.advance(pause_ms)
        log.warning("store_unavailable", task="reaper")
        log.error("loop_failed", task="reaper")
        logging.getLogger("uvicorn.error").warning("Exceeded concurrency limit.")
        logging.getLogger("uvicorn.error").error("Exception in ASGI application")
        log.info("session_started")
    log.warning("store_unavailable", task="gateway-news")
    log.error("loop_failed", task="gateway-news")
    lines = lines_of(capsys.readouterr().err)

    def of(event: str) -> list[int | None]:
        return [line.get("suppressed") for line in lines if line["event"] == event]

    assert of("store_unavailable") == [None, 2, None]
    assert of("loop_failed") == [None, 2, None, None]
    assert of("Exceeded concurrency limit.") == [None, 2, None]
    assert of("Exception in ASGI application") == of("session_started") == [None] * 5


def test_one_reason_does_not_keep_back_another(capsys: pytest.CaptureFixture[str]) -> None:
    """A developer whose tokens are refused finds their line beside those of others."""
    logs.set_up(LogSettings(format="json"), ManualClock())
    log = structlog.get_logger()
    for why, issuer, detail in [("kid", "a", "1"), ("kid", "a", "2"), ("kid", "b", "3"), ("audience", "a", "4")]:
        log.warning("token_refused", why=why, issuer=issuer, detail=detail)

    assert [line["detail"] for line in lines_of(capsys.readouterr().err)] == ["1", "3", "4"]


def stories(share: float, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What is told of two thousand pairs and people, each with a line in two processes."""
    ids = [f"id-{number}" for number in range(2_000)]
    for _ in range(2):
        logs.set_up(LogSettings(format="json", sample=share))
        log = structlog.get_logger()
        for each in ids:
            log.info("pair_formed", pair=each, people=["x", "y"])
            with structlog.contextvars.bound_contextvars(session="s", person=f"p{each}"):
                log.info("session_started")
                log.warning("room_lost", pair=each)
        log.info("shard_taken")
    return lines_of(capsys.readouterr().err)


def test_a_story_is_told_by_all_processes_or_by_none(capsys: pytest.CaptureFixture[str]) -> None:
    """By pair where there is one, else by person; about the share that was asked for, and each line says which."""
    lines = stories(0.1, capsys)
    pairs = Counter(line["pair"] for line in lines if line["event"] == "pair_formed")
    people = Counter(line["person"] for line in lines if line["event"] == "session_started")

    for told in (pairs, people):
        assert set(told.values()) == {2}
        assert 140 < len(told) < 260
    assert {line.get("sample") for line in lines if line["event"] in ("pair_formed", "session_started")} == {0.1}


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_what_matters_is_always_told(share: float, capsys: pytest.CaptureFixture[str]) -> None:
    """Warnings, and what is about nobody."""
    told = Counter(line["event"] for line in stories(share, capsys))

    assert (told["room_lost"], told["shard_taken"]) == (4_000, 2)


@pytest.mark.parametrize(("share", "told"), [(0.0, 0), (1.0, 4_000)])
def test_all_stories_or_none(share: float, told: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The ends of the scale."""
    events = Counter(line["event"] for line in stories(share, capsys))

    assert events["pair_formed"] == events["session_started"] == told


async def test_strangers_cannot_fill_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A foreign page that tries again and again, and requests that cannot be read."""
    logs.set_up(LogSettings(format="json"), ManualClock())
    async with open_town(tmp_path) as town:
        for _ in range(5):
            with pytest.raises(InvalidStatus):
                await connect(town.websocket_url, origin=Origin("https://evil.example"), proxy=None)
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(town.page_url).port)
            writer.write(b"nonsense\r\n\r\n")
            assert b" 400 " in await reader.read()
            writer.close()
    events = [line["event"] for line in lines_of(capsys.readouterr().err)]

    assert events.count("origin_refused") == events.count("Invalid HTTP request received.") == 1


# -- the story of a person --------------------------------------------------------------------

SECRETS = ("a line of chat", "eyJ", "127.0.0.1")


async def one_life(town: Town) -> tuple[str, str]:
    """Somebody comes, searches, talks, and goes; gives the person and the pair."""
    people = await town.person(), await town.person()
    for person in people:
        await person.find(Filters(mode=Mode.TEXT))
    pairs = [(await person.matched()).pair for person in people]
    for person in people:
        await person.expect(Talking)
    await people[0].chat(SECRETS[0])
    await people[0].leave()
    await people[1].expect(Ended)
    people[0].close()
    assert people[0].ready is not None
    return people[0].ready.self.person, pairs[0]


async def test_a_life_is_four_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Found by the person's id, told in order, with durations; no token, no words, no address."""
    logs.set_up(LogSettings(format="json"))
    async with open_town(tmp_path) as town:
        person, pair = await one_life(town)
        written = ""
        async with asyncio.timeout(10):
            while '"session_ended"' not in written:
                await asyncio.sleep(0.01)
                written += capsys.readouterr().err
    lines = [json.loads(line) for line in written.splitlines()]
    story = [line for line in lines if person == line.get("person") or person in line.get("people", ())]
    by_event = {line["event"]: line for line in story}

    assert [line["event"] for line in story] == ["session_started", "pair_formed", "pair_ended", "session_ended"]
    assert {by_event[event]["pair"] for event in ("pair_formed", "pair_ended")} == {pair}
    assert by_event["pair_ended"]["talked_ms"] >= 0
    assert by_event["session_ended"]["lasted_ms"] >= by_event["pair_ended"]["talked_ms"]
    assert by_event["session_started"]["network"] == "127.0.0.0/24"
    assert not [secret for secret in SECRETS if any(secret in json.dumps(line) for line in story)]
