"""`duologue serve` as processes, on a real Redis."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Literal, NoReturn

import httpx
import pytest
from pydantic import SecretStr

from duologue.app.parent import Service, posts, run_parent
from duologue.app.targets import read_targets
from duologue.client import ConnectionEnded, RandomChatSession, join
from duologue.client.socket import Socket
from duologue.errors import StartupError
from duologue.protocol.client import Filters
from duologue.protocol.codes import CloseCode, Mode
from duologue.settings import (
    LIVEKIT_VARIABLES,
    AdminSettings,
    DatabaseSettings,
    GatewaySettings,
    HttpSettings,
    RedisSettings,
    Settings,
)
from duologue.store.sql import sqlite_address, upgrade
from tests.fakes import free_port, free_ports, wait_until
from tests.log_content import offences
from tests.redis_server import RedisServer, redis_server

REALMS = count(1)
pytestmark = pytest.mark.timeout(240)  # each process of ours takes a second of CPU to start
KEY = "openssl rand -base64 32 gives something like this"


class Serve:
    """One parent and its children."""

    def __init__(self, folder: Path, redis: RedisServer, *arguments: str, **environment: str | None) -> None:
        self.port, self.ws_port, self.admin_port = free_port(), free_port(), free_ports(6)
        self.url, self.ws_url = f"http://127.0.0.1:{self.port}", f"ws://127.0.0.1:{self.ws_port}"
        self._folder = folder
        ports = {"--port": self.port, "--ws-port": self.ws_port, "--admin-port": self.admin_port}
        self._command = [
            sys.executable, "-m", "duologue", "serve", *arguments, "--text-only",
            *(str(part) for option in ports.items() for part in option),
        ]  # fmt: skip
        ours = {
            "DUOLOGUE_TOKEN_KEY": KEY,
            "REDIS_URL": redis.url,
            "DATABASE_URL": f"sqlite:///{folder / 'duologue.sqlite'}",
            "DUOLOGUE_REDIS__REALM": f"s{next(REALMS)}",
            "DUOLOGUE_ADMIN__TARGETS_FILE": str(folder / "targets.json"),
            "DUOLOGUE_TIMING__AUTH_MS": "240000",  # bare sockets may stay, however slow this machine is
        }
        wanted = {**os.environ, "DUOLOGUE_LIMITS__PROFILE": "load", **ours, **environment}
        self._environment = {
            name: value
            for name, value in wanted.items()
            if value is not None and name not in LIVEKIT_VARIABLES.values()
        }
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with (self._folder / "log").open("w") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self._command, env=self._environment, cwd=self._folder, stdout=log, stderr=log
            )

    async def until(self, text: str, *, within_s: float = 90) -> None:
        """Until something stands in its log."""
        assert self.process is not None
        ended = self.process
        await wait_until(lambda: text in self.log or ended.returncode is not None, description=text, within_s=within_s)
        assert text in self.log, self.log

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    async def end(self) -> int:
        assert self.process is not None
        return await self.process.wait()

    @property
    def log(self) -> str:
        return (self._folder / "log").read_text()

    def entries(self, event: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == event]

    def children(self) -> dict[str, int]:
        """Who lives now, by name; of two of a name the newer one."""
        assert self.process is not None
        found = {}
        for entry in sorted(Path("/proc").glob("[0-9]*"), key=lambda entry: int(entry.name)):
            try:
                command = (entry / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            for part in command:
                if part.startswith("--child=") and f"--port={self.port}" in command:
                    found[part.removeprefix("--child=")] = int(entry.name)
        return found

    def targets(self) -> list[tuple[str, int]]:
        """Where Prometheus is told to look: process and port."""
        found = read_targets(self._folder / "targets.json")
        return [(each.process, int(each.address.removeprefix("127.0.0.1:"))) for each in found]

    async def health(self, seat: int) -> tuple[int, dict[str, Any]]:
        return await self.asked(seat, "health/ready")

    async def asked(self, seat: int, path: str) -> tuple[int, dict[str, Any]]:
        """What a process says on its admin listener."""
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"http://127.0.0.1:{self.admin_port + seat}/{path}")
            return answer.status_code, answer.json()

    async def explained(self, seat: int, person: str) -> dict[str, Any]:
        """Why nobody matches somebody who waits, once a matcher has said that it looks after them."""
        async with asyncio.timeout(30):
            while True:
                code, said = await self.asked(seat, f"explain/{person}")
                assert code in (200, 429), said
                if code == 200 and said["queueing"]["matcher_reports"]:
                    return said
                await asyncio.sleep(0.1)


@asynccontextmanager
async def serving(folder: Path, redis: RedisServer, *arguments: str, **environment: str | None) -> AsyncIterator[Serve]:
    """Until the end of the test; nobody is left of it."""
    serve = Serve(folder, redis, *arguments, **environment)
    await upgrade(sqlite_address(folder / "duologue.sqlite"))
    await serve.start()
    try:
        yield serve
    finally:
        assert serve.process is not None
        if serve.process.returncode is None:
            serve.process.kill()
        await serve.end()
        await wait_until(lambda: not serve.children(), description="nobody is left")
    assert offences(serve.log, secrets=[KEY]) == []


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    """One for all tests here: each has a realm of its own."""
    with redis_server() as server:
        yield server


# -- which processes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "processes", "names"),
    [
        ("all", 1, ["all-1"]),
        ("all", 2, ["gateway-1", "gateway-2", "matcher-1", "api-1"]),
        ("gateway", 1, ["gateway-1"]),
        ("matcher", 3, ["matcher-1", "matcher-2", "matcher-3"]),
        ("api", 2, ["api-1", "api-2"]),
    ],
)
def test_the_processes_of_a_service(role: str, processes: int, names: list[str]) -> None:
    """One of all roles where one is enough; else each has a role."""
    assert [post.name for post in posts(Service(role, processes, text_only=True), Settings())] == names


def test_gateways_stop_first_and_have_time_to_send_people_elsewhere() -> None:
    """The rest goes on for them meanwhile."""
    settings = Settings(gateway=GatewaySettings(drain_within_ms=20_000))
    gateway, _, matcher, api = posts(Service("all", 2, text_only=True), settings)

    assert gateway.stage < matcher.stage == api.stage
    assert gateway.stop_within_ms > 20_000


# -- what has to hold before ----------------------------------------------------------------------


def ready_settings(**changes: Any) -> Settings:
    """All that `serve` needs."""
    admin = AdminSettings(port=free_ports(3))
    needed: dict[str, Any] = {
        "http": HttpSettings(port=free_port()),
        "gateway": GatewaySettings(port=free_port()),
        "admin": admin,
        "redis": RedisSettings(url="redis://nowhere/0"),
        "database": DatabaseSettings(url=SecretStr("sqlite:////nowhere/duologue.sqlite")),
        "token_key": SecretStr(KEY),
    }
    return Settings(**needed | changes)


def no_child(*_: object) -> NoReturn:
    raise AssertionError("nothing is started")


@pytest.mark.parametrize(
    ("changes", "text_only", "why"),
    [
        ({"redis": RedisSettings()}, True, "REDIS_URL is not set"),
        ({"database": DatabaseSettings()}, True, "DATABASE_URL is not set"),
        ({"token_key": None}, True, "openssl rand -base64 32"),
        ({}, False, "LIVEKIT_URL.*--text-only"),
        ({"admin": AdminSettings(host="0.0.0.0")}, True, "DUOLOGUE_ADMIN__TOKEN"),
        ({"admin": AdminSettings(targets_file=Path("/nowhere/targets.json"))}, True, "mkdir -p /nowhere"),
    ],
    ids=["redis", "database", "key", "livekit", "admin", "targets"],
)
def test_without_what_it_needs_nothing_is_started(changes: dict[str, Any], text_only: bool, why: str) -> None:
    """And the text says what to set."""
    with pytest.raises(StartupError, match=why):
        run_parent(ready_settings(**changes), Service("all", 1, text_only), no_child, no_child)


@pytest.mark.parametrize("section", ["http", "gateway", "admin"])
def test_a_port_that_somebody_has_is_named(section: Literal["http", "gateway", "admin"]) -> None:
    """Also one that somebody would share: the people would be shared, too."""
    settings = ready_settings()
    port = getattr(settings, section).port
    with (
        socket.create_server(("127.0.0.1", port), reuse_port=True),
        pytest.raises(StartupError, match=rf"127\.0\.0\.1:{port} .*DUOLOGUE_{section.upper()}__PORT or --"),
    ):
        run_parent(settings, Service("all", 1, text_only=True), no_child, no_child)


async def test_without_redis_url_it_ends_at_once(tmp_path: Path, redis: RedisServer) -> None:
    """With exit code 2 and the name of the variable."""
    async with serving(tmp_path, redis, REDIS_URL=None) as serve:
        assert await serve.end() == 2

    assert "REDIS_URL" in serve.log


async def test_without_redis_it_does_not_become_ready_and_gives_up(tmp_path: Path) -> None:
    """Exit code 2; what was tried, why it failed and what to set; no secret, and no other store."""
    nowhere = RedisServer(tmp_path)
    url = nowhere.url.replace("//", "//:secret@")
    async with serving(tmp_path, nowhere, "--wait", "3", REDIS_URL=url) as serve:
        assert await serve.end() == 2

    assert serve.entries("store_unreachable")[0]["tried"] == f"127.0.0.1:{nowhere.port}"
    assert "no Redis within 3 s" in serve.log
    assert "Connect call failed" in serve.log
    assert "secret" not in serve.log
    assert serve.entries("child_started") == []


# -- life -----------------------------------------------------------------------------------------


@asynccontextmanager
async def people_of(serve: Serve, number: int) -> AsyncIterator[list[Socket]]:
    """Bare sockets on a gateway that serves."""
    await serve.until("Duologue")
    people = [await Socket.open(serve.ws_url) for _ in range(number)]
    try:
        yield people
    finally:
        for person in people:
            person.cut()


async def code_of(person: Socket) -> int:
    """What it was closed with."""
    while True:
        try:
            await person.receive()
        except ConnectionEnded as ended:
            return ended.code


def is_cut(person: Socket) -> bool:
    assert person._transport is not None
    return bool(person._transport.is_disconnected)


TEXT = Filters(mode=Mode.TEXT)


async def test_it_starts_as_soon_as_redis_answers(tmp_path: Path) -> None:
    """By itself; and one process with all roles serves people."""
    redis = RedisServer(tmp_path)
    async with serving(tmp_path, redis) as serve, AsyncExitStack() as people:
        await serve.until("store_unreachable")
        redis.start()
        people.callback(redis.stop)
        await serve.until("processes  all-1")
        ana, ben = [await people.enter_async_context(RandomChatSession(await join(serve.url))) for _ in range(2)]
        await ana.find(TEXT)
        await ben.find(TEXT)

        assert (await ana.matched()).pair == (await ben.matched()).pair
        assert await serve.health(0) == (
            200,
            {"ready": True, "store": "redis", "store_answers": True, "why_not": None},
        )


async def test_a_killed_gateway_costs_its_own_people_a_socket_and_comes_back(
    tmp_path: Path, redis: RedisServer
) -> None:
    """They share a port, so others do not notice, and newcomers are taken at any time."""
    async with serving(tmp_path, redis, "gateway", "-n", "2") as serve, people_of(serve, 40) as people:
        first = serve.children()["gateway-1"]
        os.kill(first, signal.SIGKILL)
        await wait_until(lambda: any(map(is_cut, people)), description="its people are cut off")
        (await Socket.open(serve.ws_url)).close(goodbye=False)
        await wait_until(lambda: len(serve.entries("child_ready")) == 3, description="it is back", within_s=90)

        assert 0 < sum(map(is_cut, people)) < len(people)
        assert serve.children()["gateway-1"] != first
        assert [entry["exit_code"] for entry in serve.entries("child_died")] == [-signal.SIGKILL]


async def test_a_renewal_sends_people_to_the_new_process(tmp_path: Path, redis: RedisServer) -> None:
    """The port is never closed, and the successor has the spare seat."""
    async with serving(tmp_path, redis, "gateway") as serve, people_of(serve, 10) as people:
        old = serve.children()["gateway-1"]
        serve.signal(signal.SIGHUP)
        codes = {await code_of(person) for person in people}
        await wait_until(lambda: serve.entries("child_stopped"), description="the old one is gone", within_s=60)

        assert codes == {CloseCode.GOING_AWAY}
        assert serve.children()["gateway-1"] != old
        assert (await serve.health(1))[0] == 200
        assert serve.targets() == [("gateway-1", serve.admin_port + 1)]
        (await Socket.open(serve.ws_url)).close(goodbye=False)


async def test_a_stop_sends_people_elsewhere(tmp_path: Path, redis: RedisServer) -> None:
    """Then everybody is gone, and that is a success."""
    async with serving(tmp_path, redis, "gateway") as serve, people_of(serve, 1) as (person,):
        serve.signal(signal.SIGTERM)

        assert await code_of(person) == CloseCode.GOING_AWAY
        assert await serve.end() == 0
        assert serve.children() == {}


async def test_people_on_different_gateways_meet(tmp_path: Path, redis: RedisServer) -> None:
    """The processes are one service, and so are others that share Redis and the key."""
    async with serving(tmp_path, redis, "all", "-n", "2") as serve, AsyncExitStack() as people:
        await serve.until("Duologue")
        here = [await people.enter_async_context(RandomChatSession(await join(serve.url))) for _ in range(12)]
        for person in here:
            await person.find(TEXT)
        pairs = [(await person.matched()).pair for person in here]
        first = [each["process"] for each in serve.entries("session_started")]

        assert len(set(pairs)) == len(here) // 2
        assert set(first) == {"gateway-1", "gateway-2"}


async def test_any_process_explains_anybody(tmp_path: Path, redis: RedisServer) -> None:
    """Gateways, matcher and api see the same: two who do not fit, and that a matcher looks after them."""
    async with serving(tmp_path, redis, "all", "-n", "2") as serve, AsyncExitStack() as people:
        await serve.until("Duologue")
        for language in ("en", "fr"):
            guest = RandomChatSession(await join(serve.url, {"language": language}))
            here = await people.enter_async_context(guest)
            await here.find(Filters(mode=Mode.TEXT, wants={"language": [language]}, strict=["language"]))
        assert here.ready is not None
        for seat in range(4):
            explained = await serve.explained(seat, here.ready.self.person)

            assert (explained["doing"], explained["vouched"]) == ("waiting", True)
            assert explained["queueing"]["others"]["rejected"] == {"facet language: mine": 1}


async def test_what_a_killed_matcher_owned_is_released(tmp_path: Path, redis: RedisServer) -> None:
    """By its parent, so that nobody waits until the leases run out."""
    async with serving(tmp_path, redis, "matcher") as serve:
        await serve.until("Duologue")
        os.kill(serve.children()["matcher-1"], signal.SIGKILL)
        await serve.until("leases_released")

        assert [entry["owners"] for entry in serve.entries("leases_released")] == [2], "its own name, and its watcher's"


async def test_children_die_with_a_parent_that_could_not_say_goodbye(tmp_path: Path, redis: RedisServer) -> None:
    """No process serves people that nobody looks after."""
    async with serving(tmp_path, redis, "api") as serve:
        await serve.until("processes  api-1")
        serve.signal(signal.SIGKILL)
        await wait_until(lambda: not serve.children(), description="the child follows its parent")
