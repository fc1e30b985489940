"""Where the primary is, and connections to it: one server, behind Sentinel, or the node of a Cluster that has our slot.

    redis://[USER:PASSWORD@]HOST[:PORT][/DB]        one server; rediss:// with TLS
    unix://[USER:PASSWORD@]/PATH[?db=DB]            one server, by its socket
    redis+sentinel://[USER:PASSWORD@]HOST:PORT[,HOST:PORT...]/SERVICE[/DB][?sentinel_password=PASSWORD]
    redis+cluster://[USER:PASSWORD@]HOST:PORT[,HOST:PORT...]

Must not know what connections are used for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from redis import exceptions
from redis.asyncio.connection import AbstractConnection, Connection, SSLConnection, parse_url
from redis.asyncio.sentinel import Sentinel

from duologue.errors import StartupError

CONNECT_WITHIN_S = 2.0
SENTINEL_PORT = 26379
REDIS_PORT = 6379
OLDEST = (7, 0)
FORMS = "redis://, rediss://, unix://, redis+sentinel:// and redis+cluster:// (and rediss+...)"


WRITE_IT = "Write redis://USER:PASSWORD@HOST:6379/0, with the characters / # ? @ : % of a password percent-encoded"


class Unreadable(ValueError):
    """A `REDIS_URL` that is wrong; the text says how, and repeats nothing that may be a secret."""


class Unfit(exceptions.ConnectionError):
    """It answers, and is not what we need; the text says what it is."""


ASK_LIFE = ("INFO", "server"), ("INFO", "replication")


class Link(NamedTuple):
    """A connection to the primary."""

    connection: AbstractConnection
    store_id: str
    """Which life of the store this is. It changes with each restart and each failover."""


class Address(NamedTuple):
    """A `REDIS_URL`, taken apart."""

    kind: str
    """`single`, `sentinel` or `cluster`."""
    options: Mapping[str, Any]
    """What every connection needs: user, password, database, TLS."""
    hosts: tuple[tuple[str, int], ...] = ()
    """Sentinels, or some nodes of the Cluster."""
    service: str = ""
    sentinel: Mapping[str, Any] = {}
    """What connections to the Sentinels need: their own user and password, TLS."""

    def __str__(self) -> str:
        """As it may be shown: no password."""
        if self.kind == "single":
            return (
                self.options.get("path")
                or f"{self.options.get('host', 'localhost')}:{self.options.get('port', REDIS_PORT)}"
            )
        hosts = ", ".join(f"{host}:{port}" for host, port in self.hosts)
        return f"Sentinels {hosts} for {self.service}" if self.kind == "sentinel" else f"Cluster at {hosts}"


def parse(url: str, password: str | None = None) -> Address:
    """Take a `REDIS_URL` apart. `password`: from a file, where it is not in the URL. Raises `StartupError`."""
    scheme = url.split("://", 1)[0]
    try:
        address = _several(url) if "+" in scheme else Address("single", dict(parse_url(url)))
    except Unreadable as error:
        raise StartupError(f"REDIS_URL cannot be read: {error}. There are {FORMS}.") from error
    except ValueError:  # its text, and its cause, may hold a piece of the password
        raise StartupError(f"REDIS_URL cannot be read. {WRITE_IT}. There are {FORMS}.") from None
    if password is not None and "password" in address.options:
        raise StartupError("the password of Redis is given twice: in REDIS_URL and by redis.password_file. Keep one.")
    options = dict(address.options) | ({"password": password} if password is not None else {})
    return address._replace(options=options)


def _several(url: str) -> Address:
    parts = urlsplit(url)
    base, kind = parts.scheme.split("+", 1)
    if base not in ("redis", "rediss") or kind not in ("sentinel", "cluster"):
        raise Unreadable(f"{parts.scheme}:// is not known")
    credentials, _, hosts = parts.netloc.rpartition("@")
    default = SENTINEL_PORT if kind == "sentinel" else REDIS_PORT
    path = [part for part in parts.path.split("/") if part]
    if kind == "sentinel" and not path:
        raise Unreadable("redis+sentinel:// names the service after the hosts: redis+sentinel://HOST:26379/mymaster")
    options: dict[str, Any] = {"connection_class": SSLConnection} if base == "rediss" else {}
    asked = parse_qs(parts.query)
    own = {name: asked.pop(f"sentinel_{name}")[0] for name in ("username", "password") if f"sentinel_{name}" in asked}
    more = dict(parse_url(f"{base}://?{urlencode(asked, doseq=True)}"))
    options |= more
    user, _, secret = credentials.partition(":")
    options |= {name: unquote(text) for name, text in (("username", user), ("password", secret)) if text}
    if kind == "sentinel" and len(path) > 1:
        options["db"] = int(path[1])
    tls = {**{name: value for name, value in more.items() if name.startswith("ssl_")}, "ssl": base == "rediss"}
    named = tuple(_host(each, default) for each in hosts.split(","))
    return Address(kind, options, named, path[0] if path else "", {**own, **tls})


def _host(text: str, default_port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise Unreadable("one of the hosts has no name")
    return parts.hostname, parts.port or default_port


class Primary:
    """Finds the primary each time anew: after a failover it is somewhere else."""

    def __init__(self, address: Address, name: str, some_key: str) -> None:
        self.address = address
        self._name = name
        self._some_key = some_key
        """In a Cluster: of the slot that we are about."""

    async def connect(self) -> Link:
        """A new connection. Raises the errors of redis-py, and `TimeoutError`."""
        async with asyncio.timeout(CONNECT_WITHIN_S):
            connection = await self._open(await self._where())
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                if self.address.kind == "cluster":
                    connection = await self._owner_of_slot(connection)
                return Link(connection, await self._life_of(connection))
        except BaseException:
            await connection.disconnect(nowait=True)
            raise

    async def was_replaced(self, link: Link) -> bool:
        """Whether the Sentinels name another one by now. One that they replaced takes writes for some more seconds,
        all of which will be lost.
        """
        if self.address.kind != "sentinel":
            return False
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                where = await self._where()
        except (exceptions.RedisError, OSError, TimeoutError):
            return False  # nobody says so
        return where != {name: getattr(link.connection, name, None) for name in where}

    async def _where(self) -> dict[str, Any]:
        """What the next connection needs beside the options of all."""
        if self.address.kind == "sentinel":
            sentinel = Sentinel(  # type: ignore[no-untyped-call]  # the library says nothing
                list(self.address.hosts),
                sentinel_kwargs={"socket_timeout": CONNECT_WITHIN_S / 2, **self.address.sentinel},
            )
            try:
                host, port = await sentinel.discover_master(self.address.service)
            finally:
                for each in sentinel.sentinels:
                    await each.aclose()
            return {"host": host, "port": port}
        return {}

    async def _open(self, where: Mapping[str, Any]) -> AbstractConnection:
        if self.address.kind == "cluster" and not where:
            return await self._first_that_answers()
        options = {**self.address.options, **where}
        make: type[AbstractConnection] = options.pop("connection_class", Connection)
        options.pop("max_connections", None)
        connection = make(
            socket_timeout=None,  # each use has a time-out of its own
            socket_connect_timeout=CONNECT_WITHIN_S,
            client_name=self._name,
            protocol=2,
            **options,
        )
        await connection.connect()  # type: ignore[no-untyped-call]  # same
        return connection

    async def _first_that_answers(self) -> AbstractConnection:
        failures: list[str] = []
        for host, port in self.address.hosts:
            try:
                return await self._open({"host": host, "port": port})
            except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
                failures.append(str(error))
        raise exceptions.ConnectionError("no node of the Cluster answers: " + "; ".join(failures))

    async def _owner_of_slot(self, connection: AbstractConnection) -> AbstractConnection:
        try:
            await ask(connection, "GET", self._some_key)
        except exceptions.MovedError as moved:
            await connection.disconnect(nowait=True)
            return await self._open({"host": moved.host, "port": moved.port})
        return connection

    async def _life_of(self, connection: AbstractConnection) -> str:
        server, replication = [facts(await ask(connection, *question)) for question in ASK_LIFE]
        version = server.get("redis_version", "0")
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
            raise Unfit(f"it is version {version}; Duologue needs Redis 7.0, or Valkey")
        if replication.get("role") != "master":
            raise Unfit("it is a replica, not the primary")
        return life(server, replication)


def life(server: Mapping[str, str], replication: Mapping[str, str]) -> str:
    """Which life of the store a server is in, by its answers to `ASK_LIFE`; nothing where it is a replica.

    The same server begins another one when it was a replica meanwhile, and when the first replica comes to it.
    """
    primary = replication.get("role") == "master"
    return f"{server.get('run_id')}:{replication.get('master_replid')}" if primary else ""


async def ask(connection: AbstractConnection, *command: str) -> Any:
    """One command, and its answer."""
    await connection.send_command(*command)
    return await connection.read_response()


def facts(info: bytes) -> dict[str, str]:
    """`INFO` as a table."""
    lines = (line.partition(":") for line in info.decode().splitlines() if not line.startswith("#"))
    return {name: value for name, colon, value in lines if colon}
