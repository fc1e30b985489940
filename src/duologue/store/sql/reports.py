"""The reports in a database: what `SqlSafetyStore` does with them, on a connection that it brings."""

from __future__ import annotations

import msgspec
from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from duologue.safety.report import MAX_REPORTS, Complaint, Report
from duologue.store.sql.schema import reports

FORGET_AT_ONCE = 1_000
"""Rows of one statement, which has a deadline."""


async def keep_report(connection: AsyncConnection, complaint: Complaint, at_ms: int) -> bool:
    """Keep it, unless the same person has said something of the same pair before; False: they have too many."""
    theirs = reports.c.reporter == complaint.reporter
    if await connection.scalar(select(reports.c.n).where(theirs, reports.c.pair == complaint.pair)) is not None:
        return True
    count = await connection.scalar(select(func.count()).where(theirs))
    if count is not None and count >= MAX_REPORTS:
        return False
    lines = msgspec.json.encode(complaint.lines).decode()
    await connection.execute(insert(reports).values(complaint._asdict() | {"at_ms": at_ms, "lines": lines}))
    return True


async def read_reports(connection: AsyncConnection, since_ms: int, most: int) -> list[Report]:
    """The newest of those that came since, the newest first."""
    columns = reports.c.n, reports.c.at_ms, *(reports.c[field] for field in Complaint._fields)
    newest = select(*columns).where(reports.c.at_ms >= since_ms).order_by(reports.c.n.desc()).limit(most)
    return [_report(*row) for row in await connection.execute(newest)]


def _report(n: int, at_ms: int, *said: str) -> Report:
    *plain, lines = said
    return Report(n, at_ms, msgspec.convert([*plain, msgspec.json.decode(lines)], Complaint))


async def drop_reports(connection: AsyncConnection, before_ms: int) -> int:
    """Forget some of those that are older; how many."""
    oldest = select(reports.c.n).where(reports.c.at_ms < before_ms).order_by(reports.c.at_ms).limit(FORGET_AT_ONCE)
    return (await connection.execute(delete(reports).where(reports.c.n.in_(oldest)))).rowcount
