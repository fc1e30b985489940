"""The door to a database: connections, deadlines, and what its faults are called here.

Whoever asks is answered within `ANSWER_WITHIN_MS`, also by a database that hangs. A call that is given up goes on
dying beside, for as long as the driver's own time-outs allow; it keeps its connection until then, so there are
never more of them than connections.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from duologue.errors import BackendError, OutcomeUnknown, Unavailable
from duologue.metrics import definitions as metrics
from duologue.services.gate import Gate
from duologue.store.sql.address import Address
from duologue.tasks import Tasks

ANSWER_WITHIN_MS = 3_000
CONNECT_S = 2
STATEMENT_S = 2
"""Each shorter than `ANSWER_WITHIN_MS`: a fault with a name is better than a deadline."""
FREE_CONNECTION_S = 1
CONNECTIONS = 5
HINT = "blocks that the ledger remembers hold on; new ones, and searches of newcomers, are refused until it is back"

FAULTS = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error, OSError, TimeoutError)
"""What a database, or the way to it, may fail with. Anything else is a defect of ours."""

Answer = TypeVar("Answer")
Work = Callable[[AsyncConnection], Awaitable[Answer]]


class _Call:
    """How far a call has come."""

    committing = False

    def fault(self, error: Exception) -> BackendError:
        """What it means for the caller. The text goes to strangers: it names no host and no user."""
        fault = OutcomeUnknown("the database") if self.committing else Unavailable("the database", kind_of(error))
        fault.__cause__ = error
        return fault


class Database:
    """A bounded number of connections to one database. Close it at the end."""

    def __init__(self, address: Address, connections: int = CONNECTIONS) -> None:
        self.address = address
        self._engine = open_engine(address, connections)
        self._gate = Gate(address.shown, HINT)
        self._tasks = Tasks()

    async def read(self, work: Work[Answer]) -> Answer:
        """Ask something. Raises `Unavailable`."""
        return await self._gate.call(lambda: self._within_time(work, writes=False))

    async def write(self, work: Work[Answer]) -> Answer:
        """Change something, wholly or not at all. Raises `Unavailable`, `OutcomeUnknown`."""
        return await self._gate.call(lambda: self._within_time(work, writes=True))

    async def close(self) -> None:
        """Let go of all connections. Calls on their way are given up."""
        await self._tasks.cancel_all()
        await self._engine.dispose()

    async def _within_time(self, work: Work[Answer], *, writes: bool) -> Answer:
        call = _Call()
        task = self._tasks.spawn(self._attempt(work, call, writes=writes), name="database")
        try:
            await asyncio.wait([task], timeout=ANSWER_WITHIN_MS / 1000)
            done = task.done() and not task.cancelled()
            answer: Answer | BackendError = task.result() if done else call.fault(TimeoutError())
        finally:
            task.cancel()
        if isinstance(answer, BackendError):
            metrics.DATABASE_ERRORS.inc()
            raise answer from answer.__cause__
        return answer

    async def _attempt(self, work: Work[Answer], call: _Call, *, writes: bool) -> Answer | BackendError:
        """A fault is returned, so that one that comes after its caller went is not a failure of this task."""
        try:
            async with self._engine.connect() as connection:
                await connection.execution_options(writes=writes)
                answer = await work(connection)
                call.committing = writes
                await connection.commit()
                return answer
        except FAULTS as error:
            return call.fault(error)


def open_engine(address: Address, connections: int = 1, statement_s: float | None = STATEMENT_S) -> AsyncEngine:
    """The pool itself. `hide_parameters`: who blocked whom is in no log."""
    pool: dict[str, Any] = {
        "pool_size": connections, "max_overflow": 0, "pool_timeout": FREE_CONNECTION_S, "pool_pre_ping": True,
        "hide_parameters": True,
    }  # fmt: skip
    if address.kind == "sqlite":
        return _open_sqlite(address.target, pool)

    async def connect() -> Any:
        # Not through SQLAlchemy's own URL: asyncpg reads all that a libpq URL may say, such as `sslmode`.
        return await asyncpg.connect(
            address.target,
            timeout=CONNECT_S,
            command_timeout=statement_s,
            server_settings={"application_name": "duologue"},
        )

    return create_async_engine("postgresql+asyncpg://", async_creator=connect, **pool)


def _open_sqlite(path: str, pool: dict[str, Any]) -> AsyncEngine:
    """The driver's own way with transactions is switched off (`isolation_level`): it begins them too late."""
    options = {"timeout": STATEMENT_S, "isolation_level": None}
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", connect_args=options, **pool)

    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")  # who reads and who writes do not wait for each other
        cursor.execute("PRAGMA synchronous=FULL")  # what was committed survives a power cut
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Connection) -> None:
        # A writer queues at the start, with `timeout`; one that began to read would fail instead of waiting.
        writes = connection.get_execution_options().get("writes", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def kind_of(error: BaseException) -> str:
    """A fault in a word or two, without anything that could be a secret."""
    root = _root(error)
    return str(root) if isinstance(root, sqlite3.Error) else type(root).__name__


def explained(error: BaseException) -> str:
    """The same for the operator, in the server's own words. They name users and hosts, but no passwords."""
    root = _root(error)
    tells = isinstance(root, asyncpg.PostgresError | sqlite3.Error | OSError) and str(root)
    return f"{type(root).__name__}: {root}" if tells else type(root).__name__


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error
