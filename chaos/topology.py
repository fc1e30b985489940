"""Everything that runs: `duologue serve` by roles, Redis with Sentinels, PostgreSQL, LiveKit nodes, and relays between.

    gateways 3, matchers 2, apis 2    three `duologue serve`, one for each role
    redis 2, sentinels 3              `redis.py`
    postgres 1
    livekit 2

Everything listens on 127.0.0.1 and dies with this process. Must not know what faults there are.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import aiohttp

from chaos.connection import Note
from chaos.processes import Child, Program, children_of
from chaos.redis import REALM, RedisSystem, until
from chaos.relay import HOST, Relay
from chaos.story import Traits
from duologue.api import hooks
from duologue.clock import SystemClock
from duologue.ids import NodeName
from duologue.media.livekit import LiveKit
from duologue.media.livekit_config import LiveKitPorts, livekit_config
from duologue.media.livekit_files import LiveKitFiles, find_binary
from duologue.media.livekit_node import NodeAccess
from duologue.safety.ratelimit import UNLIMITED
from tests.fakes import free_port, free_ports
from tests.postgres import Postgres

TOKEN_KEY = "openssl rand -base64 32 gives something like this"
ROOT = Path(__file__).parents[1]
SERVES_WITHIN_S = 90
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


class Service:
    """One `duologue serve`: a parent and its children, all of one role."""

    def __init__(self, role: str, processes: int, program: Program, admin: int) -> None:
        self.role = role
        self.processes = processes
        self.program = program
        self._admin = admin

    def children(self) -> list[Child]:
        """Those that run just now."""
        return children_of(self.program.child.pid)

    def child(self, number: int) -> Child | None:
        """One by its number, from 0; None: it is just being started anew."""
        return next((each for each in self.children() if each.name == f"{self.role}-{number + 1}"), None)

    async def until_serving(self) -> None:
        """Every process is ready, and so many as there have to be."""
        await until(self._serves, f"{self.role} serves; see {self.program.log}", SERVES_WITHIN_S)

    async def until_replaced(self, before: Sequence[Child]) -> None:
        """Nobody of these runs any more, and others serve in their place."""

        async def gone() -> bool:
            return (
                not {child.pid for child in before} & {child.pid for child in self.children()} and await self._serves()
            )

        await until(gone, f"{self.role} was replaced; see {self.program.log}", SERVES_WITHIN_S)

    async def _serves(self) -> bool:
        assert self.program.running, f"duologue serve {self.role} ended: {self.program.log.read_text()[-2_000:]}"
        return len(self.children()) >= self.processes and await self._ready() >= self.processes

    async def _ready(self) -> int:
        ports = range(self._admin, self._admin + self.processes + 1)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(1)) as http:
            return sum(await asyncio.gather(*(_says_ok(http, port) for port in ports)))


async def _says_ok(http: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with http.get(f"http://{HOST}:{port}/health/ready") as answer:
            return answer.status == 200
    except (OSError, aiohttp.ClientError, TimeoutError):
        return False


class Node:
    """A LiveKit. Clients reach its signalling through a relay; Duologue reaches it by itself."""

    def __init__(self, name: str, folder: Path, hooks_port: int, relay: Relay) -> None:
        self.name = name
        self.relay = relay
        files = LiveKitFiles(folder, relay.to)
        files.prepare()
        self.keys = files.keys()
        ports = LiveKitPorts(relay.to, free_port(socket.SOCK_DGRAM))
        files.write_config(livekit_config(self.keys, ports, f"http://{HOST}:{hooks_port}{hooks.PATH}"))
        self.program = Program([str(find_binary()), "--config", str(files.config)], os.environ, files.log)

    @property
    def url(self) -> str:
        """Of the server itself."""
        return f"ws://{HOST}:{self.relay.to}"

    @property
    def settings(self) -> dict[str, object]:
        """As `livekit.nodes` has it."""
        return {
            "name": self.name, "url": self.url, "public_url": f"ws://{HOST}:{self.relay.port}",
            "api_key": self.keys.api_key, "api_secret": self.keys.api_secret, "join_slots_per_s": 5,
        }  # fmt: skip

    async def start(self) -> None:
        """Until it takes connections."""
        self.program.start()

        async def listens() -> bool:
            _, writer = await asyncio.open_connection(HOST, self.relay.to)
            writer.close()
            return True

        await until(listens, f"{self.name} serves; see {self.program.log}")

    async def rooms(self) -> list[str]:
        """What it says of itself."""
        name = NodeName(self.name)
        access = NodeAccess(name, self.url, self.url, self.keys.api_key, self.keys.api_secret, UNLIMITED)
        async with asyncio.timeout(5), LiveKit([access], SystemClock()) as livekit:
            return [str(room.pair) for room in await livekit.rooms(name)]


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
