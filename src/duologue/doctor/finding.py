"""What a check found: how it is, what was seen, and the fix by name. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class Level(StrEnum):
    """How it is."""

    OK = "ok"
    WARNING = "warning"
    """It works, and something about it will hurt."""
    PROBLEM = "problem"
    """It does not work, or must not go on the internet like this."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at. Whatever is not ok names its fix; no text holds a secret."""

    level: Level
    what: str
    seen: str
    fix: str = ""

    def of(self, whose: str) -> Finding:
        """The same, about one of several."""
        return msgspec.structs.replace(self, what=f"{whose}: {self.what}")


def ok(what: str, seen: str) -> Finding:
    return Finding(Level.OK, what, seen)


def warning(what: str, seen: str, fix: str) -> Finding:
    return Finding(Level.WARNING, what, seen, fix)


def problem(what: str, seen: str, fix: str) -> Finding:
    return Finding(Level.PROBLEM, what, seen, fix)


def worst(findings: Iterable[Finding]) -> Level:
    """The level of all of them together."""
    levels = {finding.level for finding in findings}
    return next((level for level in (Level.PROBLEM, Level.WARNING) if level in levels), Level.OK)
