"""Checks side by side: a slow one ends by itself, a broken backend is a finding."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from duologue.doctor.finding import Finding, Level, ok, problem, warning, worst
from duologue.doctor.report import as_json, lines, summary
from duologue.doctor.run import Check, Examined, Subject, run
from duologue.errors import StartupError
from duologue.settings import Settings
from tests.fakes import CountingRng, ManualClock

SUBJECT = Subject(Settings(), ManualClock(), CountingRng())


async def fine(_: Subject) -> Sequence[Finding]:
    return [ok("a", "as it should be")]


async def hangs(_: Subject) -> Sequence[Finding]:
    await asyncio.Event().wait()
    return []


async def broken(_: Subject) -> Sequence[Finding]:
    raise StartupError("redis.password_file cannot be read")


async def test_a_check_that_hangs_is_a_problem_and_holds_up_nobody() -> None:
    """Each has a time-out of its own, and progress is told of all."""
    ended: list[None] = []
    done = await run([Check("slow", hangs, 0.01), Check("fine", fine)], SUBJECT, lambda: ended.append(None))

    assert [each.name for each in done] == ["slow", "fine"]
    assert [worst(each.findings) for each in done] == [Level.PROBLEM, Level.OK]
    assert len(ended) == 2


async def test_what_cannot_be_read_is_a_problem() -> None:
    """With the text that was made to be shown."""
    ((_, (found,)),) = await run([Check("Redis", broken)], SUBJECT, lambda: None)

    assert (found.level, found.seen) == (Level.PROBLEM, "redis.password_file cannot be read")


def test_the_report_names_the_fix_below_what_was_seen() -> None:
    """A line for each finding, one more where there is something to do, and a sum."""
    findings = [ok("a", "fine"), warning("b", "odd", "do this"), problem("c", "bad", "do that")]

    assert [text for _, text in lines([Examined("x", findings)])] == [
        "ok       x: a: fine",
        "WARNING  x: b: odd",
        "         fix: do this",
        "PROBLEM  x: c: bad",
        "         fix: do that",
    ]
    assert summary(findings) == "1 problem, 1 warning, 1 ok"


def test_the_json_has_all_of_it() -> None:
    """For a program that decides by it."""
    result = as_json([Examined("x", [warning("b", "odd", "do this")])])

    assert result["level"] == "warning"
    assert result["findings"] == [{"check": "x", "level": "warning", "what": "b", "seen": "odd", "fix": "do this"}]
