"""The gateway benchmark does what its README says: the same crowd and bytes, nothing lost, nothing left behind."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from benchmarks import gateway
from benchmarks.gateway import DUOLOGUE, ECHO, SOCKET_IO, Server
from benchmarks.relay.crowd import Crowd
from benchmarks.relay.processes import Process, free_port, running
from benchmarks.report import CannotRun
from duologue.clock import SystemClock, SystemRng
from duologue.services.identity import TokenOffice

HOST = "127.0.0.1"
PEOPLE = 10
needs_socketio = pytest.mark.skipif(
    not (gateway.SOCKETIO / "node_modules" / "socket.io").exists(),
    reason="socket.io is installed by make bench-gateway",
)


async def talk(crowd: Crowd, tokens: list[str]) -> None:
    await crowd.come(tokens)
    await crowd.pair_up()
    await crowd.talk(200, 0.2)
    assert crowd.tally.heard == crowd.tally.sent > 0
    assert crowd.tally.gone == 0
    await crowd.leave()


async def talk_at_will(crowd: Crowd, tokens: list[str]) -> None:
    await crowd.come(tokens)
    await crowd.pair_up()
    await crowd.talk_at_will(0.1)
    await crowd.fall_silent()
    assert crowd.tally.heard == crowd.tally.sent > PEOPLE
    await crowd.leave()


def hold(server: Server, folder: Path, run: Callable[[Crowd, list[str]], Coroutine[Any, Any, None]]) -> Process:
    """Start the server, let a small crowd do something, end the server."""
    key = folder / "token.key"
    key.write_bytes(secrets.token_bytes(32))
    office = TokenOffice(key.read_bytes(), SystemClock(), SystemRng())
    port = free_port(HOST)
    with running(server.start(HOST, port, key), HOST, port) as process:
        asyncio.run(run(Crowd(server.dialect, f"{HOST}:{port}"), [office.mint_guest({}).token for _ in range(PEOPLE)]))
        assert process.cpu_s() > 0
        assert process.rss_bytes() > 0
    return process


@pytest.mark.parametrize(
    "server", [DUOLOGUE, ECHO, pytest.param(SOCKET_IO, marks=needs_socketio)], ids=lambda server: server.name
)
def test_all_that_a_crowd_says_is_heard(server: Server, tmp_path: Path) -> None:
    """Each server lets everybody in, gives them a partner and relays every message; its process is gone afterwards."""
    process = hold(server, tmp_path, talk)
    with pytest.raises(FileNotFoundError):
        process.rss_bytes()


def test_who_hears_something_answers(tmp_path: Path) -> None:
    """As fast as they can: what is on its way goes on, until all fall silent."""
    hold(ECHO, tmp_path, talk_at_will)


@needs_socketio
def test_socketio_refuses_a_token_of_another_key(tmp_path: Path) -> None:
    """Letting people in costs it the check that it costs Duologue."""
    key = tmp_path / "token.key"
    key.write_bytes(secrets.token_bytes(32))
    forged = TokenOffice(secrets.token_bytes(32), SystemClock(), SystemRng()).mint_guest({}).token
    port = free_port(HOST)
    with running(SOCKET_IO.start(HOST, port, key), HOST, port):
        crowd = Crowd(SOCKET_IO.dialect, f"{HOST}:{port}")
        with pytest.raises(ExceptionGroup) as refused:
            asyncio.run(crowd.come([forged]))
    assert refused.group_contains(PermissionError, match="invalid token")


def test_a_server_that_does_not_start_says_why() -> None:
    """Its last words are in the reason."""
    command = [sys.executable, "-c", "raise SystemExit('no luck today')"]
    with pytest.raises(CannotRun, match="no luck today"), running(command, HOST, free_port(HOST)):
        pass
