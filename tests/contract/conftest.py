"""Runs the contract suite on every store; a test's id names the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from duologue.clock import SystemRng
from duologue.store.memory.safety import MemorySafetyStore
from duologue.store.sql import read_address, sqlite_address, upgrade
from tests.contract.safety_stores import SafetyUnderTest, opened
from tests.contract.stores import STORES, MakeStore, World
from tests.fakes import ManualClock


@pytest.fixture(params=list(STORES.values()), ids=list(STORES))
def make_store(request: pytest.FixtureRequest) -> MakeStore:
    """How to make the store that this run of a test is about."""
    make: MakeStore = request.param
    return make


@pytest.fixture
async def world(make_store: MakeStore) -> AsyncIterator[World]:
    """A new, empty store and its people."""
    async with make_store() as under_test:
        yield World(under_test)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def safety(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SafetyUnderTest]:
    """A new, empty safety store."""
    clock = ManualClock()
    if request.param == "memory":
        store = MemorySafetyStore(clock, SystemRng())
        yield SafetyUnderTest(store, clock, lambda: nullcontext(store))
        return
    if request.param == "sqlite":
        address = sqlite_address(tmp_path / "duologue.sqlite")
    else:
        address = read_address(await request.getfixturevalue("postgres").new_database())
    await upgrade(address)
    async with opened(address, clock) as durable:
        yield SafetyUnderTest(durable, clock, lambda: opened(address, clock))
