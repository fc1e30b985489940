"""The people of one class, oldest first.

A list sorted by the start of the wait. Who comes in order is appended; a survivor with an older
wait is put into the right place. Who leaves is only marked, and swept out when the marks are as
many as the people, so leaving from anywhere is cheap.
"""

from __future__ import annotations

from bisect import bisect_right

import msgspec

from duologue.matching.profile import Profile
from duologue.matching.ticket import Ticket

Group = Profile
"""People like you: own values and wishes of the hard facets alone."""
SLACK = 16
"""Marks that are always bearable."""


class Headcount(msgspec.Struct, eq=False):
    """How many of a group wait, shared by its lines: a group is slow to look up for each person."""

    group: Group
    size: int = 0


class Entry(msgspec.Struct, eq=False):
    """Somebody in a line. What a score needs is copied here: a ticket is far away in memory."""

    ticket: Ticket
    since_ms: int
    interests: frozenset[str]
    line: Line
    gone: bool = False


class Line(msgspec.Struct, eq=False):
    """The waiting people with one profile, all visible or all hidden. `number` is the class's bit, if it has one."""

    profile: Profile
    hidden: bool
    headcount: Headcount
    number: int | None = None
    entries: list[Entry] = []
    head: int = 0
    """Where the first entry that is not gone is."""
    left: int = 0
    """How many are not gone."""

    def add(self, ticket: Ticket) -> Entry:
        """Put somebody behind all who wait as long or longer."""
        since_ms, entries = ticket.since_ms, self.entries
        entry = Entry(ticket, since_ms, ticket.interests, self)
        if not entries or entries[-1].since_ms <= since_ms:
            entries.append(entry)
        else:
            entries.insert(bisect_right(entries, since_ms, self.head, key=_since_ms), entry)
        self.left += 1
        self.headcount.size += 1
        return entry

    def remove(self, entry: Entry) -> None:
        """Take somebody out."""
        entry.gone = True
        left = self.left = self.left - 1
        self.headcount.size -= 1
        if not left:
            self.entries, self.head = [], 0  # an empty line leaves no cycle, which only the collector could free
            return
        entries = self.entries
        if len(entries) > 2 * left + SLACK:
            self.entries = [each for each in entries if not each.gone]
            self.head = 0
            return
        head, end = self.head, len(entries)
        while head < end and entries[head].gone:
            head += 1
        self.head = head


def _since_ms(entry: Entry) -> int:
    return entry.since_ms
