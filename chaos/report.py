"""What a run tells: a result for programs (JSON), its last lines for a terminal, and all that anybody saw.

Pure, from a story. `page.py` makes a page of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from chaos.checks import CHECKS, Violation, meetings
from chaos.felt import Group, Spread, Unwell, bound_by, by_group, spread, unwell
from chaos.story import Came, Gone, Heard, Lost, Said, Saw, Story

WORTH_TELLING_MS = 1_000


class FaultResult(msgspec.Struct, frozen=True):
    """One fault, or two that overlapped."""

    name: str
    detail: str
    at_s: float
    lasted_s: float
    within_s: float
    people: int
    """How many felt it."""
    felt_ms: Spread
    recovered_ms: Spread
    """From when it was undone until they were well again."""
    recoveries_ms: list[int]
    """The same, each by itself, for whoever sums up runs."""
    overdue_ms: int
    """So much longer than its bound somebody felt it, by the clock."""
    stalled_ms: int
    """So much of that time the machine let nothing of ours run: it is forgiven."""


class Unexplained(msgspec.Struct, frozen=True):
    """Somebody was unwell where no fault was."""

    who: str
    why: str
    at_s: float
    lasted_s: float


class Facts(msgspec.Struct, frozen=True):
    """What a run was: every report of it begins with this."""

    seed: int
    began: str
    machine: str
    people: int
    seconds: float
    pairs: int


class Result(Facts, frozen=True):
    """A run."""

    entries: int
    faults: list[FaultResult]
    late_ms: int
    """So late the machine once let the suite itself go on."""
    unexplained: list[Unexplained]
    violations: list[dict[str, object]]


class Run(NamedTuple):
    """A story with what was made of it."""

    seed: int
    story: Story
    unwell: Sequence[Unwell]
    groups: Sequence[tuple[Group, Sequence[Unwell]]]
    violations: Sequence[Violation]

    @property
    def from_ms(self) -> int:
        return self.story.entries[0].at_ms if self.story.entries else self.story.left_ms

    @property
    def seconds(self) -> float:
        return (self.story.left_ms - self.from_ms) / 1000


def judged(seed: int, story: Story, found: Sequence[Violation]) -> Run:
    """Everything that the report needs."""
    everything = unwell(story)
    return Run(seed, story, everything, by_group(story, everything), found)


def result(run: Run) -> Result:
    """For programs."""
    of_faults = {each for _, felt in run.groups for each in felt}
    rest = [each for each in run.unwell if each not in of_faults and each.lasted_ms >= WORTH_TELLING_MS]
    unexplained = [
        Unexplained(each.who, each.why, (each.from_ms - run.from_ms) / 1000, each.lasted_ms / 1000) for each in rest
    ]
    began = datetime.fromtimestamp(run.from_ms / 1000, UTC).isoformat(timespec="seconds")
    return Result(
        run.seed, began, run.story.machine, len(run.story.people), run.seconds, len(meetings(run.story)),
        len(run.story.entries),
        [_fault(run, group, felt) for group, felt in run.groups], run.story.late_ms, unexplained,
        [each._asdict() for each in run.violations],
    )  # fmt: skip


def _fault(run: Run, group: Group, felt: Sequence[Unwell]) -> FaultResult:
    recoveries_ms = sorted(max(0, each.until_ms - group.healed_ms) for each in felt)
    well_ms = group.healed_ms + (recoveries_ms[-1] if recoveries_ms else 0)
    rounds = [each for each, _ in run.groups]
    over_ms = [each.until_ms - bound.until_ms for each in felt if (bound := bound_by(rounds, each)) is not None]
    return FaultResult(
        group.name,
        ", ".join(each.detail for each in group.troubles),
        (group.from_ms - run.from_ms) / 1000,
        (group.healed_ms - group.from_ms) / 1000,
        (group.until_ms - group.healed_ms) / 1000,
        len({each.who for each in felt}),
        spread(each.lasted_ms for each in felt),
        spread(recoveries_ms),
        recoveries_ms,
        max([0, *over_ms]),
        run.story.stalled_ms(group.healed_ms, well_ms),
    )


def to_json(run: Run) -> bytes:
    """The file for programs."""
    return msgspec.json.format(msgspec.json.encode(result(run)), indent=2) + b"\n"


def lines(story: Story) -> Iterable[bytes]:
    """All that anybody saw, one entry a line, to look closer: `grep '"p17"'`."""
    for entry in story.entries:
        match entry.what:
            case Heard(message) | Said(message):
                what = {"message": msgspec.to_builtins(message)}
            case Came() | Lost() | Gone() | Saw():
                what = dict(entry.what._asdict())
        yield (
            msgspec.json.encode({"at": entry.at_ms, "who": entry.who, "what": type(entry.what).__name__, **what})
            + b"\n"
        )


def summary(run: Run) -> str:
    """For a terminal."""
    told = result(run)
    table = [
        f"  {each.name:44} {each.people:4} felt it for p50 {each.felt_ms.p50 / 1000:5.1f} s, "
        f"p95 {each.felt_ms.p95 / 1000:5.1f} s, at most {each.felt_ms.longest / 1000:5.1f} s; "
        f"well {each.recovered_ms.longest / 1000:5.1f} s after it, of {each.within_s:g} s"
        for each in told.faults
    ]
    table += [
        f"  without a fault, at {each.at_s:.0f} s: {each.who} {each.why} for {each.lasted_s:.1f} s"
        for each in told.unexplained
    ]
    wrong = [f"VIOLATION {each.check}: {each.who}: {each.text}" for each in run.violations]
    head = (
        f"{told.people} people, {told.pairs} pairs, {len(told.faults)} faults in {told.seconds:.0f} s, "
        f"seed {told.seed}, up to {told.late_ms} ms late itself; {told.machine}"
    )
    return "\n".join([head, *table, *_excused(told), *wrong, verdict(run.violations)])


def _excused(told: Result) -> list[str]:
    """What lasted too long by the clock, and no longer than the machine was busy with something else."""
    late = [each for each in told.faults if each.overdue_ms > 0]
    return [
        f"  over its bound by {each.overdue_ms} ms: {each.name}; the machine took {each.stalled_ms} ms of that time"
        for each in late
    ]


def verdict(found: Sequence[Violation]) -> str:
    """The whole run in a line."""
    return f"chaos: {len(found)} violations" if found else f"chaos: none of {len(CHECKS)} checks was violated"
