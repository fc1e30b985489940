"""Where the primary is: Sentinel, Cluster, sockets and TLS, each with real processes; the store survives a failover."""

from __future__ import annotations

import asyncio
import subprocess
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from duologue.errors import BackendError, StartupError
from duologue.ledger import Outcome, PairFormed
from duologue.metrics import definitions as metrics
from duologue.store.redis.keys import Keys
from duologue.store.redis.primary import parse
from tests.builders import ANA, BEN
from tests.contract.stores import GATEWAY, PAIR
from tests.fakes import free_port, wait_until
from tests.figures import Counted
from tests.redis_server import RedisServer, redis_server, sentinel
from tests.store.redis.rig import error_of, serves, store_at, until_it_works, world_of

FAILOVER_WITHIN_S = 30
AT_ONCE = ("--shutdown-timeout", "0", "--repl-diskless-sync-delay", "0")
"""A replica follows, and a server ends, without waiting for others."""


async def people_meet(url: str, realm: str = "realm") -> None:
    """The store works there: two come, wait and are matched, and hear of it."""
    async with store_at(url, realm) as store:
        world = world_of(store)
        ana = await world.waiting(ANA)
        await world.waiting(BEN)
        await world.match(ANA, BEN)
        assert any(isinstance(news, PairFormed) for news in await world.news(ana))
        deliveries, position = await store.read_news(GATEWAY, 0, 20)
        assert len(deliveries) == position > 0


