"""`SafetyStore` in a database. The contract is in `ports/safety.py`; here is only how SQL keeps it."""

from __future__ import annotations

from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy import text as sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from duologue.errors import Unavailable
from duologue.ids import BlockId, PersonId
from duologue.ledger import MAX_BLOCKS
from duologue.ports import Clock, Rng
from duologue.safety.block import Block
from duologue.safety.report import Complaint, Report
from duologue.store.sql.database import Database
from duologue.store.sql.reports import drop_reports, keep_report, read_reports
from duologue.store.sql.schema import SchemaState, blocks, links, look

ONE_AT_A_TIME = sql("SELECT pg_advisory_xact_lock(hashtextextended('duologue.blocks.' || :person, 0))")
"""Until the commit, for one person; SQLite has but one writer anyway."""
NUL = "\0"
"""PostgreSQL refuses text with it, and a refusal looks like a fault of the database; no id of ours has one."""
OWN = (blocks.c.id, blocks.c.blocked, blocks.c.alias, blocks.c.at_ms)


class SqlSafetyStore:
    """Over one database."""

    def __init__(self, database: Database, clock: Clock, rng: Rng) -> None:
        self._database = database
        self._clock = clock
        self._rng = rng

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`: for the start-up log and readiness."""
        return self._database.address.kind

    async def block(self, blocker: PersonId, blocked: PersonId, alias: str) -> Block | None:
        new = Block(BlockId(self._rng.token()), blocked, alias, self._clock.now_ms())
        return await self._database.write(lambda connection: _block(connection, blocker, new))

    async def unblock(self, person: PersonId, block: BlockId) -> PersonId | None:
        if NUL in block:
            return None
        mine = delete(blocks).where(blocks.c.id == block, blocks.c.blocker == person).returning(blocks.c.blocked)
        freed = await self._database.write(lambda connection: connection.scalar(mine))
        return None if freed is None else PersonId(freed)

    async def blocks_of(self, person: PersonId) -> list[Block]:
        newest_first = select(*OWN).where(blocks.c.blocker == person).order_by(blocks.c.n.desc())
        return await self._database.read(lambda connection: _blocks(connection, newest_first))

    async def blocked_by(self, person: PersonId) -> frozenset[PersonId]:
        theirs = select(blocks.c.blocked).where(blocks.c.blocker == person)
        return frozenset(await self._database.read(lambda connection: _people(connection, theirs)))

    async def report(self, complaint: Complaint) -> bool:
        new = Block(BlockId(self._rng.token()), complaint.reported, complaint.alias, self._clock.now_ms())

        async def keep(connection: AsyncConnection) -> bool:
            await _block(connection, complaint.reporter, new)
            return await keep_report(connection, complaint, new.at_ms)

        return await self._database.write(keep)

    async def reports(self, since_ms: int, most: int) -> list[Report]:
        return await self._database.read(lambda connection: read_reports(connection, since_ms, most))

    async def forget_reports(self, before_ms: int) -> int:
        return await self._database.write(lambda connection: drop_reports(connection, before_ms))

    async def link_of(self, person: PersonId, *, renew: bool = False) -> str:
        present = select(links.c.link).where(links.c.person == person)
        link = None if renew else await self._database.read(lambda connection: connection.scalar(present))
        if link is not None:
            return str(link)
        new = self._rng.token()
        return await self._database.write(lambda connection: _link(connection, person, new, renew=renew))

    async def person_of(self, link: str) -> PersonId | None:
        if NUL in link:
            return None
        behind = select(links.c.person).where(links.c.link == link)
        person = await self._database.read(lambda connection: connection.scalar(behind))
        return None if person is None else PersonId(person)

    async def ping(self) -> None:
        schema = await self._database.read(lambda connection: connection.run_sync(look))
        if schema.state is not SchemaState.CURRENT:
            raise Unavailable("the database", f"its schema is {schema.state}: run `duologue db upgrade`")


async def _blocks(connection: AsyncConnection, query: Select[str, str, str, int]) -> list[Block]:
    rows = await connection.execute(query)
    return [Block(BlockId(id_), PersonId(person), alias, at_ms) for id_, person, alias, at_ms in rows]


async def _people(connection: AsyncConnection, query: Select[str]) -> list[PersonId]:
    return [PersonId(person) for person in await connection.scalars(query)]


async def _block(connection: AsyncConnection, blocker: PersonId, new: Block) -> Block | None:
    if connection.dialect.name == "postgresql":
        await connection.execute(ONE_AT_A_TIME, {"person": blocker})
    pair = (blocks.c.blocker == blocker, blocks.c.blocked == new.person)
    found = await _blocks(connection, select(*OWN).where(*pair))
    if found:
        return found[0]
    count = await connection.scalar(select(func.count()).where(blocks.c.blocker == blocker))
    if count is not None and count >= MAX_BLOCKS:
        return None
    row = {"id": new.id, "blocker": blocker, "blocked": new.person, "alias": new.alias, "at_ms": new.at_ms}
    await connection.execute(insert(blocks).values(row))
    return new


async def _link(connection: AsyncConnection, person: PersonId, new: str, *, renew: bool) -> str:
    """One row a person: whoever comes second takes what is there, or replaces it."""
    put = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = put(links).values(person=person, link=new)
    kept = {"link": new if renew else links.c.link}
    link: str = (
        await connection.execute(
            row.on_conflict_do_update(index_elements=["person"], set_=kept).returning(links.c.link)
        )
    ).scalar_one()
    return link
