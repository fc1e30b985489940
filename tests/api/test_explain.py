"""`GET /explain/{person}` on the admin listener."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx

from duologue.api.server import create_admin
from duologue.errors import Unavailable
from duologue.ids import PersonId
from duologue.ledger import PersonView
from duologue.matching.rules import Rules
from duologue.services.explaining import EVERY_MS, Explainer
from duologue.services.readiness import Readiness
from duologue.store.memory import MemoryStore
from tests.builders import ANA
from tests.contract.stores import StoreUnderTest, World
from tests.fakes import ManualClock

ODD = PersonId("-shop.Ä_b")


class AwayStore(MemoryStore):
    async def look(self, person: PersonId) -> PersonView | None:
        raise Unavailable("Redis")


class Listener:
    """An admin listener, and the people of its store."""

    def __init__(self, store: type[MemoryStore] = MemoryStore, token: str | None = None) -> None:
        self.clock = ManualClock()
        self.store = store(self.clock)

        async def advance(duration_ms: int) -> None:
            self.clock.advance(duration_ms)

        self.world = World(StoreUnderTest(self.store, advance))
        self.explainer = Explainer(Rules(), self.clock)
        self.explainer.reached(self.store)
        self.app = create_admin(Readiness(self.clock, 0), self.explainer, token)

    @asynccontextmanager
    async def operator(self, headers: Mapping[str, str] | None = None) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self.app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:9401", headers=headers) as client:
            yield client


async def test_an_operator_reads_all_there_is_to_say() -> None:
    """As JSON, whatever characters an id has."""
    listener = Listener()
    await listener.world.waiting(ODD)
    async with listener.operator() as operator:
        answer = await operator.get(f"/explain/{ODD}")

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    said = answer.json()
    assert (said["person"], said["doing"], said["queueing"]["attempt"]) == (ODD, "waiting", 1)
    assert said["queueing"]["others"]["looked_at"] == 0


async def test_nobody_of_that_name_is_404_with_what_that_means() -> None:
    """They may have been here a while ago."""
    async with Listener().operator() as operator:
        answer = await operator.get(f"/explain/{ANA}")

    assert answer.status_code == 404
    assert (answer.json()["person"], "60 s" in answer.json()["detail"]) == (ANA, True)


async def test_a_second_question_at_once_is_429() -> None:
    """With when to come back."""
    listener = Listener()
    async with listener.operator() as operator:
        await operator.get(f"/explain/{ANA}")
        answer = await operator.get(f"/explain/{ANA}")
        listener.clock.advance(EVERY_MS)
        later = await operator.get(f"/explain/{ANA}")

    assert (answer.status_code, answer.headers["retry-after"], later.status_code) == (429, "1", 404)


async def test_without_the_store_it_is_503() -> None:
    """And says which backend."""
    async with Listener(AwayStore).operator() as operator:
        answer = await operator.get(f"/explain/{ANA}")

    assert (answer.status_code, "Redis" in answer.json()["detail"]) == (503, True)


async def test_where_there_is_a_token_it_has_to_be_brought() -> None:
    """What people are and want is not for everybody."""
    token = "only-for-operators-here"
    listener = Listener(token=token)
    async with listener.operator() as stranger:
        refused = await stranger.get(f"/explain/{ANA}")
    async with listener.operator({"Authorization": f"Bearer {token}"}) as operator:
        taken = await operator.get(f"/explain/{ANA}")

    assert (refused.status_code, taken.status_code) == (401, 404)
