"""The ACL rule is enough (the contract suite runs with it), and has nothing too many."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from duologue.clock import SystemClock
from duologue.ledger import TicketArrived
from duologue.settings import RedisSettings
from duologue.store.redis import RedisStore
from duologue.store.redis.examine import RedisFacts, Refusal, examine
from duologue.store.redis.permissions import COMMANDS, acl_rule
from tests.builders import ANA, BEN, CLEO
from tests.contract.stores import SHARD, World, redis_store
from tests.redis_server import RedisServer, redis_server

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs/howto/redis.md"
STORE = ROOT / "src/duologue/store/redis"


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


async def found_without(server: RedisServer, *taken: str) -> RedisFacts | Refusal:
    """What the doctor sees as a user of the rule, without these commands."""
    rule = [*acl_rule("duologue"), *(f"-{command}" for command in taken)]
    assert server.cli("ACL", "SETUSER", "duologue", "reset", "on", ">made-up", *rule).strip() == "OK"
    return await examine(RedisSettings(url=f"redis://duologue:made-up@127.0.0.1:{server.port}/1"), SystemClock())


async def test_the_rule_is_enough_for_all_that_is_tried(server: RedisServer) -> None:
    """And does not allow CONFIG, which is not needed."""
    found = await found_without(server)

    assert isinstance(found, RedisFacts)
    assert (found.refused, found.config) == ({}, {})


@pytest.mark.parametrize("command", COMMANDS)
async def test_each_command_of_the_rule_is_missed(server: RedisServer, command: str) -> None:
    """By name where it can be tried, and by no way in where connecting needs it."""
    found = await found_without(server, command)

    if isinstance(found, Refusal):
        assert found.kind == "noperm"
        assert command.partition("|")[0] in found.detail
    else:
        assert list(found.refused.values()) == ["noperm"]
        assert [name.lower().replace(" ", "|") for name in found.refused] == [command]


def test_no_command_is_used_that_the_rule_does_not_allow(server: RedisServer) -> None:
    """Also where nothing that is tried comes by. The doctor may ask for more, and bear to be refused."""
    known = {name.upper() for name in server.cli("COMMAND", "LIST").split()}
    sources = [path for path in STORE.glob("*.py") if path.name != "examine.py"] + list(STORE.glob("lua/*.lua"))
    words = {word for path in sources for word in re.findall(r"\(\s*[\"']([A-Z]{2,})[\"']", path.read_text())}

    assert (words & known) - {command.partition("|")[0].upper() for command in COMMANDS} == set()


async def test_who_reads_goes_on_in_another_life_of_the_store() -> None:
    """A reader looks whether the stream is still the one that it knows; a user with the rule may do that, too."""
    async with redis_store() as under_test:
        store, world = under_test.store, World(under_test)
        assert isinstance(store, RedisStore)
        await world.waiting(ANA)
        _, position = await store.read_queue(SHARD, 0, 0)
        await world.waiting(BEN)
        _, position = await store.read_queue(SHARD, position, 0)
        store._line.store_id += ", another life"
        await world.waiting(CLEO)

        entries, _ = await store.read_queue(SHARD, position, 0)

        assert [entry.ticket.person for entry in entries if isinstance(entry, TicketArrived)] == [CLEO]


async def test_other_realms_are_closed(server: RedisServer) -> None:
    """Several may share a Redis: what belongs to another one is neither read nor written."""
    await found_without(server)
    settings = RedisSettings(url=f"redis://duologue:made-up@127.0.0.1:{server.port}/0", realm="other")
    found = await examine(settings, SystemClock())

    assert isinstance(found, RedisFacts)
    assert {"GET", "SET", "XADD", "EVALSHA", "DEL"} <= set(found.refused)
    assert set(found.refused.values()) == {"noperm"}


def test_the_guide_shows_this_very_rule() -> None:
    """To be copied."""
    shown = re.search(r"redis-cli (ACL SETUSER .*?)```", GUIDE.read_text(), re.DOTALL)
    assert shown is not None

    assert shlex.split(shown[1].replace("\\\n", " ")) == [
        "ACL",
        "SETUSER",
        "duologue",
        "on",
        ">PASSWORD",
        *acl_rule("duologue"),
    ]
