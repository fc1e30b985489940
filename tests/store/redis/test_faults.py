"""A real Redis that goes wrong in every way we know: callers hear what happened, nothing hangs, all comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from duologue.errors import BackendError, OutcomeUnknown, Unavailable
from duologue.ids import PersonId
from duologue.ledger import Outcome
from duologue.metrics import definitions as metrics
from duologue.ports import ResyncNeeded
from duologue.store.redis import RedisStore
from duologue.store.redis.scripts import APPLY, LOAD
from tests.builders import ANA
from tests.contract.stores import GATEWAY, PAIR, SHARD, asking, wish
from tests.fakes import free_port, wait_until
from tests.figures import Counted
from tests.redis_server import RedisServer, redis_server
from tests.store.redis.relay import Relay, relay_to
from tests.store.redis.rig import AT_MOST_S, error_of, serves, store_at, world_of


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A server of this test's own."""
    with redis_server() as server:
        yield server


@pytest.fixture
async def store(server: RedisServer) -> AsyncIterator[RedisStore]:
    """A store on it, that has spoken with it."""
    async with store_at(server.url) as store:
        await store.keep_alive(GATEWAY)
        yield store


@pytest.fixture
async def relay(server: RedisServer) -> AsyncIterator[Relay]:
    """A network between a store and the server."""
    async with relay_to(server.port) as relay:
        yield relay


@pytest.fixture
async def far(relay: Relay) -> AsyncIterator[RedisStore]:
    """A store that reaches the server over that network."""
    async with store_at(relay.url) as store:
        await store.keep_alive(GATEWAY)
        yield store


@pytest.fixture
def faults() -> Counted:
    """What was counted since the beginning of the test."""
    return Counted(metrics.STORE_ERRORS)


class TestWhatRedisRefuses:
    """It answers, and says no: nothing happened."""

    async def test_forgotten_scripts_are_told_anew(
        self, server: RedisServer, store: RedisStore, faults: Counted
    ) -> None:
        """NOSCRIPT: nobody hears of it, and what was asked happens once."""
        world = world_of(store)
        ana = await world.here(ANA)
        server.cli("SCRIPT", "FLUSH")

        assert await world.find(ana) is Outcome.DONE

        events, position = await store.read_queue(SHARD, 0, 0)
        assert (len(events), position) == (1, 1)
        assert faults() == {}

    async def test_many_who_ask_at_once_survive_forgotten_scripts(self, server: RedisServer, store: RedisStore) -> None:
        """All of a batch are asked again, each once."""
        world = world_of(store)
        callers = [await world.here(PersonId(f"p{n}")) for n in range(20)]
        server.cli("SCRIPT", "FLUSH")

        assert set(await asyncio.gather(*(world.find(caller) for caller in callers))) == {Outcome.DONE}

        _, position = await store.read_queue(SHARD, 0, 0)
        assert position == 20

    async def test_a_replica_is_told_from_the_primary(
        self, server: RedisServer, store: RedisStore, faults: Counted
    ) -> None:
        """READONLY: nothing happened; once it is a primary again, all goes on in another life of the store."""
        life = store._life
        server.cli("REPLICAOF", "127.0.0.1", str(free_port()))

        assert isinstance(await error_of(store.keep_alive(GATEWAY)), Unavailable)
        assert isinstance(await error_of(store.keep_alive(GATEWAY)), Unavailable)
        assert {"readonly"} <= set(faults()) <= {"readonly", "connection"}

        server.cli("REPLICAOF", "NO", "ONE")
        await serves(store)
        assert store._life != life

    async def test_a_full_disk_is_told(self, server: RedisServer, store: RedisStore, faults: Counted) -> None:
        """MISCONF: the operator is told where to look, and nothing happened."""
        in_the_way = Path(server.directory, "dump.rdb")
        in_the_way.mkdir()
        server.cli("CONFIG", "SET", "save", "3600 1")
        server.cli("BGSAVE")
        await wait_until(
            lambda: "rdb_last_bgsave_status:err" in server.cli("INFO", "persistence"), description="it fails"
        )

        error = await error_of(store.keep_alive(GATEWAY))

        assert isinstance(error, Unavailable)
        assert "disk" in str(error)
        assert set(faults()) == {"misconf"}
        in_the_way.rmdir()
        server.cli("BGSAVE")
        await serves(store)

    async def test_a_full_memory_is_told(self, server: RedisServer, store: RedisStore, faults: Counted) -> None:
        """OOM: what is written whole or not at all is not written; what is read still is."""
        world = world_of(store)
        ana = await world.waiting(ANA)
        server.cli("CONFIG", "SET", "maxmemory", "1")

        error = await error_of(store.find(ana, wish(ana, 2)))

        assert isinstance(error, Unavailable)
        assert "maxmemory" in str(error)
        assert faults() == {"oom": 1}
        assert list(await world.queue()) == [ANA]
        server.cli("CONFIG", "SET", "maxmemory", "0")
        assert await store.find(ana, wish(ana, 2)) is Outcome.DONE

    async def test_a_busy_script_of_somebody_else_passes(
        self, server: RedisServer, store: RedisStore, faults: Counted
    ) -> None:
        """BUSY: an error meanwhile, and then it works."""
        server.cli("CONFIG", "SET", "busy-reply-threshold", "10")
        blocker = asyncio.create_task(asyncio.to_thread(server.cli, "EVAL", "while true do end", "0"))
        await wait_until(lambda: "BUSY" in server.cli("PING"), description="it is busy")

        assert isinstance(await error_of(store.keep_alive(GATEWAY)), Unavailable)

        server.cli("SCRIPT", "KILL")
        await blocker
        assert set(faults()) == {"busy"}
        await serves(store)

    async def test_a_server_that_loads_its_data_is_waited_for(self, tmp_path: Path, faults: Counted) -> None:
        """LOADING: an error meanwhile, and then it works with what was saved."""
        before = RedisServer(tmp_path)
        before.start()
        before.cli("EVAL", "for i = 1, 3000 do redis.call('SET', 'key' .. i, '') end", "0")
        before.cli("SAVE")
        before.kill()
        slow = RedisServer(
            tmp_path, "--key-load-delay", "500", "--loading-process-events-interval-bytes", "1024", port=before.port
        )
        slow.start()
        try:
            async with store_at(slow.url) as store:
                error = await error_of(store.keep_alive(GATEWAY))
                assert isinstance(error, Unavailable)
                assert "loading" in str(error)
                assert set(faults()) == {"loading"}
                await serves(store)
        finally:
            slow.stop()


