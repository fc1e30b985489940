"""Is this a Redis to build on? One test for each judgement, and one look at a real server."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from duologue.clock import SystemClock
from duologue.doctor import redis as judged
from duologue.doctor.finding import Finding, Level, worst
from duologue.doctor.run import Subject
from duologue.settings import RedisSettings, Settings
from duologue.store.redis.examine import RedisFacts, Refusal, examine
from tests.fakes import CountingRng, ManualClock, free_port
from tests.redis_server import RedisServer, redis_server

GOOD = RedisFacts(
    address="10.0.0.5:6379",
    kind="single",
    tls=False,
    info={
        "redis_version": "7.2.4",
        "redis_mode": "standalone",
        "used_memory": "1000000",
        "maxmemory": "10000000",
        "aof_enabled": "1",
        "connected_clients": "10",
        "maxclients": "10000",
        "connected_slaves": "0",
    },
    config={"maxmemory-policy": "noeviction", "appendfsync": "everysec", "save": "", "min-replicas-to-write": "0"},
    refused={},
    pings_ms=[0.2] * 200,
    ahead_ms=3,
    slot=7,
    sentinels={},
)


def facts(*, info: dict[str, str] | None = None, config: dict[str, str] | None = None, **changes: Any) -> RedisFacts:
    """A good Redis, but for this."""
    return GOOD._replace(info={**GOOD.info, **(info or {})}, config={**GOOD.config, **(config or {})}, **changes)


def present(finding: Finding | None) -> Finding:
    assert finding is not None
    return finding


def test_a_good_one_is_good_in_every_respect() -> None:
    """No warning for what is as the guide has it."""
    assert {finding.level for finding in judged.judge(GOOD)} == {Level.OK}


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("connection", "REDIS_URL"),
        ("wrongpass", "password"),
        ("noauth", "password"),
        ("noperm", "ACL rule"),
        ("moved", "redis+cluster://"),
        ("unfit", "7.0"),
        ("never heard of", "log"),
    ],
)
def test_one_out_of_reach_has_a_fix_for_each_reason(kind: str, word: str) -> None:
    """And nothing else is said about it."""
    (finding,) = judged.judge(Refusal("10.0.0.5:6379", kind, "what it said"))

    assert finding.level is Level.PROBLEM
    assert "what it said" in finding.seen
    assert word in finding.fix


def test_a_node_of_a_cluster_is_no_single_server() -> None:
    """The store would hear MOVED for most keys."""
    finding = present(judged.form(facts(info={"redis_mode": "cluster"})))

    assert (finding.level, "redis+cluster://" in finding.fix) == (Level.PROBLEM, True)


def test_a_cluster_is_told_to_be_one_slot() -> None:
    """So that nobody expects a realm to spread."""
    finding = present(judged.form(facts(info={"redis_mode": "cluster"}, kind="cluster")))

    assert (finding.level, "slot 7" in finding.seen) == (Level.OK, True)


def test_a_single_server_is_no_cluster() -> None:
    """It works, but the URL says something else."""
    assert present(judged.form(facts(kind="cluster"))).level is Level.WARNING


def test_a_command_that_is_refused_is_named() -> None:
    """With the rule that allows it."""
    finding = present(judged.allowed(facts(refused={"XADD": "noperm", "SCRIPT LOAD": "noperm"})))

    assert finding.level is Level.PROBLEM
    assert "XADD, SCRIPT LOAD" in finding.seen
    assert "ACL rule" in finding.fix


@pytest.mark.parametrize(("kind", "word"), [("oom", "maxmemory"), ("misconf", "disk"), ("noreplicas", "min-replicas")])
def test_a_redis_that_takes_no_writes_says_why(kind: str, word: str) -> None:
    """Not everything that is refused is a matter of the ACL."""
    assert word in present(judged.allowed(facts(refused={"SET": kind}))).fix


@pytest.mark.parametrize(
    ("pings_ms", "level"),
    [
        ([0.2] * 200, Level.OK),
        ([8.0] * 200, Level.WARNING),
        ([0.2] * 190 + [80.0] * 10, Level.WARNING),
        ([0.2] * 190 + [400.0] * 10, Level.PROBLEM),
    ],
)
def test_latency_is_judged_by_the_median_and_the_tail(pings_ms: list[float], level: Level) -> None:
    """A far away Redis is as bad as one that stutters."""
    assert present(judged.latency(facts(pings_ms=pings_ms))).level is level


def test_a_policy_that_evicts_is_a_problem() -> None:
    """Also where it comes from INFO, because CONFIG is not allowed."""
    for found in (
        facts(config={"maxmemory-policy": "allkeys-lru"}),
        GOOD._replace(config={}, info={**GOOD.info, "maxmemory_policy": "allkeys-lru"}),
    ):
        finding = present(judged.policy(found))

        assert (finding.level, "noeviction" in finding.fix) == (Level.PROBLEM, True)


@pytest.mark.parametrize(
    ("used", "most", "level"),
    [(1, 0, Level.WARNING), (50, 100, Level.OK), (90, 100, Level.WARNING), (99, 100, Level.PROBLEM)],
)
def test_memory_has_a_limit_and_room(used: int, most: int, level: Level) -> None:
    """Full means that every change is refused."""
    assert present(judged.memory(facts(info={"used_memory": str(used), "maxmemory": str(most)}))).level is level


@pytest.mark.parametrize(
    ("info", "config", "level", "words"),
    [
        ({"aof_enabled": "1"}, {"appendfsync": "everysec"}, Level.OK, "a second"),
        ({"aof_enabled": "1"}, {"appendfsync": "always"}, Level.OK, "nothing is lost"),
        ({"aof_enabled": "1", "aof_last_write_status": "err"}, {}, Level.PROBLEM, "could not be written"),
        ({"aof_enabled": "0"}, {"save": "3600 1"}, Level.WARNING, "snapshots only"),
        ({"aof_enabled": "0"}, {"save": ""}, Level.WARNING, "forgets"),
        ({"aof_enabled": "0", "rdb_last_bgsave_status": "err"}, {"save": "3600 1"}, Level.PROBLEM, "snapshot"),
    ],
)
def test_persistence_says_what_a_restart_costs(
    info: dict[str, str], config: dict[str, str], level: Level, words: str
) -> None:
    """Each way of keeping things, and none."""
    finding = present(judged.persistence(facts(info=info, config=config)))

    assert (finding.level, words in finding.seen) == (level, True)


def test_persistence_that_is_not_told_is_not_guessed() -> None:
    """Managed ones often refuse CONFIG."""
    finding = present(judged.persistence(GOOD._replace(config={}, info={**GOOD.info, "aof_enabled": "0"})))

    assert "does not tell" in finding.seen


def test_a_primary_with_replicas_should_need_one() -> None:
    """Else one that is cut off goes on taking what the failover forgets."""
    alone = present(judged.replicas(facts(info={"connected_slaves": "2"})))
    needs = present(judged.replicas(facts(info={"connected_slaves": "2"}, config={"min-replicas-to-write": "1"})))

    assert (alone.level, needs.level) == (Level.WARNING, Level.OK)
    assert "min-replicas-to-write 1" in alone.fix


@pytest.mark.parametrize(
    ("named", "level"),
    [
        (["a:1", "a:1", "a:1"], Level.OK),
        (["a:1", "a:1", ""], Level.WARNING),
        (["a:1", "a:1"], Level.WARNING),
        (["a:1", "b:1", "a:1"], Level.PROBLEM),
    ],
)
def test_sentinels_are_three_and_agree(named: list[str], level: Level) -> None:
    """Two that name different primaries are a failover, or two services of one name."""
    sentinels = {f"s{number}:26379": primary for number, primary in enumerate(named)}

    assert present(judged.sentinels(facts(sentinels=sentinels))).level is level


def test_connections_are_not_used_up() -> None:
    """The next process would not get in."""
    assert present(judged.connections(facts(info={"connected_clients": "9500"}))).level is Level.WARNING


@pytest.mark.parametrize(("ahead_ms", "level"), [(40, Level.OK), (-5_000, Level.WARNING), (60_000, Level.PROBLEM)])
def test_clocks_agree(ahead_ms: int, level: Level) -> None:
    """In both directions."""
    assert present(judged.clock(facts(ahead_ms=ahead_ms))).level is level


async def test_without_redis_url_serve_has_no_store_and_dev_needs_none() -> None:
    """The fix tells both."""
    (served,) = await judged.examine_redis(Subject(Settings(), ManualClock(), CountingRng()))
    (dev,) = await judged.examine_redis(Subject(Settings(), ManualClock(), CountingRng(), dev=True))

    assert (served.level, dev.level) == (Level.PROBLEM, Level.OK)
    assert "REDIS_URL" in served.fix
    assert "--dev" in served.fix


async def test_a_real_one_is_seen_as_it_is() -> None:
    """And nothing is left in it."""
    options = ("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru", "--appendonly", "yes")
    with redis_server(*options) as server:
        found = await examine(RedisSettings(url=server.url), SystemClock())
        left = server.cli("KEYS", "*").strip()

    assert isinstance(found, RedisFacts)
    assert found.info["redis_version"].startswith("7.")
    assert (found.config["maxmemory-policy"], found.info["aof_enabled"]) == ("allkeys-lru", "1")
    assert (found.refused, left) == ({}, "")
    assert len(found.pings_ms) == 200
    assert abs(found.ahead_ms) < 5_000


async def test_a_real_one_that_is_a_replica_is_unfit() -> None:
    """The store would write nothing there."""
    with redis_server() as primary, redis_server("--replicaof", "127.0.0.1", str(primary.port)) as replica:
        found = await examine(RedisSettings(url=replica.url), SystemClock())

    assert isinstance(found, Refusal)
    assert (found.kind, "replica" in found.detail) == ("unfit", True)


async def test_a_wrong_password_is_told_and_never_shown() -> None:
    """Neither in the text nor in the fix."""
    with redis_server("--requirepass", "right") as server:
        (finding,) = judged.judge(
            await examine(RedisSettings(url=f"redis://:wr0ng-one@127.0.0.1:{server.port}"), SystemClock())
        )

    assert finding.level is Level.PROBLEM
    assert "password" in finding.fix
    assert "wr0ng-one" not in finding.seen + finding.fix


async def test_nobody_there_is_told() -> None:
    """With the address that was tried."""
    port = free_port()
    found = await examine(RedisSettings(url=f"redis://127.0.0.1:{port}"), SystemClock())

    assert isinstance(found, Refusal)
    assert (found.kind, found.address) == ("connection", f"127.0.0.1:{port}")


async def test_a_real_cluster_is_found_by_its_slot() -> None:
    """Two nodes: whichever is named, the one with our slot is looked at. As a single server it is a problem."""
    bus, other_bus = str(free_port()), str(free_port())
    options = ("--cluster-enabled", "yes", "--cluster-port")
    with redis_server(*options, bus) as first, redis_server(*options, other_bus) as second:
        _join(first, second, other_bus)
        seeds = [f"redis+cluster://127.0.0.1:{node.port}" for node in (first, second)]
        found = [await examine(RedisSettings(url=url), SystemClock()) for url in seeds]
        single = judged.judge(await examine(RedisSettings(url=second.url), SystemClock()))

    for facts_ in found:
        assert isinstance(facts_, RedisFacts)
        assert (facts_.refused, facts_.info["tcp_port"]) == ({}, str(first.port))
    assert worst(single) is Level.PROBLEM


def _join(first: RedisServer, second: RedisServer, bus: str) -> None:
    """A Cluster of two, whose lower slots, ours among them, are the first one's."""
    first.cli("CLUSTER", "ADDSLOTSRANGE", "0", "13000")
    second.cli("CLUSTER", "ADDSLOTSRANGE", "13001", "16383")
    first.cli("CLUSTER", "SET-CONFIG-EPOCH", "1")
    second.cli("CLUSTER", "SET-CONFIG-EPOCH", "2")
    first.cli("CLUSTER", "MEET", "127.0.0.1", str(second.port), bus)
    give_up = monotonic() + 20
    while not all("cluster_state:ok" in node.cli("CLUSTER", "INFO") for node in (first, second)):
        assert monotonic() < give_up, "the nodes do not find each other"
        sleep(0.05)


