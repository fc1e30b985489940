"""The benchmark of the store does what its README says: whole lives, and yardsticks that do the very same."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial

import pytest
import redis

from benchmarks import store
from benchmarks.redis_store.recorder import Recorder
from benchmarks.redis_store.replay import by_hiredis, by_redis_py
from benchmarks.redis_store.server import HOST, RedisProcess, redis_running
from benchmarks.redis_store.town import Lives, Town, store_at
from benchmarks.report import CannotRun

OPTIONS = argparse.Namespace(pairs=30, at_once=10)


@pytest.fixture(scope="module")
def server() -> Iterator[RedisProcess]:
    """One for all tests here; each begins with nothing in it."""
    with redis_running() as running:
        yield running


@pytest.fixture(autouse=True)
def _empty(server: RedisProcess) -> None:
    server.empty()


def people_in(server: RedisProcess) -> set[bytes]:
    """The records of people."""
    with redis.Redis(HOST, server.port) as client:
        return set(client.keys("{bench}:person:*"))


async def test_so_many_pairs_live_their_whole_life(server: RedisProcess) -> None:
    """Each is committed once, opened once, joined and written in by both, and ended once."""
    async with store_at(server.url) as ledger:
        town = Town(ledger, 20)
        await town.settle()
        await Lives(town, 30).run()

    assert town.done["commit"] == town.done["opened"] == town.done["next"] + town.done["leave"] == 30
    assert town.done["connected"] == town.done["write"] == 60
    assert town.done["next"] > 0 < town.done["leave"]


async def test_what_passes_is_kept_in_order_and_unchanged(server: RedisProcess) -> None:
    """Commands and answers, without what a client says when it connects."""
    recorder = Recorder(server.port)
    async with recorder.listening() as url:
        client = redis.asyncio.Redis.from_url(url, single_connection_client=True)
        await client.set("a", "1")
        value = await client.get("a")
        await client.aclose()

    assert value == b"1"
    assert recorder.said == [(("SET", b"a", b"1"), b"OK"), (("GET", b"a"), b"1")]


@pytest.mark.parametrize("yardstick", [by_hiredis, by_redis_py])
def test_a_yardstick_leaves_the_same_behind(server: RedisProcess, yardstick: store.Yardstick) -> None:
    """Its scripts were answered alike, and the same people are there afterwards."""
    recorded = store.on_a_loop(partial(store.record, server, OPTIONS))
    before = people_in(server)
    spent = store.say(server, recorded, yardstick)

    assert spent.client_s > 0 < spent.redis_s
    assert people_in(server) == before
    assert len(before) == 2 * OPTIONS.at_once


def test_a_yardstick_that_does_something_else_does_not_count(server: RedisProcess) -> None:
    """Where nobody is there before, nothing can be written."""
    recorded = store.on_a_loop(partial(store.record, server, OPTIONS))

    with pytest.raises(CannotRun, match="did not do what the store did"):
        store.say(server, recorded._replace(before=[]), by_hiredis)


def test_two_who_write_at_once_are_counted(server: RedisProcess) -> None:
    """One of the two decides again; in turns nobody does."""
    recorded = store.on_a_loop(partial(store.record, server, OPTIONS))

    assert recorded.retries == 0
    assert recorded.retries_at_once > 0


async def test_each_kind_and_single_commits_have_a_cost(server: RedisProcess) -> None:
    """Everybody does everything once; a commit takes some time."""
    costs_us = await store.each_alone(server, 10, people=40)
    server.empty()
    took_ms = await store.single_commits(server, 5)

    assert set(costs_us) == set(store.KINDS)
    assert all(cost_us > 0 for cost_us in costs_us.values())
    assert len(took_ms) == 5
