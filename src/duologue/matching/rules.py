"""What the operator decides about matching, as one frozen value, which `settings/matching.py` reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import msgspec

from duologue.errors import ValueRefused


@dataclass(frozen=True)
class Facet:
    """Something people can state about themselves and filter by."""

    name: str
    widens_after_ms: int | None = None
    """After this much waiting a wish about it is dropped: a preference. None: never, the facet is hard."""
    values: tuple[str, ...] | None = None
    """The values that there are; None: any word."""

    def check(self, values: Iterable[str]) -> None:
        """Raise `ValueRefused` if one of these is not a value of this facet."""
        if self.values is not None and not self._listed.issuperset(values):
            raise ValueRefused(self.name, self.values)

    @cached_property
    def _listed(self) -> frozenset[str]:
        return frozenset(self.values or ())


@dataclass(frozen=True)
class Rules:
    """Who can meet whom, and when which wish loosens. Times are milliseconds of waiting."""

    facets: tuple[Facet, ...] = (Facet("language", 8_000),)
    recently_met_after_ms: int = 5_000
    """From then on people who met lately will do; they still rank behind everybody else."""
    hold_ms: int = 0
    """How long an arrival only lets itself be found, so that more choice gathers. 0: it searches at once."""

    def known_facets(self, facets: Mapping[str, str]) -> dict[str, str]:
        """What somebody states, without facets that do not exist. Raises `ValueRefused`."""
        for facet in self.facets:
            if facet.name in facets:
                facet.check([facets[facet.name]])
        return {name: value for name, value in facets.items() if name in self.names}

    def known_wants(self, wants: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
        """What somebody wants, without facets that do not exist; no values mean any. Raises `ValueRefused`."""
        known = {name: frozenset(values) for name, values in wants.items() if name in self.names}
        for facet in self.facets:
            facet.check(known.get(facet.name, ()))
        return {name: values for name, values in known.items() if values}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the facets, in their order."""
        return tuple(facet.name for facet in self.facets)

    @cached_property
    def no_wishes(self) -> tuple[None, ...]:
        """Any value of every facet."""
        return (None,) * len(self.facets)

    @cached_property
    def hard(self) -> tuple[int, ...]:
        """The positions of the facets that are never widened."""
        return tuple(n for n, facet in enumerate(self.facets) if facet.widens_after_ms is None)

    @cached_property
    def preferences(self) -> tuple[tuple[int, str, int], ...]:
        """Position, name and `widens_after_ms` of the others."""
        return tuple(
            (n, facet.name, facet.widens_after_ms)
            for n, facet in enumerate(self.facets)
            if facet.widens_after_ms is not None
        )


class Bounds(msgspec.Struct, frozen=True):
    """What the index has room for. Beyond it people still meet, through `overflow.py`."""

    lines: int = 65_536
    """Classes of equal people."""
    values: int = 1_000
    """Different values of a facet that people own, and as many that people want, in one block of classes."""
    interests: int = 10_000
    """Different interests whose rarity is counted."""
