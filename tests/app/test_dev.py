"""`duologue dev`: what it does about an admin port that somebody has."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest

from duologue.app.dev import _admin
from duologue.errors import StartupError
from duologue.matching.rules import Rules
from duologue.services.explaining import Explainer
from duologue.services.readiness import Readiness
from duologue.settings import AdminSettings
from tests.fakes import ManualClock, free_port

CLOCK = ManualClock()


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


async def test_it_has_metrics_and_says_where() -> None:
    """As each process of `duologue serve` has."""
    admin = AdminSettings(port=free_port())
    async with (
        _admin(admin, Readiness(CLOCK, 0), Explainer(Rules(), CLOCK), CLOCK) as figures,
        httpx.AsyncClient() as client,
    ):
        answer = await client.get(figures.partition(",")[0])

    assert "duologue_build_info" in answer.text


async def test_a_default_port_that_is_taken_is_no_reason_not_to_start(taken: int) -> None:
    """Two who try Duologue on one machine need not know of it; it is said."""
    nobody_set_it = AdminSettings.model_construct(set(), port=taken)
    async with _admin(nobody_set_it, Readiness(CLOCK, 0), Explainer(Rules(), CLOCK), CLOCK) as figures:
        assert figures == f"none: 127.0.0.1:{taken} is taken; --admin-port moves it"


async def test_a_port_that_was_asked_for_is_needed(taken: int) -> None:
    """Somebody counts on it."""
    with pytest.raises(StartupError, match=f"{taken}.*DUOLOGUE_ADMIN__PORT"):
        async with _admin(AdminSettings(port=taken), Readiness(CLOCK, 0), Explainer(Rules(), CLOCK), CLOCK):
            pass
