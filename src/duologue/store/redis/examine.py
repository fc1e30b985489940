"""Looks at a Redis for `duologue doctor`: how it is, and whether our user may do what the store does.

It finds the primary as the store does, and judges nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from redis import exceptions
from redis.asyncio.connection import AbstractConnection, SSLConnection
from redis.asyncio.sentinel import Sentinel
from redis.crc import key_slot

from duologue.ports import Clock
from duologue.settings import RedisSettings
from duologue.store.redis import faults
from duologue.store.redis.keys import Keys
from duologue.store.redis.primary import CONNECT_WITHIN_S, Address, Primary, Unfit, ask, facts, parse

PINGS = 200
SCRATCH_TTL_MS = 60_000
SECTIONS = ("server", "clients", "memory", "persistence", "stats", "replication")
PARAMETERS = ("save", "maxmemory-policy", "min-replicas-to-write", "appendfsync", "maxclients")
UNFIT = "unfit"


class Refusal(NamedTuple):
    """Why there is nothing to look at."""

    address: str
    kind: str
    """Of `faults.kind_of`, or `unfit`: it answers, and is not what we need."""
    detail: str


class RedisFacts(NamedTuple):
    """How it is."""

    address: str
    kind: str
    """By the URL: `single`, `sentinel` or `cluster`."""
    tls: bool
    info: Mapping[str, str]
    """`INFO`, as it names things."""
    config: Mapping[str, str]
    """Of `PARAMETERS`; empty where our user may not ask, as with most managed ones."""
    refused: Mapping[str, str]
    """Commands that the store needs and Redis refused, and the kind of error."""
    pings_ms: Sequence[float]
    ahead_ms: int
    """By how much its clock is ahead of ours."""
    slot: int
    """Of a Cluster: where all keys of the realm are."""
    sentinels: Mapping[str, str]
    """Which primary each Sentinel names; empty text for one that does not answer."""


async def examine(settings: RedisSettings, clock: Clock) -> RedisFacts | Refusal:
    """Look at the Redis of these settings. Raises `StartupError` where they do not name one."""
    keys = Keys(settings.realm)
    address = parse(settings.url_given(), settings.password())
    try:
        link = await Primary(address, "duologue-doctor", keys.record("epoch")).connect()
    except (exceptions.RedisError, OSError, TimeoutError) as error:
        kind = UNFIT if isinstance(error, Unfit) else faults.kind_of(error)
        return Refusal(str(address), kind, str(error) or type(error).__name__)
    try:
        return await _look(address, link.connection, keys, clock)
    except (exceptions.RedisError, OSError, TimeoutError) as error:
        return Refusal(str(address), faults.kind_of(error), str(error) or type(error).__name__)
    finally:
        await link.connection.disconnect(nowait=True)


async def was_counted(settings: RedisSettings, key: str) -> bool:
    """Whether a rate limit has counted something under this key lately. False where Redis is out of reach."""
    keys = Keys(settings.realm)
    try:
        primary = Primary(parse(settings.url_given(), settings.password()), "duologue-doctor", keys.record("epoch"))
        link = await primary.connect()
        try:
            return await ask(link.connection, "GET", keys.rate(key)) is not None
        finally:
            await link.connection.disconnect(nowait=True)
    except (exceptions.RedisError, OSError, TimeoutError):
        return False


async def _look(address: Address, connection: AbstractConnection, keys: Keys, clock: Clock) -> RedisFacts:
    info: dict[str, str] = {}
    for section in SECTIONS:
        info |= facts(await ask(connection, "INFO", section))
    pings_ms = [await _ping_ms(connection) for _ in range(PINGS)]
    return RedisFacts(
        address=str(address),
        kind=address.kind,
        tls=address.options.get("connection_class") is SSLConnection,
        info=info,
        config=await _config(connection),
        refused=await _refused(connection, keys),
        pings_ms=pings_ms,
        ahead_ms=await _ahead_ms(connection, clock),
        slot=key_slot(keys.prefix.encode()),
        sentinels=await _sentinels(address),
    )


async def _ping_ms(connection: AbstractConnection) -> float:
    loop = asyncio.get_running_loop()
    before = loop.time()
    await ask(connection, "PING")
    return (loop.time() - before) * 1000


async def _ahead_ms(connection: AbstractConnection, clock: Clock) -> int:
    before_ms = clock.now_ms()
    seconds, micros = await ask(connection, "TIME")
    return int(seconds) * 1000 + int(micros) // 1000 - (before_ms + clock.now_ms()) // 2


async def _config(connection: AbstractConnection) -> dict[str, str]:
    try:
        answer = await ask(connection, "CONFIG", "GET", *PARAMETERS)
    except exceptions.ResponseError:
        return {}
    return {name.decode(): value.decode() for name, value in zip(answer[::2], answer[1::2], strict=True)}


async def _refused(connection: AbstractConnection, keys: Keys) -> dict[str, str]:
    """Try what the store does, on keys of our own."""
    refused: dict[str, str] = {}
    for command in _trials(keys):
        try:
            await ask(connection, *command)
        except exceptions.NoScriptError:
            continue  # it looked for the script, so we may
        except faults.REPLIES as error:
            refused[" ".join(command[:2]) if command[0] in ("SCRIPT", "CLIENT") else command[0]] = faults.kind_of(error)
    return refused


def _trials(keys: Keys) -> list[tuple[str, ...]]:
    """Every command of `permissions.COMMANDS`, at its least; what is written is deleted last."""
    text, table, people, due, stream = names = [keys.scratch(kind) for kind in ("text", "hash", "set", "due", "stream")]
    writes: list[tuple[str, ...]] = [
        ("SET", text, "1"), ("HSET", table, "a", "1"), ("HINCRBY", table, "a", "1"), ("SADD", people, "a"),
        ("ZADD", due, "1", "a"), ("XADD", stream, "MAXLEN", "~", "10", "*", "a", "1"),
        *(("PEXPIRE", name, str(SCRATCH_TTL_MS)) for name in names),
    ]  # fmt: skip
    reads: list[tuple[str, ...]] = [
        ("TYPE", text), ("STRLEN", text), ("GET", text), ("MGET", text), ("GETRANGE", text, "0", "1"),
        ("HGET", table, "a"), ("HGETALL", table), ("SMEMBERS", people), ("SRANDMEMBER", people, "1"),
        ("ZRANGE", due, "0", "-1"),
        ("XREVRANGE", stream, "+", "-", "COUNT", "1"), ("XREAD", "COUNT", "1", "STREAMS", stream, "0-0"),
        ("TIME",), ("PING",), ("INFO", "server"), ("CLIENT", "SETNAME", "duologue-doctor"),
        ("SCRIPT", "LOAD", "return 0"), ("EVALSHA", "0" * 40, "1", text),
    ]  # fmt: skip
    return [*writes, *reads, ("SREM", people, "a"), ("ZREM", due, "a"), ("DEL", *names)]


async def _sentinels(address: Address) -> dict[str, str]:
    if address.kind != "sentinel":
        return {}
    named = await asyncio.gather(*(_named_by(host, address.service) for host in address.hosts))
    return {f"{host}:{port}": primary for (host, port), primary in zip(address.hosts, named, strict=True)}


async def _named_by(host: tuple[str, int], service: str) -> str:
    kwargs: dict[str, Any] = {"socket_timeout": CONNECT_WITHIN_S / 2}
    sentinel = Sentinel([host], sentinel_kwargs=kwargs)  # type: ignore[no-untyped-call]  # the library says nothing
    try:
        async with asyncio.timeout(CONNECT_WITHIN_S):
            found, port = await sentinel.discover_master(service)
    except (exceptions.RedisError, OSError, TimeoutError):
        return ""
    finally:
        for each in sentinel.sentinels:
            await each.aclose()
    return f"{found}:{port}"
