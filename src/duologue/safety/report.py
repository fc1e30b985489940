"""What somebody says of a partner whom others should not have to meet, as it is kept for the operator."""

from __future__ import annotations

from typing import NamedTuple

from duologue.ids import PairId, PersonId
from duologue.protocol.codes import Mode

MAX_REPORTS = 500
"""Of one person, of those that are kept. Nobody fills the table alone."""

OTHER = "other"
"""The reason that there always is."""


class ReportTerms(NamedTuple):
    """What the operator decided about reports."""

    reasons: tuple[str, ...] = (OTHER,)
    keeps_lines: bool = True
    """Whether what the two wrote last is kept with a report."""
    keep_days: int = 90


class Evidence(NamedTuple):
    """A line of their chat."""

    mine: bool
    """Whether the person who reports wrote it."""
    text: str
    at_ms: int


class Complaint(NamedTuple):
    """What is said of whom. The one whom it is about never learns of it."""

    reporter: PersonId
    reported: PersonId
    alias: str
    """What the latter were called."""
    pair: PairId
    tenant: str
    mode: Mode
    reason: str
    """One of those that the operator offers."""
    text: str
    """In the reporter's own words; may be empty."""
    lines: tuple[Evidence, ...] = ()
    """What was written last, the oldest first; none where the operator does not want any."""


class Report(NamedTuple):
    """A complaint as it is kept."""

    n: int
    """Counts them."""
    at_ms: int
    complaint: Complaint
