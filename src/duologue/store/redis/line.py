"""One connection on which many ask: what is asked in one turn of the loop, or while an answer is on its way, goes out
together. A command alone costs three times as much CPU here as one among twenty.

Each question is answered once: with what Redis said, with `Unavailable` (it was not sent, or was refused), `Damaged`
(a key holds what is not ours) or `OutcomeUnknown` (it was sent). Nothing is asked twice, but for scripts that Redis has
forgotten. Nobody waits longer than `SENT_WITHIN_S`, the time to connect and `ANSWER_WITHIN_S` together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from hiredis import pack_command  # a third of the cost of the one in redis-py
from redis import exceptions
from redis.asyncio.connection import AbstractConnection

from duologue.errors import BackendError, Unavailable
from duologue.metrics import definitions as metrics
from duologue.ports import Clock
from duologue.store.redis import faults
from duologue.store.redis.primary import ASK_LIFE, Link, facts, life
from duologue.tasks import Tasks

BATCH = 256
WAITING_AT_MOST = 20_000
SENT_WITHIN_S = 3.0
ANSWER_WITHIN_S = 3.0
FIRST_PAUSE_MS = 50
LONGEST_PAUSE_MS = 1_000
WATCH_EVERY_MS = 1_000


class Connector(Protocol):
    """Brings a connection; raises errors of redis-py, `OSError` and `TimeoutError`."""

    async def connect(self) -> Link: ...

    async def was_replaced(self, link: Link) -> bool:
        """Whether there is another primary by now. Raises nothing."""


class AnotherLife(Exception):
    """The store is not the one that this question was about: it was not asked."""


class Question(NamedTuple):
    """A command, and who waits for its answer."""

    command: tuple[Any, ...]
    answer: asyncio.Future[tuple[Any, str]]
    asked_ms: int
    life: str | None


class Line:
    """Asks one at a time or many at once; the order is kept."""

    def __init__(self, connector: Connector, scripts: Mapping[str, bytes], clock: Clock, tasks: Tasks) -> None:
        self._connector = connector
        self._scripts = scripts
        self._clock = clock
        self._tasks = tasks
        self._link: Link | None = None
        self._carrying: Link | None = None
        """On which a batch is on its way: it is read to its end before that one may be left."""
        self._waiting: list[Question] = []
        self._pumping = False
        self._pause_ms = FIRST_PAUSE_MS
        self._closed_until_ms = 0
        self._why: Exception | None = None
        self.store_id = ""
        """Which life of the store the newest connection is to."""

    async def ask(self, command: tuple[Any, ...], *, life: str | None = None) -> tuple[Any, str]:
        """The answer, and which life of the store gave it. Raises `Unavailable`, `Damaged`, `OutcomeUnknown`.

        `life`: ask only this one, else raise `AnotherLife`. What was read before a failover says nothing after it:
        versions may have been counted twice.
        """
        if self._why is not None and self._clock.monotonic_ms() < self._closed_until_ms:
            raise faults.nothing_happened(self._why)
        if len(self._waiting) >= WAITING_AT_MOST:
            metrics.BOUNDS_HIT.inc("store_questions")
            raise Unavailable("Redis", "too much is waiting for its answers")
        answer: asyncio.Future[tuple[Any, str]] = asyncio.get_running_loop().create_future()
        question = Question(command, answer, self._clock.monotonic_ms(), life)
        self._waiting.append(question)
        if not self._pumping:
            self._pumping = True
            self._tasks.spawn(self._pump(), name="redis-line")
        return await answer

    async def close(self) -> None:
        """Whoever still waits hears that nobody knows."""
        link, self._link = self._link, None
        if link is not None:
            await link.connection.disconnect(nowait=True)

    async def _pump(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(0)  # whatever else is asked in this turn of the loop goes along
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                self._refuse_late(batch)
                await self._carry([question for question in batch if not question.answer.done()])
        finally:
            self._pumping = False
            _refuse(self._waiting, Unavailable("Redis", "we are closing"))
            self._waiting = []

    def _refuse_late(self, batch: Sequence[Question]) -> None:
        """Redis is slower than we ask: who waited too long is not sent any more."""
        latest_ms = self._clock.monotonic_ms() - int(SENT_WITHIN_S * 1000)
        late = [question for question in batch if question.asked_ms < latest_ms]
        if late:
            metrics.STORE_ERRORS.inc("slow", by=len(late))
            _refuse(late, Unavailable("Redis", "it answers more slowly than we ask"))

    async def _carry(self, batch: Sequence[Question]) -> None:
        link = await self._link_for(batch) if batch else None
        if link is None:
            return
        _refuse([question for question in batch if question.life not in (None, link.store_id)], AnotherLife())
        await self._carry_on(link, [question for question in batch if not question.answer.done()])

    async def _link_for(self, batch: Sequence[Question]) -> Link | None:
        """None: there is none. Nothing was asked then, and whoever waits has heard that."""
        try:
            return await self._connected()
        except (exceptions.RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            _refuse([*batch, *self._waiting], faults.nothing_happened(error))
            self._waiting = []
            return None
        except BaseException as error:  # a defect, or the end of us: nobody is left waiting
            _refuse(batch, Unavailable("Redis", f"no connection could be made ({type(error).__name__})"))
            raise

    async def _carry_on(self, link: Link, batch: Sequence[Question]) -> None:
        """What fails from here on may have happened."""
        self._carrying = link
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                loop = asyncio.get_running_loop()
                began_s = loop.time()
                await self._exchange(link, batch)
                metrics.STORE_SECONDS.observe(loop.time() - began_s)
            if self._link is not link:
                await link.connection.disconnect(nowait=True)
        except (exceptions.RedisError, OSError, TimeoutError) as error:
            await self._drop(link)
            metrics.STORE_ERRORS.inc(faults.kind_of(error))
            _refuse(batch, faults.nobody_knows(error))
        except BaseException as error:
            await self._drop(link)
            _refuse(batch, faults.nobody_knows(Exception(type(error).__name__)))
            raise
        finally:
            self._carrying = None

    async def _exchange(self, link: Link, batch: Sequence[Question]) -> None:
        forgotten = await self._ask_all(link, batch)
        if forgotten:
            await self._teach(link.connection)
            for question in await self._ask_all(link, forgotten):
                _refuse([question], Unavailable("Redis", "it forgets our scripts at once"))

    async def _ask_all(self, link: Link, batch: Sequence[Question]) -> list[Question]:
        """Returns those whose script Redis did not know: nothing happened for them."""
        connection, forgotten = link.connection, []
        packed = b"".join([pack_command(question.command) for question in batch])
        await connection.send_packed_command(packed, check_health=False)
        for question in batch:
            try:
                answer = await connection.read_response(disconnect_on_error=False)
            except exceptions.NoScriptError:
                forgotten.append(question)
            except faults.REPLIES as error:
                await self._refused(link, question, error)
            else:
                if not question.answer.done():
                    question.answer.set_result((answer, link.store_id))
        return forgotten

    async def _refused(self, link: Link, question: Question, error: Exception) -> None:
        kind = faults.kind_of(error)
        metrics.STORE_ERRORS.inc(kind)
        _refuse([question], faults.nothing_happened(error, question.command))
        if kind in faults.ELSEWHERE and self._link is link:
            self._link = None  # once this batch is read, the next one looks for the primary

    async def _connected(self) -> Link:
        if self._link is not None and await is_over(self._link):
            await self._drop(self._link)
        if self._link is None:
            link = await self._connector.connect()
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    await self._teach(link.connection)
            except BaseException:
                await link.connection.disconnect(nowait=True)
                raise
            self._link, self._why, self._pause_ms = link, None, FIRST_PAUSE_MS
            self.store_id = link.store_id
            self._tasks.spawn(self._watch(link), name="redis-primary")
        return self._link

    async def _watch(self, link: Link) -> None:
        """Leave a primary once it was replaced, or is in another life: it does not tell us. Where some believe in one
        life and some in another, each begins it anew for the others, and nobody is matched.
        """
        while True:
            await self._clock.sleep_ms(WATCH_EVERY_MS)  # first: it was asked for just now
            if self._link is not link:
                return
            gone = await self._connector.was_replaced(link) or await self._is_in_another_life(link)
            if gone and self._link is link:
                metrics.STORE_ERRORS.inc("replaced")
                self._link = None
                if self._carrying is not link:
                    await link.connection.disconnect(nowait=True)

    async def _is_in_another_life(self, link: Link) -> bool:
        try:
            answers = [await self.ask(question, life=link.store_id) for question in ASK_LIFE]
        except (BackendError, AnotherLife):
            return False  # nobody says so
        return life(*(facts(answer) for answer, _ in answers)) != link.store_id

    async def _teach(self, connection: AbstractConnection) -> None:
        await connection.send_packed_command(
            connection.pack_commands([("SCRIPT", "LOAD", source) for source in self._scripts.values()]),
            check_health=False,
        )
        for _ in self._scripts:
            await connection.read_response()

    def _failed(self, error: Exception) -> None:
        """For a moment nobody tries again: each one would wait for the same silence."""
        metrics.STORE_ERRORS.inc(faults.kind_of(error))
        self._why = error
        self._closed_until_ms = self._clock.monotonic_ms() + self._pause_ms
        self._pause_ms = min(2 * self._pause_ms, LONGEST_PAUSE_MS)

    async def _drop(self, link: Link) -> None:
        await link.connection.disconnect(nowait=True)
        if self._link is link:
            self._link = None


async def is_over(link: Link) -> bool:
    """Whether the other side has hung up; to ask while no answer is on its way. Else what is sent would be a riddle."""
    try:
        return not link.connection.is_connected or await link.connection.can_read()
    except exceptions.RedisError:
        return True


def _refuse(questions: Sequence[Question], why: BackendError | AnotherLife) -> None:
    for question in questions:
        if not question.answer.done():
            question.answer.set_exception(why)
