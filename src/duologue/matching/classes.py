"""The classes of equal people that wait in one cohort: found by profile, or all that fit a profile.

Most of them have a bit in a block (`blocks.py`); those for which there is no room overflow
(`overflow.py`). A class exists while somebody is in it, so strangers' words do not pile up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from duologue.matching.blocks import BLOCK, Block
from duologue.matching.line import Entry, Group, Headcount, Line
from duologue.matching.overflow import Overflow
from duologue.matching.profile import Profile
from duologue.matching.rules import Bounds, Rules
from duologue.matching.ticket import Ticket


class Classes:
    """Lines of people by profile. Hidden people have lines of their own."""

    def __init__(self, rules: Rules, bounds: Bounds) -> None:
        self._hard = rules.hard if rules.preferences else None
        self._facets = len(rules.facets)
        self._bounds = bounds
        self._lines: tuple[dict[Profile, Line], dict[Profile, Line]] = ({}, {})
        self._blocks: list[Block] = []
        self._unopened = bounds.lines
        self.overflow = Overflow(self._facets)
        self._headcounts: dict[Group, Headcount] = {}

    def __len__(self) -> int:
        return len(self._lines[0]) + len(self._lines[1])

    def add(self, ticket: Ticket, profile: Profile) -> Entry:
        """Put somebody into their class."""
        lines = self._lines[ticket.hidden]
        line = lines.get(profile)
        if line is None:
            line = lines[profile] = Line(profile, ticket.hidden, self._headcount(profile))
            self._open(line)
        return line.add(ticket)

    def remove(self, entry: Entry) -> None:
        """Take somebody out; an empty class gives its bit back."""
        line = entry.line
        line.remove(entry)
        if not line.left:
            del self._lines[line.hidden][line.profile]
            self._close(line)

    def fitting(self, profile: Profile, turn: int) -> Iterable[Line]:
        """The classes that fit, visible ones before hidden ones.

        With which it begins depends on `turn`: with a steady set of classes each of them comes first
        within a bounded number of turns, so none is always behind the same others.
        """
        if len(self._blocks) == 1 and not len(self.overflow):
            (block,) = self._blocks
            bits = block.fitting(profile)
            if not bits & block.hidden:
                return block.lines_of(bits, turn) if bits else ()
        return self._fitting_anywhere(profile, turn)

    def _fitting_anywhere(self, profile: Profile, turn: int) -> Iterator[Line]:
        blocks, overflow = self._blocks, self.overflow
        count = len(blocks)
        places = count + 1 if len(overflow) else count
        if not places:
            return
        round_, first = divmod(turn, places)
        hidden: list[Iterator[Line]] = []
        for n in range(first, first + places):
            place = n % places
            if place == count:
                visible, away = overflow.fitting(profile, round_)
                yield from visible
                hidden.append(iter(away))
                continue
            block = blocks[place]
            bits = block.fitting(profile)
            if bits:
                bits_away = bits & block.hidden
                if bits_away:
                    hidden.append(block.lines_of(bits_away, round_))
                    bits ^= bits_away
                yield from block.lines_of(bits, round_)
        for lines in hidden:
            yield from lines

    def group_sizes(self) -> dict[Group, int]:
        """How many wait, by group."""
        return {group: headcount.size for group, headcount in self._headcounts.items()}

    def _headcount(self, profile: Profile) -> Headcount:
        group = self._group(profile)
        headcount = self._headcounts.get(group)
        if headcount is None:
            headcount = self._headcounts[group] = Headcount(group)
        return headcount

    def _group(self, profile: Profile) -> Group:
        if self._hard is None:
            return profile
        owns, wishes = profile
        return tuple([owns[n] for n in self._hard]), tuple([wishes[n] for n in self._hard])

    def _open(self, line: Line) -> None:
        number = self._number_for(line)
        line.number = number
        if number is None:
            self.overflow.open(line)

    def _number_for(self, line: Line) -> int | None:
        """A free bit, or None where there is no room for the class or its values."""
        for n, block in enumerate(self._blocks):
            if block.room:
                return n * BLOCK + block.open(line) if block.fits_in(line.profile) else None
        if not self._unopened:
            return None
        size = min(BLOCK, self._unopened)
        self._unopened -= size
        self._blocks.append(Block(self._facets, size, self._bounds.values))
        return self._number_for(line)

    def _close(self, line: Line) -> None:
        if not line.headcount.size:
            del self._headcounts[line.headcount.group]
        if line.number is None:
            self.overflow.close(line)
        else:
            n, place = divmod(line.number, BLOCK)
            self._blocks[n].close(place, line)
