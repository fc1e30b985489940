"""Figures in words, and the ticks of an axis: the units of Grafana that our panels use."""

from __future__ import annotations

import math
from typing import NamedTuple


class Scale(NamedTuple):
    """A unit that suits figures of some size."""

    size: float
    name: str


SCALES = {
    "short": (Scale(1, ""), Scale(1e3, " K"), Scale(1e6, " M")),
    "cps": (Scale(1, " c/s"), Scale(1e3, " K c/s")),
    "s": (
        Scale(1e-6, " µs"), Scale(1e-3, " ms"), Scale(1, " s"),
        Scale(60, " min"), Scale(3600, " h"), Scale(86400, " d"),
    ),
    "bytes": (Scale(1, " B"), Scale(2**10, " KiB"), Scale(2**20, " MiB"), Scale(2**30, " GiB")),
    "percentunit": (Scale(0.01, "%"),),
}  # fmt: skip


def scale(unit: str, most: float) -> Scale:
    """The largest unit of which this is at least one."""
    fitting = [each for each in SCALES[unit] if each.size <= abs(most or 1)]
    return fitting[-1] if fitting else SCALES[unit][0]


def told(value: float, unit: str, decimals: int | None = None) -> tuple[str, str]:
    """A figure and its unit, with three digits that mean something."""
    one = scale(unit, value)
    figure = value / one.size
    if decimals is None:
        decimals = 0 if figure == round(figure) else max(0, 2 - int(math.log10(max(1, abs(figure)))))
    return f"{figure:.{decimals}f}", one.name


def ticks(most: float, unit: str, about: int = 4) -> list[tuple[float, str]]:
    """From 0 to at least `most` in round steps, each with its words."""
    one = scale(unit, most)
    step = _round_step(most / one.size / about)
    count = math.ceil(most / one.size / step - 1e-9)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    rest = [(step * each * one.size, f"{step * each:.{digits}f}{one.name}") for each in range(1, count + 1)]
    return [(0, f"0{'' if unit == 'short' else one.name}"), *rest]


def _round_step(step: float) -> float:
    """1, 2 or 5 times a power of ten: the first that is no smaller."""
    power: float = 10.0 ** math.floor(math.log10(step))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= step * 0.999)
