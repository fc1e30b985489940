"""Facet bitsets: which classes of waiting people fit a profile, without looking at the people.

For every facet value one integer has a bit for each class that owns the value, and one for each
class that accepts it; the classes that fit an arrival are the AND of a few such integers, so the
cost depends on the number of facets and not on how many people wait or how different they are.
The integers are cut into blocks of `BLOCK` bits, so that opening a class copies a small integer.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import TypeVar

from duologue.matching.line import Line
from duologue.matching.profile import Profile

Value = TypeVar("Value", str, str | None)

BLOCK = 32_768
"""Bits of a block: small enough to change one cheaply, large enough that few blocks are looked through."""
STRIDE = 53_017
"""A prime above `BLOCK`, so its multiples reach every place; 1.62 of it, so each is far from the last ones."""


class FacetBits:
    """One facet of one block: who owns and who accepts which value. Who is in `wishes` accepts only what they name."""

    __slots__ = ("accepts", "owns", "wishes")

    def __init__(self) -> None:
        self.owns: dict[str | None, int] = {}
        self.accepts: dict[str, int] = {}
        self.wishes = 0


class Block:
    """Up to `size` classes. A free place is given out lowest first, so that the integers stay short."""

    __slots__ = ("facets", "free", "hidden", "lines", "live", "room", "values")

    def __init__(self, facets: int, size: int, values: int) -> None:
        self.facets = tuple(FacetBits() for _ in range(facets))
        self.lines: list[Line | None] = []
        self.free: list[int] = []
        self.live = 0
        self.hidden = 0
        self.room = size
        self.values = values

    def fits_in(self, profile: Profile) -> bool:
        """Whether there is room for its values."""
        values = self.values
        for facet, own, wish in zip(self.facets, *profile):  # noqa: B905 - `strict` costs here
            if len(facet.owns) >= values and own not in facet.owns:
                return False
            if wish is not None and len(facet.accepts) + len(wish) > values:  # first what is cheap to ask
                new = [value for value in wish if value not in facet.accepts]
                if len(facet.accepts) + len(new) > values:
                    return False
        return True

    def open(self, line: Line) -> int:
        """Give a class a place; returns it. There must be room."""
        self.room -= 1
        if self.free:
            place = heappop(self.free)
            self.lines[place] = line
        else:
            place = len(self.lines)
            self.lines.append(line)
        bit = 1 << place
        self.live |= bit
        if line.hidden:
            self.hidden |= bit
        for facet, own, wish in zip(self.facets, *line.profile):  # noqa: B905 - `strict` costs here
            owns = facet.owns
            owns[own] = owns.get(own, 0) | bit
            if wish is not None:
                facet.wishes |= bit
                accepts = facet.accepts
                for value in wish:
                    accepts[value] = accepts.get(value, 0) | bit
        return place

    def close(self, place: int, line: Line) -> None:
        """Take a class out. A value nobody has any more is forgotten, so strangers' words do not pile up."""
        self.room += 1
        self.lines[place] = None
        heappush(self.free, place)
        bit = 1 << place
        self.live ^= bit
        if line.hidden:
            self.hidden ^= bit
        for facet, own, wish in zip(self.facets, *line.profile):  # noqa: B905 - `strict` costs here
            _clear(facet.owns, own, bit)
            if wish is not None:
                facet.wishes ^= bit
                for value in wish:
                    _clear(facet.accepts, value, bit)

    def fitting(self, profile: Profile) -> int:
        """A bit for every class here that accepts this profile and is accepted by it."""
        bits = self.live
        for facet, own, wish in zip(self.facets, *profile):  # noqa: B905 - `strict` costs here
            if facet.wishes:
                takes_it = facet.accepts.get(own) if own is not None else None
                refuses_it = facet.wishes if takes_it is None else facet.wishes ^ takes_it
                bits ^= bits & refuses_it
            if wish is not None:
                owns = facet.owns
                owners = 0
                for value in wish:
                    if value in owns:
                        owners = owners | owns[value] if owners else owns[value]
                bits &= owners
            if not bits:
                break
        return bits

    def lines_of(self, bits: int, turn: int) -> Iterator[Line]:
        """The classes of these bits, round the block, beginning at a place that depends on `turn`.

        Downwards: an integer gets shorter when its highest bit is taken off, so each step costs less.
        """
        lines = self.lines
        start = 1 + turn * STRIDE % bits.bit_length() if bits else 0
        above = bits >> start << start
        bits ^= above
        while bits or above:
            if not bits:
                bits, above = above, 0
            place = bits.bit_length() - 1
            bits ^= 1 << place
            line = lines[place]
            assert line is not None, "a bit is set only while its class is open"
            yield line


def _clear(table: dict[Value, int], value: Value, bit: int) -> None:
    left = table[value] ^ bit
    if left:
        table[value] = left
    else:
        del table[value]
