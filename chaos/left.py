"""What is left once everybody has left: in Redis, on LiveKit, and in the logs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chaos.checks.ends import nothing_is_left, stays
from chaos.people import SPOKEN
from chaos.redis import REALM
from chaos.relay import HOST
from chaos.story import Rest, Story
from chaos.topology import System
from tests.log_content import offences, warnings_in

SETTLED_WITHIN_S = 40.0
"""Seats, gateways that died, rooms without a pair: by then all of it is dealt with."""
DEFECTS = ('"task_failed"', '"loop_failed"', '"session_failed"', '"http_failed"', "Traceback (most recent call last)")
"""Lines that say that we have a bug."""


async def what_is_left(system: System, forget_within_s: float, say: Callable[[str], None]) -> Rest:
    """What is there once there is nothing more to wait for."""
    say("looking at what is left")
    give_up_s = time.monotonic() + max(forget_within_s, SETTLED_WITHIN_S)
    while True:
        rest = await _look(system)
        if forget_within_s > 0:
            rest = rest._replace(due=())  # that it means to is not enough
        if not list(nothing_is_left(Story(rest=rest))) or time.monotonic() > give_up_s:
            return rest
        await asyncio.sleep(0.5)


async def _look(system: System) -> Rest:
    unreadable: list[str] = []
    rooms: list[str] = []
    for node in system.nodes:
        try:
            rooms += await node.rooms()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            unreadable.append(f"{node.name}: {error!r}")
    try:
        return (await _keys(system))._replace(rooms=rooms, unreadable=unreadable)
    except (OSError, RedisError, TimeoutError) as error:
        return Rest(rooms=rooms, unreadable=[*unreadable, f"Redis: {error!r}"])


async def _keys(system: System) -> Rest:
    primary = await system.redis.primary()
    prefix = f"{{{REALM}}}:"
    async with Redis(host=HOST, port=primary.process.port, socket_timeout=5, decode_responses=True) as client:
        keys = [str(key).removeprefix(prefix) async for key in client.scan_iter(f"{prefix}*", count=1_000)]
        due = [str(item) for item in await client.zrange(f"{prefix}due", 0, -1)]
        use = await client.hgetall(f"{prefix}use")
        counts = {
            str(name).removeprefix("pairs "): int(number) for name, number in use.items() if "pairs " in str(name)
        }
        rest = Rest(sorted(keys), due, counts)
        held = {key: await _held(client, f"{prefix}{key}") for key in keys if not stays(key, rest)}
    return rest._replace(held=held)


async def _held(client: Redis, key: str) -> str:
    """What is in there."""
    match str(await client.type(key)):
        case "set":
            return str(await client.smembers(key))
        case "string":
            return str(await client.get(key))
        case other:
            return other


def offences_in(system: System) -> Iterable[str]:
    """What logs hold that they must not."""
    for name, path in system.logs():
        text = path.read_text(errors="replace") if path.exists() else ""
        if name in system.services:
            yield from (f"{name}: {offence}" for offence in offences(text, said=[SPOKEN], secrets=system.secrets))
            yield from (f"{name}: {line[:400]}" for line in text.splitlines() if any(word in line for word in DEFECTS))
        else:
            yield from (f"{name}: {line}" for line in warnings_in(text))
