"""One look at a broken media server at a time."""

from __future__ import annotations

import asyncio

import pytest
import structlog
from structlog.testing import capture_logs

from duologue.errors import Unavailable
from duologue.services.gate import Gate


class Server:
    """Something that may be out of reach, and that answers when a test says so."""

    def __init__(self) -> None:
        self.down = False
        self.calls = 0
        self.answer = asyncio.Event()
        self.answer.set()

    async def work(self) -> None:
        self.calls += 1
        await self.answer.wait()
        if self.down:
            raise Unavailable("server")


async def refused(gate: Gate, server: Server) -> bool:
    try:
        await gate.call(server.work)
    except Unavailable:
        return True
    return False


async def test_a_server_that_works_serves_all_at_once() -> None:
    """Nobody waits for anybody."""
    gate, server = Gate("server"), Server()
    server.answer.clear()
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(refused(gate, server)) for _ in range(5)]
        await asyncio.sleep(0)
        server.answer.set()

    assert server.calls == 5
    assert not any(task.result() for task in asked)


async def test_a_broken_server_is_asked_by_one_at_a_time() -> None:
    """The others are turned away at once, not after a time-out each."""
    gate, server = Gate("server"), Server()
    server.down = True
    await refused(gate, server)
    server.answer.clear()
    async with asyncio.TaskGroup() as group:
        probe = group.create_task(refused(gate, server))
        await asyncio.sleep(0)
        assert await refused(gate, server)
        assert server.calls == 2
        server.answer.set()

    assert probe.result()


async def test_a_server_that_is_back_serves_all_again() -> None:
    """The first who gets through opens the gate."""
    gate, server = Gate("server"), Server()
    server.down = True
    await refused(gate, server)
    server.down = False

    assert not await refused(gate, server)
    assert not await refused(gate, server)


async def test_the_log_says_once_that_it_is_gone_and_once_that_it_is_back() -> None:
    """A flood of the same line helps nobody."""
    gate, server = Gate("server"), Server()
    with capture_logs() as logs:
        for down in (True, True, True, False, False):
            server.down = down
            await refused(gate, server)

    assert [entry["event"] for entry in logs] == ["backend_down", "backend_up"]


async def test_an_outage_is_not_about_whoever_met_it() -> None:
    """Else its end would be told only where their story is."""
    gate, server = Gate("server"), Server()
    merge = structlog.contextvars.merge_contextvars
    with capture_logs(processors=[merge]) as logs, structlog.contextvars.bound_contextvars(person="ana", process="g-1"):
        for down in (True, False):
            server.down = down
            await refused(gate, server)

    assert [(entry["process"], "person" in entry) for entry in logs] == [("g-1", False)] * 2


async def test_another_error_does_not_leave_the_gate_shut() -> None:
    """A defect of ours says nothing about the server."""
    gate, server = Gate("server"), Server()
    server.down = True
    await refused(gate, server)

    async def defect() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await gate.call(defect)
    server.down = False
    assert not await refused(gate, server)
