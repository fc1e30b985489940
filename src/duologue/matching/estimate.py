"""What to tell people about their wait: how long people like them wait, or that nobody knows.

By Little's law the expected wait is how many wait, divided by how many are matched per time. It is
counted by *group*: people with the same own values and wishes in the hard facets, because where
nine of ten want the tenth, one figure for all would lie to nearly everybody. The median wait of
those who were matched would lie as well: it leaves out those who still wait.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import msgspec

from duologue.matching.line import Group
from duologue.matching.rules import Rules
from duologue.matching.ticket import Ticket
from duologue.protocol.codes import Pause

WINDOW_MS = 600_000
INTERVAL_MS = 15_000
"""Matches are counted by such intervals, so a group costs a few numbers however many are matched."""
GROUPS = 256
"""Groups that are counted; all others share one figure."""
LONGEST_MS = 24 * 3_600_000


class QueueStatus(msgspec.Struct, frozen=True):
    """What one cohort looks like from outside."""

    waiting_count: int = 0
    estimate_ms: int | None = None
    """For groups that are not listed. None: nobody knows."""
    estimates: dict[str, int] = {}
    """By `group_key`: groups of whom somebody was matched lately."""
    paused: Pause | None = None
    """Why nobody is matched at the moment, although somebody fits."""

    def estimate_for(self, ticket: Ticket, rules: Rules) -> int | None:
        """The expected wait of people like this one."""
        return self.estimates.get(group_key(group_of(ticket, rules)), self.estimate_ms)


def group_of(ticket: Ticket, rules: Rules) -> Group:
    """People like this one."""
    names = rules.names
    hard = [names[n] for n in rules.hard]
    return tuple(map(ticket.facets.get, hard)), tuple(map(ticket.wants.get, hard))


def group_key(group: Group) -> str:
    """The text form of a group; different groups have different texts."""
    return msgspec.json.encode([(own, wish and sorted(wish)) for own, wish in zip(*group, strict=True)]).decode()


class Estimate:
    """How many of which group were matched in the last `WINDOW_MS`."""

    def __init__(self, rules: Rules, *, groups: int = GROUPS) -> None:
        self._rules = rules
        self._groups = groups
        self._matched: dict[Group | None, _Recent] = {}
        self._started_ms: int | None = None

    def __len__(self) -> int:
        return len(self._matched)

    def observe(self, now_ms: int) -> None:
        """From now on matches are counted: call it once before the first of them."""
        if self._started_ms is None:
            self._started_ms = now_ms

    def record(self, ticket: Ticket, now_ms: int) -> None:
        """Note that somebody was matched."""
        self.observe(now_ms)
        group: Group | None = group_of(ticket, self._rules)
        if group not in self._matched and len(self._matched) >= self._groups:
            group = None
        recent = self._matched.get(group)
        if recent is None:
            recent = self._matched[group] = _Recent()
        recent.add(now_ms)

    def status(self, waiting_count: int, group_sizes: Mapping[Group, int], now_ms: int) -> QueueStatus:
        """The cohort as it is to be published; `group_sizes` is `Pool.group_sizes`."""
        counts = {group: recent.count(now_ms) for group, recent in self._matched.items()}
        for group, count in counts.items():
            if not count:
                del self._matched[group]
        span_ms = min(WINDOW_MS, max(1, now_ms - self._started_ms)) if self._started_ms is not None else 1
        listed = {
            group: _expected_ms(group_sizes.get(group, 0), count, span_ms)
            for group, count in counts.items()
            if count and group is not None
        }
        others = sum(group_sizes.values()) - sum(group_sizes.get(group, 0) for group in listed)
        matched_others = counts.get(None, 0)
        return QueueStatus(
            waiting_count,
            _expected_ms(others, matched_others, span_ms) if matched_others else None,
            {group_key(group): expected_ms for group, expected_ms in listed.items()},
        )


class _Recent:
    """How often something happened in the last `WINDOW_MS`, to the nearest interval."""

    __slots__ = ("_intervals", "_total")

    def __init__(self) -> None:
        self._intervals: deque[list[int]] = deque()
        self._total = 0

    def add(self, now_ms: int) -> None:
        interval = now_ms // INTERVAL_MS
        if self._intervals and self._intervals[-1][0] == interval:
            self._intervals[-1][1] += 1
        else:
            self._intervals.append([interval, 1])
        self._total += 1
        self.count(now_ms)

    def count(self, now_ms: int) -> int:
        oldest = (now_ms - WINDOW_MS) // INTERVAL_MS
        while self._intervals and self._intervals[0][0] <= oldest:
            self._total -= self._intervals.popleft()[1]
        return self._total


def _expected_ms(waiting: int, matched: int, span_ms: int) -> int:
    """Little's law; who asks waits too, so at least one does."""
    return min(LONGEST_MS, max(1, waiting) * span_ms // matched)
