"""Runs the contract suite on every store; a test's id names the store."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.stores import STORES, MakeStore, World


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
