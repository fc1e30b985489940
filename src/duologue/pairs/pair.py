"""A pair and its two sides, as values."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from duologue.ids import CallId, NodeName, PairId, PersonId
from duologue.protocol.codes import EndReason, Mode

CONNECT_DEADLINE_MS = 10_000
"""From match to both sides connected. Longer than the 8 s after which a client gives up its join."""
KEPT_LINES = 20
KEPT_CHARACTERS = 4_000
"""Of all these lines together: whatever happens in a pair moves the whole of it, through the store and back."""


class Phase(StrEnum):
    """Where a pair is in its life."""

    MATCHED = "matched"
    TALKING = "talking"
    ENDED = "ended"


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of chat, kept for somebody who reloads."""

    person: PersonId
    n: int
    text: str
    at_ms: int


class Side(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of the two, as the other may see them."""

    person: PersonId
    alias: str
    """What the other side calls this one."""
    interests: frozenset[str] = frozenset()
    facets: dict[str, str] = {}
    connected: bool = False
    away_until_ms: int | None = None
    """Their socket is gone; the seat is held until then."""
    audio_off: bool = False
    video_off: bool = False
    hidden: bool = False
    """Their page is in the background."""
    last_n: int = 0
    """The number of their last line of chat."""

    @property
    def away(self) -> bool:
        """Whether their socket is gone."""
        return self.away_until_ms is not None


class Pair(msgspec.Struct, frozen=True, omit_defaults=True):
    """Two people in a room. `sides[0]`'s gateway makes the room."""

    id: PairId
    mode: Mode
    sides: tuple[Side, Side]
    matched_ms: int
    deadline_ms: int
    """When both have to be connected."""
    fence: int = 0
    """The lease under which the matcher made it; never goes back within a shard."""
    node: NodeName | None = None
    """The media server that carries it; None for a text pair."""
    phase: Phase = Phase.MATCHED
    room_open: bool = False
    talking_since_ms: int | None = None
    lines: tuple[Line, ...] = ()
    ended: EndReason | None = None
    at_fault: frozenset[PersonId] = frozenset()
    """Whose media failed, where it ended for that."""
    call: CallId | None = None
    """The direct call that it came of, if it did: then nobody waits again by themselves when it ends."""

    def index(self, person: PersonId) -> int:
        """Which side somebody is; raises `ValueError` for a stranger."""
        if self.sides[0].person == person:
            return 0
        if self.sides[1].person == person:
            return 1
        raise ValueError(f"not in pair {self.id}")

    def side(self, person: PersonId) -> Side:
        """Their own side."""
        return self.sides[self.index(person)]

    def peer(self, person: PersonId) -> Side:
        """The other side."""
        return self.sides[1 - self.index(person)]

    def shared_interests(self) -> list[str]:
        """What both named, in a stable order."""
        return sorted(self.sides[0].interests & self.sides[1].interests)

    def shared_facets(self) -> dict[str, str]:
        """The facet values that both have."""
        mine, theirs = self.sides[0].facets, self.sides[1].facets
        return {facet: value for facet, value in mine.items() if theirs.get(facet) == value}

    def identity(self, person: PersonId) -> str:
        """The name under which somebody joins the room: says nothing, and is the same after a reload."""
        return f"{self.id}-{'ab'[self.index(person)]}"
