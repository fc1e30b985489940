"""One connection on which many ask: who is not asked, and that nobody waits for long."""

from __future__ import annotations

import asyncio

from duologue.errors import BackendError, Unavailable
from duologue.metrics import definitions as metrics
from duologue.store.redis import line as module
from duologue.store.redis.scripts import Applied, Changes, apply
from tests.contract.stores import GATEWAY, shared_redis
from tests.figures import Counted
from tests.store.redis.keyspace import Keyspace
from tests.store.redis.relay import relay_to
from tests.store.redis.rig import REALMS, error_of, store_at


async def test_what_was_decided_in_another_life_of_the_store_is_not_written() -> None:
    """After a failover the versions that were read say nothing: decide again."""
    realm = f"line{next(REALMS)}"
    kept = Keyspace(shared_redis(), realm)
    key = f"{kept.prefix}person:ana"
    async with store_at(shared_redis().url, realm) as store:
        await store.keep_alive(GATEWAY)
        now = store._life
        write = [("SET", key, "7\n{}")]

        assert await apply(store._line, Changes("before", {key: ""}, [], write)) is Applied.CHANGED
        assert kept.names("person") == []
        assert await apply(store._line, Changes(now, {key: ""}, [], write)) is Applied.DONE
        assert kept.names("person") == ["person:ana"]
    kept.clear()


async def test_more_questions_than_redis_can_answer_in_time_are_not_asked() -> None:
    """Who waited too long in the line hears that nothing happened, and Redis is spared."""
    async with relay_to(shared_redis().port) as relay, store_at(relay.url) as store:
        await store.keep_alive(GATEWAY)
        relay.delay_s = module.SENT_WITHIN_S / 3.8  # each way

        async def ask() -> BackendError | None:
            return await error_of(store._line.ask(("PING",)))

        errors_counted = Counted(metrics.STORE_ERRORS)
        errors = await asyncio.gather(*(ask() for _ in range(module.BATCH * 3)))

        assert [error for error in errors[: module.BATCH] if error is not None] == []
        late = [error for error in errors if error is not None]
        assert late, "the last of them waited for two round trips"
        assert all(isinstance(error, Unavailable) for error in late)
        assert errors_counted() == {"slow": len(late)}


async def test_too_many_questions_are_refused_at_once() -> None:
    """A bound on what waits."""
    async with store_at(shared_redis().url) as store:
        asked = [asyncio.ensure_future(store._line.ask(("PING",))) for _ in range(module.WAITING_AT_MOST)]
        await asyncio.sleep(0)

        error = await error_of(store._line.ask(("PING",)))

        assert isinstance(error, Unavailable)
        assert "too much" in str(error)
        await asyncio.gather(*asked)


async def test_whoever_is_cancelled_does_not_disturb_the_others() -> None:
    """Their answer is read all the same."""
    async with store_at(shared_redis().url) as store:
        asked = [asyncio.ensure_future(store._line.ask(("ECHO", str(n)))) for n in range(10)]
        await asyncio.sleep(0)
        asked[3].cancel()

        answers = await asyncio.gather(*asked, return_exceptions=True)

        assert [answer[0] for n, answer in enumerate(answers) if n != 3 and isinstance(answer, tuple)] == [
            str(n).encode() for n in range(10) if n != 3
        ]


async def test_nobody_waits_for_a_connection_that_cannot_be_made() -> None:
    """Such as for an option in REDIS_URL that there is not."""
    async with store_at(f"{shared_redis().url}?no_such_option=1") as store:
        error = await error_of(store._line.ask(("PING",)))

        assert isinstance(error, Unavailable)
        assert "TypeError" in str(error)
