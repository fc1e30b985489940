"""The rules of `deploy/prometheus`, with all times a sixtieth of what they are: a minute passes in a second."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

RULES = Path(__file__).parent.parent.parent / "deploy" / "prometheus"
FILES = ("recording.yml", "objectives.yml", "pages.yml", "tickets.yml")
UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
FASTER = 60
SHORTEST_RANGE_S = 5
"""A rate needs two readings, of which there is one a second."""
DURATION = re.compile(r"(?P<before>\[|offset |for: )(?P<number>\d+)(?P<unit>[smhd])")


def hurried(folder: Path) -> Sequence[Path]:
    """Those rules, as files in this folder."""
    files = []
    for name in FILES:
        files.append(folder / name)
        files[-1].write_text(DURATION.sub(_shorter, (RULES / name).read_text()))
    return files


def _shorter(found: re.Match[str]) -> str:
    seconds = int(found["number"]) * UNITS_S[found["unit"]] // FASTER
    at_least = SHORTEST_RANGE_S if found["before"] == "[" else 1
    return f"{found['before']}{max(seconds, at_least)}s"
