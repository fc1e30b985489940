"""What there is to see: values, as `--json` writes them and `draw.py` draws them. None: nobody told it.

Rates and percentiles are of the last `over_s` seconds.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Level(StrEnum):
    """How it is, the worst first."""

    PROBLEM = "problem"
    WARNING = "warning"
    OK = "ok"

    @property
    def rank(self) -> int:
        """What is worse has a lower one."""
        return list(Level).index(self)


class Problem(msgspec.Struct, frozen=True):
    """Something that is wrong, in words."""

    level: Level
    text: str


class Spread(msgspec.Struct, frozen=True):
    """How long something took."""

    count: float = 0
    p50_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None


class Cohort(msgspec.Struct, frozen=True):
    """People who can meet each other."""

    cohort: str
    level: Level
    waiting: float
    held: float
    """Matches that wait for a join slot."""
    lag_s: float | None
    """Since its queue was last read."""


class Node(msgspec.Struct, frozen=True):
    """A media server."""

    node: str
    level: Level
    up: bool
    slots_per_s: float | None


class People(msgspec.Struct, frozen=True):
    """What people do, and what becomes of it."""

    doing: dict[str, float]
    paused: dict[str, float]
    """Who waits and cannot be matched, by why."""
    pairs_talking: float | None
    arrivals_per_s: float | None
    matches_per_s: float | None
    nexts_per_s: float | None
    waits: dict[str, Spread]
    """By outcome."""
    ends: dict[str, float]
    """Pairs that ended, by reason."""
    unmet: float | None
    """Of them those that had not talked yet."""


class Media(msgspec.Struct, frozen=True):
    """From the pair to the picture."""

    match: Spread
    establish: dict[str, Spread]
    """By mode."""
    first_frame: Spread
    failures: dict[str, float]
    """Sides that gave up, by cause."""
    nodes: list[Node]
    call_errors: float | None


class Store(msgspec.Struct, frozen=True):
    """The store, as all processes see it."""

    kinds: list[str]
    """More than one is wrong."""
    level: Level
    silent_s: float | None
    """For the process that has waited longest."""
    latency: Spread
    errors: dict[str, float]
    retries: float | None
    database_errors: float | None


class Process(msgspec.Struct, frozen=True):
    """One process."""

    name: str
    address: str
    role: str
    level: Level
    failure: str | None = None
    """Why nothing is known of it."""
    version: str | None = None
    ready: bool | None = None
    up_s: float | None = None
    sockets: float | None = None
    sockets_most: float | None = None
    people: float | None = None
    loop_lag_p90_s: float | None = None
    """What it is judged by: within seconds a single late beat is the p99."""
    loop_lag_p99_s: float | None = None
    news_age_s: float | None = None
    memory_bytes: float | None = None
    cpu: float | None = None
    """Cores."""
    bounds_hit: dict[str, float] = {}
    defects: float | None = None
    """Meanwhile."""
    defects_ever: float | None = None


class View(msgspec.Struct, frozen=True):
    """All of it."""

    over_s: float
    problems: list[Problem]
    people: People
    queue: list[Cohort]
    media: Media
    store: Store
    processes: list[Process]

    @property
    def worst(self) -> Level:
        """How it is on the whole."""
        return min((problem.level for problem in self.problems), key=lambda level: level.rank, default=Level.OK)
