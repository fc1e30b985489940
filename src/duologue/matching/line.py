"""The people of one class, oldest first.

A list sorted by the start of the wait. Who comes in order is appended; a survivor with an older
wait is put into the right place. Who leaves is only marked, and swept out when the marks are as
many as the people, so leaving from anywhere is cheap.
"""

from __future__ import annotations

from bisect import bisect_right

from duologue.matching.profile import Profile
from duologue.matching.ticket import Ticket

Group = Profile
"""People like you: own values and wishes of the hard facets alone."""
SLACK = 16
"""Marks that are always bearable."""


class Headcount:
    """How many of a group wait, shared by its lines: a group is slow to look up for each person."""

    __slots__ = ("group", "size")

    def __init__(self, group: Group) -> None:
        self.group = group
        self.size = 0


class Entry:
    """Somebody in a line. What a score needs is copied here: a ticket is far away in memory."""

    __slots__ = ("gone", "interests", "line", "since_ms", "ticket")

    def __init__(self, ticket: Ticket, line: Line) -> None:
        self.ticket = ticket
        self.since_ms = ticket.since_ms
        self.interests = ticket.interests
        self.line = line
        self.gone = False


class Line:
    """The waiting people with one profile, all visible or all hidden. `number` is the class's bit, if it has one."""

    __slots__ = ("entries", "head", "headcount", "hidden", "left", "number", "profile")

    def __init__(self, profile: Profile, hidden: bool, headcount: Headcount) -> None:
        self.profile = profile
        self.hidden = hidden
        self.headcount = headcount
        self.number: int | None = None
        self.entries: list[Entry] = []
        self.head = 0
        """Where the first entry that is not gone is."""
        self.left = 0
        """How many are not gone."""

    def add(self, ticket: Ticket) -> Entry:
        """Put somebody behind all who wait as long or longer."""
        entry = Entry(ticket, self)
        entries = self.entries
        if not entries or entries[-1].since_ms <= ticket.since_ms:
            entries.append(entry)
        else:
            entries.insert(bisect_right(entries, ticket.since_ms, self.head, key=_since_ms), entry)
        self.left += 1
        self.headcount.size += 1
        return entry

    def remove(self, entry: Entry) -> None:
        """Take somebody out."""
        entry.gone = True
        self.left -= 1
        self.headcount.size -= 1
        if not self.left:
            self.entries, self.head = [], 0  # an empty line leaves no cycle, which only the collector could free
            return
        entries = self.entries
        if len(entries) > 2 * self.left + SLACK:
            self.entries = [each for each in entries if not each.gone]
            self.head = 0
            return
        head, end = self.head, len(entries)
        while head < end and entries[head].gone:
            head += 1
        self.head = head


def _since_ms(entry: Entry) -> int:
    return entry.since_ms
