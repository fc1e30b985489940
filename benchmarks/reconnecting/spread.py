"""How times are spread: a picture in text, and how far they are from evenly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

BAR = 60
LINES = 20
STEPS = [unit * 10**power for power in range(6) for unit in (1, 2, 5)]


def picture(title: str, values_ms: Sequence[float]) -> Iterator[str]:
    """A histogram with at most `LINES` bars."""
    first, last = min(values_ms), max(values_ms)
    step_ms = next((step for step in STEPS if last // step - first // step < LINES), STEPS[-1])
    yield f"{title} ({len(values_ms):,} people)"
    counts = Counter(int(value // step_ms) for value in values_ms)
    most = max(counts.values())
    for step in range(min(counts), max(counts) + 1):
        bar = "█" * round(BAR * counts[step] / most)
        yield f"{step * step_ms:>7,} ms {counts[step]:>6,} {bar}".rstrip()


def distance(values: Sequence[float], longest: float) -> float:
    """How far from spread evenly over 0 to `longest`: Kolmogorov's distance times the root of their number.

    Chance alone makes it more than 2.5 once in a hundred thousand times, however many they are.
    """
    many, ordered = len(values), sorted(value / longest for value in values)
    apart = (max((n + 1) / many - value, value - n / many) for n, value in enumerate(ordered))
    return float(max(apart) * many**0.5)