class TestOneServer:
    """`unix://` and `rediss://`."""

    async def test_a_unix_socket(self, tmp_path: Path) -> None:
        """A server that is reached by its socket."""
        socket = tmp_path / "redis.sock"
        with redis_server("--unixsocket", str(socket), "--unixsocketperm", "700"):
            await people_meet(f"unix://{socket}")

    async def test_tls(self, tmp_path: Path) -> None:
        """A certificate that we were told to trust."""
        port = free_port()
        with tls_server(tmp_path, port):
            await people_meet(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={tmp_path}/cert.pem")

    async def test_a_certificate_of_somebody_else_is_refused(self, tmp_path: Path) -> None:
        """Without being told to trust it, we do not."""
        port = free_port()
        with tls_server(tmp_path, port):
            async with store_at(f"rediss://127.0.0.1:{port}/0") as store:
                with pytest.raises(Exception, match=r"(?i)certificate"):
                    await store.keep_alive(GATEWAY)

    async def test_another_database(self) -> None:
        """The number after the port counts."""
        with redis_server() as server:
            await people_meet(f"redis://127.0.0.1:{server.port}/3")
            assert "keys=" in server.cli("-n", "3", "INFO", "keyspace")
            assert "db0" not in server.cli("INFO", "keyspace")


@contextmanager
def tls_server(directory: Path, port: int) -> Iterator[RedisServer]:
    """A server with a certificate made for it."""
    key, certificate = directory / "key.pem", directory / "cert.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    request = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject)
    subprocess.run([*request, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    files = ("--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-ca-cert-file", str(certificate))
    with redis_server("--tls-port", str(port), *files, "--tls-auth-clients", "no") as server:
        yield server


class Watched(NamedTuple):
    """A primary, its replica, and three Sentinels who watch them."""

    servers: tuple[RedisServer, RedisServer]
    sentinels: list[RedisServer]

    @property
    def url(self) -> str:
        """Where clients look."""
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{hosts}/mymaster"

    def primary_port(self) -> int:
        """By what the first Sentinel says."""
        answer = self.sentinels[0].cli("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster").split()
        return int(answer[1])


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """They know each other."""
    with ExitStack() as stack:
        primary = stack.enter_context(redis_server(*AT_ONCE))
        replica = stack.enter_context(redis_server("--replicaof", "127.0.0.1", str(primary.port), *AT_ONCE))
        sentinels = [started_sentinel(stack, tmp_path / f"sentinel{n}", primary.port) for n in range(3)]
        yield Watched((primary, replica), sentinels)


def started_sentinel(stack: ExitStack, directory: Path, primary_port: int, *lines: str) -> RedisServer:
    """One that loses patience soon."""
    server = sentinel(directory, primary_port, *lines)
    server.start()
    stack.callback(server.stop)
    return server


async def all_know_each_other(watched: Watched) -> None:
    """Before that a failover finds no replica, or no majority."""

    def ready(sentinel: RedisServer) -> bool:
        facts = sentinel.cli("SENTINEL", "MASTER", "mymaster").split("\n")
        known = dict(zip(facts[::2], facts[1::2], strict=False))
        return known.get("num-slaves") == "1" and known.get("num-other-sentinels") == "2"

    await wait_until(
        lambda: all(map(ready, watched.sentinels)), description="they know each other", within_s=FAILOVER_WITHIN_S
    )
    await wait_until(
        lambda: "master_link_status:up" in watched.servers[1].cli("INFO", "replication"), description="it follows"
    )


class TestSentinel:
    """`redis+sentinel://`."""

    async def test_the_store_follows_the_primary(self, watched: Watched) -> None:
        """A failover while all live: errors for a moment, then all that was there is there, in another life."""
        await all_know_each_other(watched)
        async with store_at(watched.url, "realm") as store:
            world = world_of(store)
            ana = await world.waiting(ANA)
            life = store._life
            assert watched.servers[0].cli("WAIT", "1", "5000").strip() == "1", "the replica has it"

            watched.sentinels[0].cli("SENTINEL", "FAILOVER", "mymaster")
            await wait_until(
                lambda: watched.primary_port() != watched.servers[0].port,
                description="another primary",
                within_s=FAILOVER_WITHIN_S,
            )

            async with asyncio.timeout(FAILOVER_WITHIN_S):
                while store._life == life:
                    await error_of(store.live_pairs([PAIR]))
                    await asyncio.sleep(0.05)
            assert "role:master" in watched.servers[0].cli("INFO", "replication"), "it takes writes still, all in vain"

            await until_it_works(lambda: store.cancel(ana, 1), FAILOVER_WITHIN_S)
            await serves(store)
            assert store._life != life
            assert await store.vouch(GATEWAY, [await world.word_of(ana)]) == []
            await store.remember_blocks(ANA, [])
            assert await world.find(ana, 2) is Outcome.DONE
            assert list(await world.queue()) == [ANA]

    async def test_a_dead_primary_is_replaced(self, watched: Watched) -> None:
        """After a kill -9 the store finds the new one by itself, and readers do too."""
        await all_know_each_other(watched)
        async with store_at(watched.url, "realm") as store:
            world = world_of(store)
            await world.waiting(ANA)
            assert await store.read_news(GATEWAY, 0, 20)
            assert watched.servers[0].cli("WAIT", "1", "5000").strip() == "1", "the replica has it"

            watched.servers[0].kill()

            await until_it_works(lambda: store.keep_alive(GATEWAY), FAILOVER_WITHIN_S)
            assert list(await world.queue()) == [ANA]
            await until_it_works(lambda: store.read_news(GATEWAY, 0, 20))

    async def test_all_believe_in_the_same_life_when_the_first_replica_comes(self, tmp_path: Path) -> None:
        """Redis takes another id then, and breaks no connection: whoever came before would begin it anew for ever."""
        with ExitStack() as stack:
            primary = stack.enter_context(redis_server(*AT_ONCE))
            async with store_at(primary.url, "realm") as early:
                await early.keep_alive(GATEWAY)
                before = early._life
                replica = stack.enter_context(redis_server("--replicaof", "127.0.0.1", str(primary.port), *AT_ONCE))
                await wait_until(
                    lambda: "master_link_status:up" in replica.cli("INFO", "replication"), description="it follows"
                )
                async with store_at(primary.url, "realm") as late:
                    await late.keep_alive(GATEWAY)
                    assert late._life != before
                    async with asyncio.timeout(FAILOVER_WITHIN_S):
                        while early._life != late._life:
                            await error_of(early.live_pairs([PAIR]))

    async def test_a_store_may_be_closed_at_once(self, watched: Watched) -> None:
        """As the parent of `duologue serve` does once Redis answers: nothing that looks after the primary stays."""
        async with asyncio.timeout(FAILOVER_WITHIN_S):
            for _ in range(20):
                async with store_at(watched.url, "realm") as store:
                    await store.keep_alive(GATEWAY)

    async def test_a_sentinel_may_want_a_password_of_its_own(self, tmp_path: Path) -> None:
        """It is not that of Redis."""
        with ExitStack() as stack:
            primary = stack.enter_context(redis_server(*AT_ONCE))
            guarded = started_sentinel(stack, tmp_path / "guarded", primary.port, "requirepass of-the-sentinel")
            url = f"redis+sentinel://127.0.0.1:{guarded.port}/mymaster"

            await people_meet(f"{url}?sentinel_password=of-the-sentinel")
            async with store_at(url, "realm") as store:
                with pytest.raises(BackendError):
                    await store.keep_alive(GATEWAY)

    async def test_a_service_that_no_sentinel_knows_is_told(self, watched: Watched) -> None:
        """By an error that names it."""
        async with store_at(watched.url.replace("mymaster", "nobody"), "realm") as store:
            with pytest.raises(Exception, match="nobody"):
                await store.keep_alive(GATEWAY)


class TestCluster:
    """`redis+cluster://`: one slot, wherever it is."""

    async def test_a_cluster_of_one(self) -> None:
        """All slots are there."""
        with cluster_node() as server:
            server.cli("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
            await whole(server)
            await people_meet(f"redis+cluster://127.0.0.1:{server.port}")

    async def test_the_node_that_has_our_slot_is_found(self) -> None:
        """Whichever node is asked first: it says where the slot is. When the slot moves, we follow."""
        with cluster_node() as one, cluster_node() as two:
            one.cli("CLUSTER", "ADDSLOTSRANGE", "0", "8191")
            two.cli("CLUSTER", "ADDSLOTSRANGE", "8192", "16383")
            one.cli("CLUSTER", "MEET", "127.0.0.1", str(two.port), two.cli("CONFIG", "GET", "cluster-port").split()[1])
            await whole(one)
            await whole(two)
            slot = int(one.cli("CLUSTER", "KEYSLOT", Keys("realm").due))
            owner, other = (one, two) if slot < 8192 else (two, one)

            await people_meet(f"redis+cluster://127.0.0.1:{other.port}")
            assert "keys=" in owner.cli("INFO", "keyspace")

            async with store_at(f"redis+cluster://127.0.0.1:{other.port}", "realm") as store:
                await store.keep_alive(GATEWAY)
                errors_counted = Counted(metrics.STORE_ERRORS)
                await move_slot(slot, owner, other)
                await serves(store)
                assert errors_counted()["moved"] >= 1
                assert "keys=" in other.cli("INFO", "keyspace")

    async def test_a_node_that_is_away_is_no_reason_to_despair(self) -> None:
        """Any of the nodes that are named will do."""
        with cluster_node() as server:
            server.cli("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
            await whole(server)
            await people_meet(f"redis+cluster://127.0.0.1:{free_port()},127.0.0.1:{server.port}")


@contextmanager
def cluster_node() -> Iterator[RedisServer]:
    """A node without any slots. Its second port would be too high by default."""
    with redis_server("--cluster-enabled", "yes", "--cluster-port", str(free_port())) as server:
        yield server


async def whole(server: RedisServer) -> None:
    """The Cluster answers."""
    await wait_until(
        lambda: "cluster_state:ok" in server.cli("CLUSTER", "INFO"), description="the cluster is up", within_s=30
    )


async def move_slot(slot: int, source: RedisServer, target: RedisServer) -> None:
    """With nothing in it: what was there is lost, as after a bad failover."""
    source.cli("FLUSHALL")
    name = target.cli("CLUSTER", "MYID").strip()
    for server in (target, source):
        server.cli("CLUSTER", "SETSLOT", str(slot), "NODE", name)
    await asyncio.sleep(0)


def test_a_password_is_never_shown() -> None:
    """Addresses as they may be logged."""
    for url in (
        "redis://u:secret@h:1/0",
        "redis+sentinel://u:secret@h/s",
        "redis+cluster://u:secret@h",
        "unix://u:secret@/s",
    ):
        assert "secret" not in str(parse(url))
        assert parse(url).options["password"] == "secret"


def test_options_of_sentinels_and_of_redis_are_told_apart() -> None:
    """TLS is for both, a password for one of them."""
    address = parse(
        "rediss+sentinel://:secret@h/s?sentinel_password=other&ssl_ca_certs=/ca.pem&health_check_interval=3"
    )

    assert address.options["password"] == "secret"
    assert address.options["ssl_ca_certs"] == "/ca.pem"
    assert dict(address.sentinel) == {"password": "other", "ssl": True, "ssl_ca_certs": "/ca.pem"}


@pytest.mark.parametrize("url", ["http://h", "redis+sentinel://h", "redis+other://h/x", "redis+cluster://", "h:6379"])
def test_an_address_that_cannot_be_read_is_told_with_those_that_can(url: str) -> None:
    """All forms are named."""
    with pytest.raises(StartupError, match=r"redis[+]sentinel://"):
        parse(url)


@pytest.mark.parametrize(
    "url",
    ["redis://u:secret/x@h/0", "redis://u:secret#x@h/0", "redis://h:secret/0", "redis+sentinel://u:secret/x@h/s"],
)
def test_an_address_that_cannot_be_read_is_not_repeated(url: str) -> None:
    """A password with a slash looks like a port to the library, whose text says so."""
    with pytest.raises(StartupError, match=r"percent-encoded|one of the hosts") as refused:
        parse(url)

    assert "secret" not in "".join(traceback.format_exception(refused.value))


def test_two_passwords_are_one_too_many() -> None:
    """Which one counts would be a riddle."""
    with pytest.raises(StartupError, match="twice"):
        parse("redis://:one@h", "two")
    assert parse("redis://h", "two").options["password"] == "two"