@contextmanager
def _sentinel(of: RedisServer, folder: Path) -> Iterator[int]:
    """One that watches this primary as `mymaster`; its port."""
    port, file = free_port(), folder / "sentinel.conf"
    watched = f"sentinel monitor mymaster 127.0.0.1 {of.port} 1"
    file.write_text(f"port {port}\nbind 127.0.0.1\ndir {folder}\n{watched}\n")
    binary = shutil.which("redis-server")
    assert binary
    process = subprocess.Popen([binary, str(file), "--sentinel", "--logfile", str(folder / "sentinel.log")])
    try:
        give_up = monotonic() + 20
        while not _listens(port):
            assert monotonic() < give_up, "the Sentinel does not listen"
            sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


async def test_a_real_sentinel_is_asked(tmp_path: Path) -> None:
    """And one that does not answer is told of by its address."""
    dead = free_port()
    with redis_server() as primary, _sentinel(primary, tmp_path) as port:
        url = f"redis+sentinel://127.0.0.1:{port},127.0.0.1:{dead}/mymaster"
        found = await examine(RedisSettings(url=url), SystemClock())

    assert isinstance(found, RedisFacts)
    assert found.sentinels == {f"127.0.0.1:{port}": f"127.0.0.1:{primary.port}", f"127.0.0.1:{dead}": ""}
    assert present(judged.sentinels(found)).level is Level.WARNING
