"""Classes for which the bitsets have no room: found through lists by value, and compared one by one.

Nobody is lost when there are more classes or values than the bitsets hold (`rules.Bounds`): it only
costs more to find them. Of the lists that a profile must be on, the shortest is gone through.
"""

from __future__ import annotations

from collections.abc import Iterator

from duologue.matching.line import Line
from duologue.matching.profile import Profile, accepts

Lines = dict[int, Line]
"""In the order in which they came; keyed by identity, because a line is not a value."""


class Overflow:
    """Classes by what they own and accept."""

    def __init__(self, facets: int) -> None:
        self._all: Lines = {}
        self._owns: tuple[dict[str | None, Lines], ...] = tuple({} for _ in range(facets))
        self._accepts: tuple[dict[str | None, Lines], ...] = tuple({} for _ in range(facets))
        """None holds those who accept anybody."""

    def __len__(self) -> int:
        return len(self._all)

    def open(self, line: Line) -> None:
        """Take a class in."""
        self._all[id(line)] = line
        for table, value in self._places(line):
            table.setdefault(value, {})[id(line)] = line

    def close(self, line: Line) -> None:
        """Take a class out; values nobody has any more are forgotten."""
        del self._all[id(line)]
        for table, value in self._places(line):
            lines = table[value]
            del lines[id(line)]
            if not lines:
                del table[value]

    def fitting(self, profile: Profile, turn: int) -> tuple[list[Line], list[Line]]:
        """The classes that fit, visible and hidden ones, beginning with another one at each turn."""
        fits = [
            line
            for lines in self._shortest(profile)
            for line in lines.values()
            if accepts(profile, line.profile) and accepts(line.profile, profile)
        ]
        start = turn % len(fits) if fits else 0
        fits = fits[start:] + fits[:start]
        return [line for line in fits if not line.hidden], [line for line in fits if line.hidden]

    def _places(self, line: Line) -> Iterator[tuple[dict[str | None, Lines], str | None]]:
        for n, (own, wish) in enumerate(zip(*line.profile, strict=True)):
            yield self._owns[n], own
            for value in wish if wish is not None else (None,):
                yield self._accepts[n], value

    def _shortest(self, profile: Profile) -> list[Lines]:
        """Lists without a class twice, that together hold every class that could fit; as few classes as possible."""
        choices = [[self._all]]
        for n, (own, wish) in enumerate(zip(*profile, strict=True)):
            accepting = self._accepts[n]
            values = (None,) if own is None else (None, own)
            choices.append([accepting[value] for value in values if value in accepting])
            if wish is not None:
                owning = self._owns[n]
                choices.append([owning[value] for value in wish if value in owning])
        return min(choices, key=_classes)


def _classes(lists: list[Lines]) -> int:
    return sum(len(lines) for lines in lists)
