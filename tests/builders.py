"""Values that tests start from: everything has a default, a test names only what it is about."""

from __future__ import annotations

from typing import Any

import msgspec

from duologue.ids import NodeName, PairId, PersonId
from duologue.matching.ticket import Cohort, Ticket
from duologue.pairs.pair import CONNECT_DEADLINE_MS, Pair, Side
from duologue.protocol.codes import Mode

ANA, BEN, CLEO, DAN, EVE = (PersonId(name) for name in ("ana", "ben", "cleo", "dan", "eve"))
NOW = 1_700_000_000_000
NODE = NodeName("fake")
"""What `FakeMedia` calls its only node."""


def cohort(mode: Mode = Mode.TEXT, **changes: Any) -> Cohort:
    """A cohort of adults."""
    return Cohort("default", mode, "adult", "open")._replace(**changes)


def ticket(person: PersonId = ANA, **changes: Any) -> Ticket:
    """Somebody who waits for anybody."""
    return msgspec.structs.replace(Ticket(person, 1, 1, cohort(), NOW), **changes)


def pair(mode: Mode = Mode.VIDEO, **changes: Any) -> Pair:
    """Ana and Ben, matched just now."""
    sides = (Side(ANA, "Heron"), Side(BEN, "Otter"))
    node = None if mode is Mode.TEXT else NODE
    fresh = Pair(PairId("p1"), mode, sides, NOW, NOW + CONNECT_DEADLINE_MS, node=node)
    return msgspec.structs.replace(fresh, **changes)


def with_side(of: Pair, person: PersonId, **changes: Any) -> Pair:
    """The same pair with one side changed."""
    sides = tuple(msgspec.structs.replace(side, **changes) if side.person == person else side for side in of.sides)
    return msgspec.structs.replace(of, sides=sides)
