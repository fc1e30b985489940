"""The Redis of a run: a primary, its replica and three Sentinels, each server behind a network that can go wrong.

All that is said to a server passes a relay, what the servers and Sentinels say to each other, too. Sentinels know the
servers by their relays, so everybody is sent there. Duologue comes in as the user that `docs/howto/redis.md` shows.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chaos.relay import HOST, Relay
from duologue.store.redis.permissions import acl_rule
from tests.redis_server import SERVICE, RedisServer, sentinel

REALM = "chaos"
USER, PASSWORD = "duologue", "made-up-for-chaos"
PATIENT_MS = 60_000
"""Sentinels replace nobody in this time, unless a fault says so."""
KNOWN_WITHIN_S = 30
MEMBERS = 3
AT_ONCE = ("--shutdown-timeout", "0", "--repl-diskless-sync-delay", "0", "--repl-timeout", "60")


class Server:
    """One Redis and its relay."""

    def __init__(self, folder: Path, relay: Relay) -> None:
        folder.mkdir()
        user = ("--user", USER, "on", f">{PASSWORD}", *acl_rule(REALM))
        self.relay = relay
        self.process = RedisServer(folder, *AT_ONCE, "--replica-announce-ip", HOST, "--replica-announce-port",
                                   str(relay.port), *user, port=relay.to)  # fmt: skip

    async def ask(self, *command: str | int) -> Any:
        """What it answers, asked past the relay as its administrator. Raises errors of redis-py."""
        async with Redis(host=HOST, port=self.process.port, socket_timeout=5, decode_responses=True) as client:
            return await client.execute_command(*command)  # type: ignore[no-untyped-call]  # the library says nothing

    async def restart(self, *, empty: bool, load_within_s: float = 0, keys: int = 1) -> None:
        """Begin anew after a kill, with what was last saved or with nothing; it answers afterwards.

        `load_within_s`: it takes about so long to load so many keys.
        """
        if empty:
            (self.process.directory / "dump.rdb").unlink(missing_ok=True)
        slowly = ("--key-load-delay", str(int(load_within_s * 1_000_000 / max(1, keys))))
        self.process.launch(*(slowly if load_within_s else ()))
        await until(self.answers, "Redis answers")

    async def answers(self) -> bool:
        """Whether it serves."""
        with contextlib.suppress(Exception):
            return bool(await self.ask("PING"))
        return False


class RedisSystem:
    """All of it."""

    def __init__(self, folder: Path, ports: Callable[[], int]) -> None:
        self._folder = folder
        self._ports = ports
        self.servers: list[Server] = []
        self.sentinels: list[RedisServer] = []

    @property
    def url(self) -> str:
        """Where Duologue looks."""
        hosts = ",".join(f"{HOST}:{each.port}" for each in self.sentinels)
        return f"redis+sentinel://{USER}:{PASSWORD}@{hosts}/{SERVICE}"

    async def start(self) -> None:
        """Until they know each other."""
        for number in (1, 2):
            relay = Relay(self._ports())
            await relay.open(self._ports())
            self.servers.append(Server(self._folder / f"redis{number}", relay))
        primary, replica = self.servers
        primary.process.launch()
        await until(primary.answers, "Redis answers")
        replica.process.launch()
        await until(replica.answers, "the replica answers")
        await replica.ask("REPLICAOF", HOST, primary.relay.port)
        for number in range(MEMBERS):
            self.sentinels.append(
                sentinel(self._folder / f"sentinel{number}", primary.relay.port, patience_ms=PATIENT_MS)
            )
            self.sentinels[-1].launch()
        await self.until_whole()

    async def until_whole(self) -> None:
        """The replica follows, and Sentinels agree on who is who."""
        await until(self._is_whole, "Redis, its replica and the Sentinels know each other")

    async def _is_whole(self) -> bool:
        for each in self.sentinels:
            facts = await self._sentinel(each, "SENTINEL", "MASTER", SERVICE)
            if (facts.get("num-slaves"), facts.get("num-other-sentinels")) != ("1", str(MEMBERS - 1)):
                return False
        told = await (await self.replica()).ask("INFO", "replication")
        return "up" in str(told).partition("master_link_status")[2][:6]

    async def primary(self) -> Server:
        """Who is it, by what the Sentinels say."""
        return self.primary_by(await self.primary_port())

    async def replica(self) -> Server:
        """The other one."""
        primary = await self.primary()
        return next(each for each in self.servers if each is not primary)

    async def primary_port(self) -> int:
        """Of its relay."""
        answer = await self._ask_sentinel(self.sentinels[0], "SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE)
        return int(answer[1])

    def primary_by(self, port: int) -> Server:
        """The server behind this relay."""
        return next(each for each in self.servers if each.relay.port == port)

    async def patience(self, patience_ms: int) -> None:
        """How long a primary may be silent before the Sentinels replace it."""
        for each in self.sentinels:
            await self._ask_sentinel(each, "SENTINEL", "SET", SERVICE, "down-after-milliseconds", patience_ms)

    async def fail_over(self) -> None:
        """The replica becomes the primary, whatever the primary says."""
        before = await self.primary_port()
        await self._ask_sentinel(self.sentinels[0], "SENTINEL", "FAILOVER", SERVICE)
        await self.until_replaced(before)

    async def until_replaced(self, before: int) -> None:
        """Until Sentinels name another primary than this one."""

        async def other() -> bool:
            return await self.primary_port() != before

        await until(other, "another primary")

    async def _sentinel(self, which: RedisServer, *command: str) -> dict[str, str]:
        answer = await self._ask_sentinel(which, *command)
        if isinstance(answer, dict):
            return {str(key): str(value) for key, value in answer.items()}
        return dict(zip(answer[::2], answer[1::2], strict=False))

    async def _ask_sentinel(self, which: RedisServer, *command: str | int) -> Any:
        async with Redis(host=HOST, port=which.port, socket_timeout=5, decode_responses=True) as client:
            client.response_callbacks.clear()
            return await client.execute_command(*command)  # type: ignore[no-untyped-call]  # the library says nothing

    async def stop(self) -> None:
        """All of it, at once: nothing here is worth keeping."""
        for each in [*self.sentinels, *(server.process for server in self.servers)]:
            with contextlib.suppress(AssertionError, ProcessLookupError):
                each.thaw()
                each.kill()
        for server in self.servers:
            await server.relay.close()

    def logs(self) -> list[Path]:
        """What they said."""
        return [each.log for each in [*self.sentinels, *(server.process for server in self.servers)]]


async def until(condition: Callable[[], Awaitable[bool]], what: str, within_s: float = KNOWN_WITHIN_S) -> None:
    """Wait for something. Raises `TimeoutError` with what it was; what cannot be asked is not so yet."""
    try:
        async with asyncio.timeout(within_s):
            while True:
                with contextlib.suppress(OSError, RedisError):
                    if await condition():
                        return
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise TimeoutError(f"waited {within_s:g} s in vain: {what}") from None
