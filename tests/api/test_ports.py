"""Where HTTP listens: alone, or beside other processes."""

from __future__ import annotations

import socket

import httpx
import pytest

from duologue.api.server import Http, create_admin
from duologue.errors import StartupError
from duologue.matching.rules import Rules
from duologue.services.explaining import Explainer
from duologue.services.readiness import Readiness
from duologue.settings import HttpSettings
from duologue.tasks import Tasks
from tests.fakes import ManualClock, free_port


def listener(port: int, *, shared: bool) -> Http:
    """A small one, as every process has."""
    clock = ManualClock()
    app = create_admin(Readiness(clock, 0), Explainer(Rules(), clock))
    return Http(app, HttpSettings(port=port), section="admin", shared=shared)


@pytest.mark.parametrize("shared", [False, True])
async def test_a_taken_port_is_named_with_its_setting(shared: bool) -> None:
    """Whether others may share it or not."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartupError, match=rf"127\.0\.0\.1:{port}.*DUOLOGUE_ADMIN__PORT"):
            async with listener(port, shared=shared).listening(Tasks()):
                pass


async def test_a_shared_port_has_several_listeners() -> None:
    """The kernel gives each of them its share; one that ends takes nothing from the others."""
    port = free_port()
    first, second = [listener(port, shared=True) for _ in range(2)]
    async with second.listening(Tasks()):
        async with first.listening(Tasks()):
            pass
        async with httpx.AsyncClient() as client:
            answers = [await client.get(f"http://127.0.0.1:{port}/health/live") for _ in range(8)]

    assert {answer.status_code for answer in answers} == {200}
