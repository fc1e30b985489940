"""Redis forgets, goes back in time, falls silent, refuses, and is replaced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from random import Random

from chaos.faults.fault import fault
from chaos.faults.processes import stopped
from chaos.redis import PASSWORD, PATIENT_MS, REALM, USER, Server
from chaos.relay import Bad, only_from
from chaos.topology import System

redis_is_told = partial(fault, told="redis")
AWAY_AND_BACK = "commands are refused and tried again, who waits is told that it pauses, and keeps the place"
BACK_OFF_S = 20
"""Who was turned away again and again for 10 s tries again within this: it is the back-off of the clients."""


@redis_is_told(
    what="Redis is killed and begins anew, empty",
    seen=f"{AWAY_AND_BACK}; talks go on",
    within_s=15,
    lasts_s=(1, 6),
    forgets=True,
)
async def redis_empty(system: System, _: Random) -> AsyncIterator[str]:
    primary = await system.redis.primary()
    primary.process.kill()
    try:
        yield "killed"
    finally:
        await primary.restart(empty=True)


@redis_is_told(
    what="Redis begins anew from an old snapshot",
    seen=f"{AWAY_AND_BACK}; what had ended since ends again without a word",
    within_s=15,
    lasts_s=(1, 3),
    forgets=True,
)
async def redis_snapshot(system: System, dice: Random) -> AsyncIterator[str]:
    primary = await system.redis.primary()
    await primary.ask("SAVE")
    old_s = dice.uniform(3, 12)
    await asyncio.sleep(old_s)
    primary.process.kill()
    try:
        yield f"{old_s:.0f} s old"
    finally:
        await primary.restart(empty=False)


@redis_is_told(
    what="Redis is stopped for 10 s",
    seen=AWAY_AND_BACK,
    within_s=BACK_OFF_S,
    lasts_s=(10, 10),
)
async def redis_stopped(system: System, _: Random) -> AsyncIterator[str]:
    primary = await system.redis.primary()
    with stopped(primary.process):
        yield "SIGSTOP"


@redis_is_told(
    what="Sentinels replace a Redis that lives",
    seen=f"{AWAY_AND_BACK}; talks go on",
    within_s=20,
    lasts_s=(2, 5),
    forgets=True,
)
async def redis_switched(system: System, _: Random) -> AsyncIterator[str]:
    await system.redis.fail_over()
    yield "SENTINEL FAILOVER"
    await system.redis.until_whole()


@redis_is_told(
    what="Redis is killed, and Sentinels replace it",
    seen=f"{AWAY_AND_BACK}; talks go on",
    within_s=25,
    lasts_s=(2, 5),
    forgets=True,
)
async def redis_replaced(system: System, _: Random) -> AsyncIterator[str]:
    async with _replaced(system, await system.redis.primary()):
        yield "killed"


@redis_is_told(
    what="Redis is killed and replaced, and its replica had not heard of the last seconds (a lossy failover)",
    seen=f"{AWAY_AND_BACK}; what had ended in those seconds ends again without a word",
    within_s=25,
    lasts_s=(2, 5),
    forgets=True,
)
async def redis_failover(system: System, dice: Random) -> AsyncIterator[str]:
    primary, replica = await system.redis.primary(), await system.redis.replica()
    held_s = dice.uniform(1, 5)
    nothing, to_replica = Bad(asking=False, answering=False), only_from([replica.process.pid])
    with primary.relay.worsened(nothing, to_replica) as connections:
        assert connections, "the replica follows by a connection"
        await asyncio.sleep(held_s)
        lost = await _bytes_behind(primary, replica)
        primary.relay.cut(to_replica)  # what was held must not arrive after all
        async with _replaced(system, primary):
            yield f"the last {held_s:.0f} s, {lost} bytes"


async def _bytes_behind(primary: Server, replica: Server) -> int:
    """How much of what was written it has not heard."""
    written, heard = [int((await each.ask("INFO", "replication"))["master_repl_offset"]) for each in (primary, replica)]
    assert written > heard, "nothing was written that could be lost"
    return written - heard


@asynccontextmanager
async def _replaced(system: System, primary: Server) -> AsyncIterator[None]:
    """It is killed, and Sentinels take the other one; afterwards it is the replica of that."""
    primary.process.kill()
    await system.redis.patience(1_000)
    try:
        await system.redis.until_replaced(primary.relay.port)
        yield
    finally:
        await system.redis.patience(PATIENT_MS)
        primary.relay.mend()
        await primary.restart(empty=True)
        await system.redis.until_whole()


@redis_is_told(what="all connections to Redis are broken off", seen="a command may be refused once", within_s=6)
async def redis_clients_killed(system: System, _: Random) -> AsyncIterator[str]:
    primary = await system.redis.primary()
    await primary.ask("CLIENT", "KILL", "USER", USER)
    yield "CLIENT KILL"


@redis_is_told(what="Redis forgets its scripts", seen="nothing", within_s=3)
async def redis_scripts_flushed(system: System, _: Random) -> AsyncIterator[str]:
    primary = await system.redis.primary()
    await primary.ask("SCRIPT", "FLUSH", "SYNC")
    yield "SCRIPT FLUSH"


@redis_is_told(
    what="Redis is a replica all at once (READONLY)",
    seen=f"{AWAY_AND_BACK}; talks go on",
    within_s=25,
    lasts_s=(3, 6),
    forgets=True,
)
async def redis_read_only(system: System, _: Random) -> AsyncIterator[str]:
    """As after a failover that somebody did by hand, without telling the Sentinels; it follows nobody who is there."""
    primary = await system.redis.primary()
    await primary.ask("REPLICAOF", "127.0.0.1", "1")
    try:
        yield "REPLICAOF"
    finally:
        await primary.ask("REPLICAOF", "NO", "ONE")
        await system.redis.until_whole()


@redis_is_told(
    what="Redis takes long to load its snapshot (LOADING)",
    seen=f"{AWAY_AND_BACK}; talks go on",
    within_s=20,
    forgets=True,
)
async def redis_loading(system: System, _: Random) -> AsyncIterator[str]:
    primary = await system.redis.primary()
    await primary.ask("SAVE")
    keys = int(await primary.ask("DBSIZE"))
    primary.process.kill()
    await primary.restart(empty=False, load_within_s=5, keys=keys)
    yield f"{keys} keys in about 5 s"


@redis_is_told(
    what="all streams in Redis are trimmed under their readers",
    seen="some come in again, and are told where they are",
    within_s=8,
)
async def redis_streams_trimmed(system: System, _: Random) -> AsyncIterator[str]:
    primary = await system.redis.primary()
    names = [key for kind in ("outbox", "queue") for key in await primary.ask("KEYS", f"{{{REALM}}}:{kind}:*")]
    for name in names:
        await primary.ask("XTRIM", name, "MAXLEN", "0")
    yield f"{len(names)} streams"


@redis_is_told(what="Redis is out of memory", seen=AWAY_AND_BACK, within_s=BACK_OFF_S, lasts_s=(4, 10))
async def redis_out_of_memory(system: System, _: Random) -> AsyncIterator[str]:
    async with _configured(system, "maxmemory", "1") as done:
        yield done


@redis_is_told(what="Redis takes no writes (NOREPLICAS)", seen=AWAY_AND_BACK, within_s=BACK_OFF_S, lasts_s=(4, 10))
async def redis_too_few_replicas(system: System, _: Random) -> AsyncIterator[str]:
    async with _configured(system, "min-replicas-to-write", "3") as done:
        yield done


@asynccontextmanager
async def _configured(system: System, name: str, value: str) -> AsyncIterator[str]:
    """A setting of the primary that is 0 by default."""
    primary = await system.redis.primary()
    await primary.ask("CONFIG", "SET", name, value)
    try:
        yield f"{name} {value}"
    finally:
        await primary.ask("CONFIG", "SET", name, "0")


@redis_is_told(
    what="the password of Redis was changed, and ours is the old one",
    seen=AWAY_AND_BACK,
    within_s=BACK_OFF_S,
    lasts_s=(4, 10),
)
async def redis_password_rotated(system: System, _: Random) -> AsyncIterator[str]:
    primary = await system.redis.primary()
    await primary.ask("ACL", "SETUSER", USER, "resetpass", ">another")
    await primary.ask("CLIENT", "KILL", "USER", USER)
    try:
        yield "ACL SETUSER"
    finally:
        await primary.ask("ACL", "SETUSER", USER, "resetpass", f">{PASSWORD}")


@fault(
    what="Redis is 50 to 500 ms away",
    seen="everything takes that much longer, some times over",
    within_s=8,
    lasts_s=(8, 20),
)
async def redis_far_away(system: System, dice: Random) -> AsyncIterator[str]:
    far = Bad(delay_s=dice.uniform(0.025, 0.25))
    primary = await system.redis.primary()
    with primary.relay.worsened(far):
        yield f"{far.delay_s * 2000:.0f} ms there and back"
