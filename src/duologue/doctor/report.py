"""Findings as text for people and as JSON for programs. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from duologue.doctor.finding import Finding, Level, worst
from duologue.doctor.run import Examined

MARKS = {Level.OK: "ok", Level.WARNING: "WARNING", Level.PROBLEM: "PROBLEM"}


def lines(done: Sequence[Examined]) -> Iterator[tuple[Level, str]]:
    """For each line its level and its text; what is not ok says below what to do."""
    for examined in done:
        for finding in examined.findings:
            yield finding.level, f"{MARKS[finding.level]:<8} {examined.name}: {finding.what}: {finding.seen}"
            if finding.fix:
                yield finding.level, f"{'':<8} fix: {finding.fix}"


def summary(findings: Sequence[Finding]) -> str:
    """All of it in one line."""
    counts = Counter(finding.level for finding in findings)
    return (
        ", ".join(
            f"{counts[level] or 'no'} {word}{'' if counts[level] == 1 else 's'}"
            for level, word in ((Level.PROBLEM, "problem"), (Level.WARNING, "warning"))
        )
        + f", {counts[Level.OK]} ok"
    )


def as_json(done: Sequence[Examined]) -> dict[str, Any]:
    """The JSON file."""
    findings = [finding for examined in done for finding in examined.findings]
    return {
        "name": "doctor",
        "level": str(worst(findings)),
        "findings": [{"check": each.name, **msgspec.to_builtins(found)} for each in done for found in each.findings],
    }