class TestWhoMayAsk:
    """Users, passwords and rights."""

    @pytest.mark.parametrize(
        ("credentials", "kind"), [("", "noauth"), (":wrong@", "noauth"), ("nobody:wrong@", "noauth")]
    )
    async def test_a_refused_password_is_told_and_not_shown(self, credentials: str, kind: str, faults: Counted) -> None:
        """NOAUTH and WRONGPASS: the text names the setting, and no secret."""
        with redis_server("--requirepass", "secret") as server:
            async with store_at(f"redis://{credentials}127.0.0.1:{server.port}/0") as store:
                error = await error_of(store.keep_alive(GATEWAY))

                assert isinstance(error, Unavailable)
                assert "REDIS_URL" in str(error)
                assert "wrong" not in str(error)
                assert faults() == {kind: 1}

    async def test_a_user_with_too_few_rights_is_told(self, server: RedisServer, faults: Counted) -> None:
        """NOPERM: the text says what it is about; once it may, it works."""
        server.cli("ACL", "SETUSER", "duo", "on", ">pw", "~*", "+@all", "-evalsha")
        async with store_at(f"redis://duo:pw@127.0.0.1:{server.port}/0") as store:
            error = await error_of(store.keep_alive(GATEWAY))

            assert isinstance(error, Unavailable)
            assert "ACL" in str(error)
            assert set(faults()) == {"noperm"}
            server.cli("ACL", "SETUSER", "duo", "+evalsha")
            await serves(store)

    async def test_a_user_who_may_load_no_script_leaves_no_connection_behind(self, server: RedisServer) -> None:
        """Each try ends its connection."""
        server.cli("ACL", "SETUSER", "duo", "on", ">pw", "~*", "+@all", "-script")
        async with store_at(f"redis://duo:pw@127.0.0.1:{server.port}/0") as store:
            for _ in range(3):
                assert isinstance(await error_of(store.keep_alive(GATEWAY)), Unavailable)
                await asyncio.sleep(0)
            await wait_until(lambda: "user=duo" not in server.cli("CLIENT", "LIST"), description="all are closed")


