"""Runs checks side by side, each with a time-out. Knows nothing of what they look at."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from duologue.doctor.finding import Finding, problem
from duologue.errors import DuologueError
from duologue.ports import Clock, Rng
from duologue.settings import Settings


class Subject(NamedTuple):
    """What is looked at."""

    settings: Settings
    clock: Clock
    rng: Rng
    dev: bool = False
    """For `duologue dev`, which needs neither Redis nor a LiveKit of the operator's."""
    text_only: bool = False


class Check(NamedTuple):
    """One area. `examine` looks and judges; what it cannot reach is a finding of its own, not an exception."""

    name: str
    examine: Callable[[Subject], Awaitable[Sequence[Finding]]]
    within_s: float = 10.0


class Examined(NamedTuple):
    """A check, and what it found."""

    name: str
    findings: Sequence[Finding]


async def run(checks: Sequence[Check], subject: Subject, on_done: Callable[[], None]) -> list[Examined]:
    """The findings of all, in the order of the checks. `on_done` is called as each of them ends."""

    async def one(check: Check) -> Examined:
        findings = await _findings(check, subject)
        on_done()
        return Examined(check.name, findings)

    return list(await asyncio.gather(*(one(check) for check in checks)))


async def _findings(check: Check, subject: Subject) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(check.within_s):
            return await check.examine(subject)
    except TimeoutError:
        fix = "look whether what it asks hangs, or lies behind a firewall that swallows packets"
        return [problem(check.name, f"no answer within {check.within_s:g} s", fix)]
    except DuologueError as error:  # its text is made to be shown
        return [problem(check.name, str(error), "see the text")]
