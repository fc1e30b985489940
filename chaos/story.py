"""What there is to judge a run by: what crossed the wire of each person, when which fault was there, what was left.

Values only. The runner writes a story, the checks and the report read it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from duologue.protocol.client import ClientMessage
from duologue.protocol.codes import Mode
from duologue.protocol.server import ServerMessage


class Traits(NamedTuple):
    """Somebody, as they are and stay. A wish of theirs is strict: it never loosens."""

    name: str
    language: str
    wants: str | None
    """The one language that they accept; None: any."""
    mode: Mode
    calls: bool = False
    """They call people whom they know, and never search."""

    @property
    def facets(self) -> dict[str, str]:
        """What they state when they come in."""
        return {"language": self.language}

    def accepts(self, other: Traits) -> bool:
        """Whether they may meet, as far as this one is concerned."""
        return self.mode is other.mode and self.wants in (None, other.language)


class Came(NamedTuple):
    """They open the page: a token first, then a connection."""


class Lost(NamedTuple):
    """The connection is gone."""

    code: int
    mine: bool
    """They did it themselves: a reload, a tunnel, the end of the evening."""
    told_ms: int | None = None
    """After how long the server said to come again."""


class Heard(NamedTuple):
    """The server said so."""

    message: ServerMessage


class Said(NamedTuple):
    """The person said so."""

    message: ClientMessage


class Gone(NamedTuple):
    """They left for good, with a goodbye. Nothing follows."""


class Saw(NamedTuple):
    """The partner's picture came up, or stopped."""

    picture: bool


What = Came | Lost | Heard | Said | Gone | Saw


class Entry(NamedTuple):
    """Something that somebody saw or did, in milliseconds since 1970."""

    at_ms: int
    who: str
    what: What


class Trouble(NamedTuple):
    """A fault that was there."""

    name: str
    detail: str
    round: int
    """Faults of one round overlap; the next begins when everybody is well, or should be."""
    began_ms: int
    healed_ms: int
    within_ms: int
    """So long after it healed nobody may feel it any more."""
    forgets: bool = False
    """The store lost something: who had no socket at that time may have lost their place."""
    failure: str = ""
    """Why it could not be done, or undone."""
    spares: bool = False
    """Who is in when it begins feels nothing of it."""
    keeps_media: bool = False
    """Rooms come up meanwhile as ever."""


class Stall(NamedTuple):
    """So late the machine let this program itself go on, at this time."""

    at_ms: int
    late_ms: int


class Rest(NamedTuple):
    """What is left when everybody is gone."""

    keys: Sequence[str] = ()
    """All keys of the realm in Redis, without its prefix."""
    due: Sequence[str] = ()
    """What the ledger still means to do, such as `forget:ID`."""
    carried: Mapping[str, int] = {}
    """How many pairs each media node still carries, as it was counted."""
    rooms: Sequence[str] = ()
    """Rooms that media servers still have."""
    held: Mapping[str, str] = {}
    """What is in keys, for whoever looks into why they are still there."""
    unreadable: Sequence[str] = ()
    """What could not be looked at, and why."""


NOTHING = Rest()


@dataclass
class Story:
    """A run, as it was."""

    people: dict[str, Traits] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    rest: Rest = NOTHING
    offences: list[str] = field(default_factory=list)
    """Lines of logs that must not be there."""
    calm_ms: int = 0
    """Since when there were no faults any more, until everybody left."""
    left_ms: int = 0
    """When everybody was asked to leave."""
    machine: str = ""
    """On which it was, and how busy that was."""
    stalls: list[Stall] = field(default_factory=list)
    """What a busy machine took from this program, and so from all that it looks at."""

    @property
    def late_ms(self) -> int:
        """The longest stall."""
        return max((stall.late_ms for stall in self.stalls), default=0)

    def stalled_ms(self, from_ms: int, until_ms: int) -> int:
        """What was taken between the two, all in all."""
        return sum(stall.late_ms for stall in self.stalls if from_ms <= stall.at_ms <= until_ms + stall.late_ms)

    def by_person(self) -> dict[str, list[Entry]]:
        """What each saw, in order."""
        found: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            found[entry.who].append(entry)
        return dict(found)
