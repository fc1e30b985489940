"""Everything that runs: `duologue serve` by roles, Redis with Sentinels, PostgreSQL, LiveKit nodes, and relays between.

    gateways 3, matchers 2, apis 2    three `duologue serve`, one for each role: `service.py`
    redis 2, sentinels 3              `redis.py`
    postgres 1
    livekit 2                         `livekit.py`

Everything listens on 127.0.0.1 and dies with this process. Must not know what faults there are.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from chaos.connection import Note
from chaos.livekit import Node
from chaos.processes import Program
from chaos.redis import REALM, RedisSystem
from chaos.relay import HOST, Relay
from chaos.service import Service
from chaos.story import Traits
from tests.fakes import free_port, free_ports
from tests.postgres import Postgres

TOKEN_KEY = "openssl rand -base64 32 gives something like this"
STOPS_WITHIN_S = 40
DRAIN_MS = 5_000
RING_MS = 8_000
DUOLOGUE = (sys.executable, "-P", "-m", "duologue")


class Size(NamedTuple):
    """How many of each."""

    gateways: int = 3
    matchers: int = 2
    apis: int = 2
    nodes: int = 2
    sockets_most: int = 150
    """On each gateway."""


class Ports(NamedTuple):
    """Where a `duologue serve` listens for people."""

    http: int
    websocket: int


class System:
    """The whole. Networks: `front` is people to gateways, `door` people to apis, `hooks` LiveKit to apis."""

    def __init__(self, folder: Path, size: Size) -> None:
        self.folder = folder
        self.size = size
        self.redis = RedisSystem(folder, free_port)
        self.http, self.websocket = free_port(), free_port()
        self.front = Relay(self.websocket)
        self.door, self.hooks = Relay(self.http), Relay(self.http)
        self.nodes: list[Node] = []
        self.services: dict[str, Service] = {}
        self._others: list[Service] = []
        """What ran beside them for a while, and may still."""
        self.postgres: Postgres | None = None
        self.watch: Callable[[Traits], Note] = lambda _: lambda _: None
        """Where those who come with a fault say what they see; set by who tells the story."""
        self.before: str | None = None
        """The commit that is the version before this one; None: as `older.before` finds it."""
        self._stack = contextlib.AsyncExitStack()

    @property
    def url(self) -> str:
        """Of the apis."""
        return f"http://{HOST}:{self.door.port}"

    async def start(self) -> None:
        """Until everything serves. Whoever starts it stops it, also when this fails."""
        for relay in (self.front, self.door, self.hooks):
            await relay.open(free_port())
        self.postgres = self._database()
        await asyncio.gather(
            self.redis.start(), *(self._start_node(f"node-{n}") for n in range(1, self.size.nodes + 1))
        )
        environment = self.environment()
        migrate = await asyncio.to_thread(
            subprocess.run, [*DUOLOGUE, "db", "upgrade"], env=environment, capture_output=True, text=True, check=False
        )
        assert migrate.returncode == 0, migrate.stderr[-2_000:]
        counts = {"api": self.size.apis, "matcher": self.size.matchers, "gateway": self.size.gateways}
        for role, count in counts.items():
            self.services[role] = self._start_service(role, count, environment, role, Ports(self.http, self.websocket))
        await asyncio.gather(*(service.until_serving() for service in self.services.values()))

    def _database(self) -> Postgres:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="duologue-postgres-"))
        postgres = Postgres(Path(folder))
        postgres.start()
        self._stack.callback(postgres.stop)
        return postgres

    async def _start_node(self, name: str) -> None:
        relay = Relay(free_port())
        await relay.open(free_port())
        node = Node(name, self.folder / name, self.hooks.port, relay)
        self.nodes.append(node)
        await node.start()

    @contextlib.asynccontextmanager
    async def beside(
        self, name: str, counts: Mapping[str, int], environment: Mapping[str, str]
    ) -> AsyncIterator[Sequence[Service]]:
        """So many more processes of each role that are told more, as if another machine had come; it goes in order."""
        told = {**self.environment(), **environment}
        ports = Ports(free_port(), free_port())
        others = [self._start_service(role, count, told, f"{name}-{role}", ports) for role, count in counts.items()]
        self._others += others
        try:
            await asyncio.gather(*(each.until_serving() for each in others))
            with self._reachable(ports):
                yield others
        finally:
            codes = await asyncio.gather(*(each.program.stop(STOPS_WITHIN_S) for each in others))
        assert not any(codes), f"they ended with {codes}"

    @contextlib.contextmanager
    def _reachable(self, ports: Ports) -> Iterator[None]:
        """Every second new connection goes there."""
        ways = ((self.front, ports.websocket), (self.door, ports.http), (self.hooks, ports.http))
        for relay, port in ways:
            relay.others.append(port)
        try:
            yield
        finally:
            for relay, port in ways:
                relay.others.remove(port)

    def _start_service(
        self, role: str, processes: int, environment: Mapping[str, str], log: str, ports: Ports
    ) -> Service:
        admin = free_ports(processes + 1)
        options = [
            f"--processes={processes}",
            f"--port={ports.http}",
            f"--ws-port={ports.websocket}",
            f"--admin-port={admin}",
        ]
        text_only = [] if self.nodes else ["--text-only"]
        program = Program([*DUOLOGUE, "serve", role, *options, *text_only], environment, self.folder / f"{log}.log")
        program.start()
        return Service(role, processes, program, admin)

    def environment(self) -> dict[str, str]:
        """What every process of Duologue is told."""
        assert self.postgres is not None, "start it first"
        return {
            **os.environ,
            "REDIS_URL": self.redis.url,
            "DATABASE_URL": self.postgres.url("postgres"),
            "DUOLOGUE_REDIS__REALM": REALM,
            "DUOLOGUE_TOKEN_KEY": TOKEN_KEY,
            "DUOLOGUE_LOG__FORMAT": "json",
            "DUOLOGUE_LIMITS__PROFILE": "load",
            "DUOLOGUE_MATCHING__RECENTLY_MET_AFTER_MS": "0",
            "DUOLOGUE_CALLS__RING_MS": str(RING_MS),
            "DUOLOGUE_GATEWAY__PUBLIC_URL": f"ws://{HOST}:{self.front.port}",
            "DUOLOGUE_GATEWAY__MAX_CONNECTIONS": str(self.size.sockets_most),
            "DUOLOGUE_GATEWAY__DRAIN_WITHIN_MS": str(DRAIN_MS),
            "DUOLOGUE_LIVEKIT__NODES": json.dumps([node.settings for node in self.nodes]),
        }

    async def stop(self) -> list[str]:
        """Ctrl-C for everything; gives what did not end as it should."""
        stopped = await asyncio.gather(*(each.program.stop(STOPS_WITHIN_S) for each in self.services.values()))
        bad = [f"{role} ended with {code}" for role, code in zip(self.services, stopped, strict=True) if code != 0]
        await self.end()
        return bad

    async def end(self) -> None:
        """All that is left, at once. Fine if nothing is."""
        for service in (*self.services.values(), *self._others):
            children = service.children() if service.program.running else []
            service.program.end()  # its children die with it
            for child in children:
                child.thaw()
        for node in self.nodes:
            node.program.end()
            await node.relay.close()
        await self.redis.stop()
        for relay in (self.front, self.door, self.hooks):
            await relay.close()
        await self._stack.aclose()

    def logs(self) -> Iterator[tuple[str, Path]]:
        """Of our own processes, and of LiveKit, by what it is."""
        for service in (*self.services.values(), *self._others):
            yield service.role, service.program.log
        for node in self.nodes:
            yield node.name, node.program.log

    @property
    def secrets(self) -> Sequence[str]:
        """What no log may hold."""
        return [TOKEN_KEY, *(node.keys.api_secret for node in self.nodes)]


@contextlib.asynccontextmanager
async def running(size: Size, folder: Path | None = None) -> AsyncIterator[System]:
    """A system that serves, for as long as this lasts; no process of it is left afterwards. `folder` is kept."""
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="duologue-chaos-")))
        folder.mkdir(parents=True, exist_ok=True)
        system = System(folder, size)
        try:
            await system.start()
            yield system
        finally:
            await system.end()
