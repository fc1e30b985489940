"""Reads records of many people, past the transitions: who waits, and some of those who talk.

Nothing here is of one instant, so nobody may decide by it. Redis is asked in small questions, and answers others in
between.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from duologue.errors import Damaged
from duologue.ids import GatewayId
from duologue.ledger import Sample
from duologue.matching.ticket import Ticket
from duologue.store.ledger.records import Person
from duologue.store.redis.keys import Keys
from duologue.store.redis.line import Line
from duologue.store.redis.scripts import reading
from duologue.store.redis.tables import decoded, split

AT_ONCE = 500
"""Records in one question of somebody who needs all of them soon."""
A_FEW = 50
"""The same for somebody who can wait: a question is decoded in a millisecond or two."""

_person = msgspec.json.Decoder(Person).decode


class People:
    """Of one realm. `report` hears of records that cannot be read; they are left out."""

    def __init__(self, line: Line, keys: Keys, report: Callable[[Damaged], None]) -> None:
        self._line = line
        self._keys = keys
        self._report = report

    async def offered_in(self, shard: str) -> list[Ticket]:
        """The tickets of everybody who is offered there."""
        names, _ = await reading(self._line, ("SMEMBERS", self._keys.offered(shard)))
        tickets = [_offer(who, shard) async for who in self._read(names, AT_ONCE)]
        return [ticket for ticket in tickets if ticket is not None]

    async def sample_offered(self, shard: str, most: int) -> Sample:
        """The same of `most` people, picked by chance where there are more."""
        names = await self._some(self._keys.offered(shard), most + 1)
        tickets = [_offer(who, shard) async for who in self._read(names[:most], A_FEW)]
        found = tuple(ticket for ticket in tickets if ticket is not None)
        return Sample(found, min(most, len(names)), whole=len(names) <= most)

    async def sample_paired(self, shard: str, most: int) -> Sample:
        """The tickets of those in a pair of this shard, of `most` people who are on some gateway."""
        names, whole = await self._some_here(most)
        tickets = [_in_pair(who, shard) async for who in self._read(names, A_FEW)]
        return Sample(tuple(ticket for ticket in tickets if ticket is not None), len(names), whole)

    async def _some_here(self, most: int) -> tuple[list[bytes], bool]:
        """As many from each gateway, and whether those are all."""
        gateways = await self._some(self._keys.gateways, most)
        share = max(1, most // max(1, len(gateways)))
        found: dict[bytes, None] = {}
        whole = True
        for gateway in gateways:
            names = await self._some(self._keys.people_on(GatewayId(_name(gateway))), share + 1)
            whole = whole and len(names) <= share
            found.update(dict.fromkeys(names[:share]))
        return list(found), whole

    async def _some(self, key: str, most: int) -> Sequence[bytes]:
        """So many members of a set, each once; all where there are fewer. Costs Redis no more than that."""
        names, _ = await reading(self._line, ("SRANDMEMBER", key, most))
        return list(names)

    async def _read(self, names: Sequence[bytes], at_once: int) -> AsyncIterator[Person]:
        for at in range(0, len(names), at_once):
            keys = [self._keys.record("person", _name(name)) for name in names[at : at + at_once]]
            values, _ = await reading(self._line, ("MGET", *keys))
            for key, value in zip(keys, values, strict=True):
                who = self._understood(key, value)
                if who is not None:
                    yield who

    def _understood(self, key: str, value: bytes | None) -> Person | None:
        try:
            _, body = split(key, value)
            return decoded(key, _person, body) if body is not None else None
        except Damaged as damaged:
            self._report(damaged)
            return None


def _name(text: bytes) -> str:
    """What is no text is the name of nobody."""
    return text.decode(errors="replace")


def _offer(who: Person, shard: str) -> Ticket | None:
    """The ticket of somebody, if they are offered in this shard, as their record says."""
    return who.ticket if who.offered and who.ticket is not None and who.ticket.cohort.key == shard else None


def _in_pair(who: Person, shard: str) -> Ticket | None:
    """The last ticket of somebody, if they are here and in a pair of this shard."""
    paired = who.here and who.pair is not None
    return who.ticket if paired and who.ticket is not None and who.ticket.cohort.key == shard else None
