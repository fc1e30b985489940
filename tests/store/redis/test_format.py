"""Two versions share a realm only where each can read what the other one writes."""

from __future__ import annotations

import msgspec
import pytest
from redis.asyncio import Redis

from duologue.errors import Unavailable
from duologue.store.redis.format import FORMAT
from duologue.store.redis.keys import Keys
from tests.contract.stores import shared_redis
from tests.store.redis.kept import RECORDED, Shape, breaks, described
from tests.store.redis.rig import store_at


def test_this_version_can_live_beside_those_of_its_format() -> None:
    """Else raise `FORMAT`, say in CHANGELOG.md how to upgrade, and record it: `python -m tests.store.redis.kept`."""
    assert list(breaks(msgspec.json.decode(RECORDED.read_bytes()), described())) == []


X, Y, Z = {"x": "int"}, {"y": "str, or missing"}, {"z": "int, or missing"}
A: dict[str, Shape] = {"A": {"fields": {**X, **Y}}}


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (A, 0),
        ({"A": {"fields": {**X, **Y, **Z}}}, 0),
        ({"A": {"fields": X}}, 0),
        ({"A": {"fields": {**X, **Y, "z": "int"}}}, 1),
        ({"A": {"fields": Y}}, 1),
        ({"A": {"fields": {**X, "y": "int | str, or missing"}}}, 1),
        ({"A": {"fields": {**X, **Y}, "tag": "a"}}, 1),
        ({"A": {"elements": X, "fields": {**X, **Y}}}, 1),
    ],
    ids=[
        "same",
        "may be there",
        "may be gone",
        "must be there",
        "must not be gone",
        "another",
        "another tag",
        "a list",
    ],
)
def test_what_breaks_is_told(now: dict[str, Shape], found: int) -> None:
    """What may be missing may come and go."""
    assert len(list(breaks(A, now))) == found


async def test_the_first_one_says_which_format_it_is() -> None:
    """And others of the same come in."""
    redis = shared_redis()
    async with store_at(redis.url, "formats-1") as store, store_at(redis.url, "formats-1") as other:
        await store.read_status()
        await other.read_status()

    async with Redis.from_url(redis.url) as client:
        assert await client.get(Keys("formats-1").format) == str(FORMAT).encode()


async def test_a_realm_of_another_format_is_refused() -> None:
    """With what to do; nothing of it is read or written."""
    redis, keys = shared_redis(), Keys("formats-2")
    async with Redis.from_url(redis.url) as client, store_at(redis.url, "formats-2") as store:
        await client.set(keys.format, FORMAT + 1)

        with pytest.raises(Unavailable, match=r"keeps this realm in format 2.*set redis\.realm"):
            await store.read_status()

        assert await client.keys(f"{keys.prefix}*") == [keys.format.encode()]
        await client.delete(keys.format)
