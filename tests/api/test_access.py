"""Who may ask the admin listener."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from duologue.api.server import create_admin
from duologue.matching.rules import Rules
from duologue.services.explaining import Explainer
from duologue.services.readiness import Readiness
from tests.fakes import ManualClock

TOKEN = "0123456789abcdef"
HEALTH = ("/health/live", "/health/ready")


@asynccontextmanager
async def operator(token: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who asks a listener with this token."""
    clock = ManualClock()
    app = create_admin(Readiness(clock, 0), Explainer(Rules(), clock), token)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:9401") as client:
        yield client


async def test_on_this_machine_anybody_may_ask() -> None:
    """Where no token is set."""
    async with operator() as client:
        answer = await client.get("/metrics")

    assert answer.status_code == 200
    assert re.fullmatch(r"text/plain; version=[\d.]+; charset=utf-8", answer.headers["content-type"])


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer 0123456789abcdeg",
        f"Bearer {TOKEN}0",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer é",
    ],
)
async def test_without_the_token_only_health_is_told(authorization: str | None) -> None:
    """401 says what to bring; balancers bring nothing."""
    headers = {} if authorization is None else {"Authorization": authorization.encode()}
    async with operator(TOKEN) as client:
        refused = await client.get("/metrics", headers=headers)  # type: ignore[arg-type] # bytes will do
        health = [(await client.get(path)).status_code for path in HEALTH]

    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == 'Bearer realm="duologue"'
    assert "duologue_" not in refused.text
    assert health == [200, 503]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_the_token_opens_it(scheme: str) -> None:
    """Under any name of the machine: no page knows the token."""
    async with operator(TOKEN) as client:
        headers = {"Authorization": f"{scheme} {TOKEN}", "Host": "chat-1.internal:9401"}

        assert (await client.get("/metrics", headers=headers)).status_code == 200


@pytest.mark.parametrize("host", ["evil.example:9401", "localhost.evil.example", "10.0.0.1:9401", "", "[", "[::1"])
async def test_a_page_whose_name_was_made_to_point_here_reads_nothing(host: str) -> None:
    """DNS rebinding: its browser sends the name. The answer says what to do, and probes may use any name."""
    async with operator() as client:
        refused = await client.get("/metrics", headers={"Host": host})
        health = [(await client.get(path, headers={"Host": host})).status_code for path in HEALTH]

    assert refused.status_code == 403
    assert "admin.token" in refused.text
    assert health == [200, 503]


@pytest.mark.parametrize("host", ["localhost:9401", "127.0.0.1", "127.0.0.9:1", "[::1]:9401", "LOCALHOST"])
async def test_this_machine_has_several_names(host: str) -> None:
    """None of them can be made to point elsewhere."""
    async with operator() as client:
        assert (await client.get("/metrics", headers={"Host": host})).status_code == 200