class TestWhatBreaks:
    """It does not answer."""

    async def test_a_killed_connection_is_made_anew(self, server: RedisServer, store: RedisStore) -> None:
        """CLIENT KILL between two questions: nobody hears of it."""
        server.cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        await wait_until(store._line._link.connection._reader.at_eof, description="we saw the end")  # type: ignore[union-attr]

        assert await error_of(store.keep_alive(GATEWAY)) is None

    async def test_a_server_that_stands_still_hangs_nobody(
        self, server: RedisServer, store: RedisStore, faults: Counted
    ) -> None:
        """SIGSTOP: everybody hears within the bound that nobody knows; SIGCONT: what was asked happened once."""
        world = world_of(store)
        ana = await world.here(ANA)
        server.freeze()
        began = time.monotonic()

        errors = await asyncio.gather(*(error_of(store.keep_alive(GATEWAY)) for _ in range(500)))

        assert time.monotonic() - began < AT_MOST_S
        assert all(isinstance(error, BackendError) for error in errors)
        assert "timeout" in faults()
        server.thaw()
        await serves(store)
        assert await world.find(asking(ana, "r1")) is Outcome.DONE

    async def test_a_server_that_was_killed_is_found_again_empty(self, server: RedisServer, store: RedisStore) -> None:
        """Kill -9 and a new start: it is another life of the store, and gateways are told so."""
        before = store._life
        server.kill()
        assert isinstance(await error_of(store.keep_alive(GATEWAY)), BackendError)
        server.start()

        await serves(store)
        assert store._life != before
        assert await store.keep_alive(GATEWAY)
        await world_of(store).waiting(ANA)

    async def test_nobody_there_is_told_at_once(self, faults: Counted) -> None:
        """Connection refused: told in no time, tried again after a pause."""
        port = free_port()
        async with store_at(f"redis://127.0.0.1:{port}/0") as store:
            began = time.monotonic()
            errors = [await error_of(store.keep_alive(GATEWAY)) for _ in range(50)]

            assert time.monotonic() - began < 2
            assert all(isinstance(error, Unavailable) for error in errors)
            assert 1 <= faults()["connection"] < 10
            with redis_server() as other:
                assert other.port != port

    async def test_a_pulled_cable_hangs_nobody(self, relay: Relay, far: RedisStore, faults: Counted) -> None:
        """Half-open: within the bound everybody hears; with the cable back it works."""
        relay.silent = True

        error = await error_of(far.keep_alive(GATEWAY))

        assert isinstance(error, BackendError)
        assert faults() == {"timeout": 1}
        relay.silent = False
        relay.cut()
        await serves(far)

    async def test_a_slow_network_slows_nobody_more_than_itself(self, relay: Relay, far: RedisStore) -> None:
        """300 ms for each round trip: a hundred who ask at once wait together, not in turns."""
        world = world_of(far)
        callers = [await world.here(PersonId(f"p{n}")) for n in range(100)]
        relay.delay_s = 0.15
        began = time.monotonic()

        assert set(await asyncio.gather(*(world.find(caller) for caller in callers))) == {Outcome.DONE}

        assert time.monotonic() - began < 6

    async def test_a_lost_answer_to_a_write_is_told_as_unknown_and_repeated_safely(
        self, relay: Relay, far: RedisStore
    ) -> None:
        """It happened: the same request id gives its answer, and it does not happen again."""
        ana, _ = await world_of(far).talking()
        asked = asking(ana, "r1")
        _, told = await far.read_news(GATEWAY, 0, 0)
        relay.lose_answer_to = APPLY.digest.encode()

        assert isinstance(await error_of(far.leave(asked, PAIR)), OutcomeUnknown)
        _, told_then = await far.read_news(GATEWAY, told, 0)
        assert told_then == told + 2, "it happened: both were told"

        closed = await far.leave(asked, PAIR)
        assert closed.ended is not None
        assert closed.ended.id == PAIR, "the answer is that of the first time"
        assert await far.read_news(GATEWAY, told_then, 0) == ([], told_then), "it did not happen again"

    async def test_a_lost_answer_to_a_question_is_no_riddle(self, relay: Relay, far: RedisStore) -> None:
        """Reading changed nothing: `Unavailable`."""
        world = world_of(far)
        ana = await world.here(ANA)
        relay.lose_answer_to = LOAD.digest.encode()

        assert isinstance(await error_of(world.find(ana)), Unavailable)
        assert await world.find(ana) is Outcome.DONE

    async def test_a_reader_that_waits_hears_of_the_end(self, server: RedisServer, store: RedisStore) -> None:
        """Somebody who waits for news when Redis dies is told, and waits again later."""
        waits = asyncio.create_task(error_of(store.read_news(GATEWAY, 0, 5_000)))
        await wait_until(lambda: "cmd=xread" in server.cli("CLIENT", "LIST"), description="the reader waits")
        server.kill()

        assert isinstance(await waits, Unavailable)
        server.start()
        await serves(store)
        assert await store.read_news(GATEWAY, 0, 10) == ([], 0)

    @pytest.mark.parametrize("wait_ms", [0, 5_000])
    async def test_a_reader_skips_nothing_of_a_store_that_began_anew(self, server: RedisServer, wait_ms: int) -> None:
        """Its place is one of the life before, also where nothing else of its process has seen the new one yet."""
        async with store_at(server.url, "lives") as reader, store_at(server.url, "lives") as writer:
            await finds(writer, 1)
            _, place = await reader.read_news(GATEWAY, 0, 5_000)
            server.kill()
            server.start()
            await finds(writer, place + 2)

            with pytest.raises(ResyncNeeded) as anew:
                await reader.read_news(GATEWAY, place, wait_ms)
            news, _ = await reader.read_news(GATEWAY, anew.value.position, wait_ms)

        assert anew.value.position == 0
        assert len(news) > place > 0


async def finds(store: RedisStore, times: int) -> None:
    """Somebody comes in and searches so often."""
    await serves(store)
    world = world_of(store)
    ana = await world.here(ANA)
    for attempt in range(1, times + 1):
        await world.find(ana, attempt)
