"""What must hold in a run, judged from its story alone. Pure: a story in, violations out.

To add a check: a function from a story to what it finds, in `CHECKS`; and a story that violates it in
`tests/chaos/test_checks.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.checks.calls import calls_agree, every_call_ends_told, no_call_rings_late
from chaos.checks.ends import (
    all_is_well_at_rest,
    every_command_is_answered,
    faults_end_in_time,
    logs_are_clean,
    nobody_is_thrown_out,
    nobody_is_unwell_for_nothing,
    nothing_is_left,
)
from chaos.checks.pairs import (
    a_talk_is_of_two_who_are_there,
    nobody_is_doubled,
    nobody_meets_whom_they_must_not,
    pairs_agree,
)
from chaos.checks.promises import media_comes_up, times_are_true
from chaos.checks.spared import those_inside_are_spared, who_is_refused_is_told
from chaos.checks.violation import Check, Violation, meetings
from chaos.checks.waits import every_find_ends, people_are_told, waits_are_kept
from chaos.story import Story

CHECKS: Mapping[str, Check] = {
    check.__name__.replace("_", " "): check
    for check in (
        pairs_agree, nobody_is_doubled, a_talk_is_of_two_who_are_there, nobody_meets_whom_they_must_not,
        every_find_ends, waits_are_kept, people_are_told, every_command_is_answered, nobody_is_thrown_out,
        all_is_well_at_rest, faults_end_in_time, those_inside_are_spared, who_is_refused_is_told,
        media_comes_up, times_are_true, no_call_rings_late, every_call_ends_told, calls_agree,
        nobody_is_unwell_for_nothing, nothing_is_left, logs_are_clean,
    )
}  # fmt: skip


def violations(story: Story) -> list[Violation]:
    """All that is wrong with it, by time."""
    found = [Violation(name, *each) for name, check in CHECKS.items() for each in check(story)]
    return sorted(found, key=lambda each: each.at_ms)


__all__ = ["CHECKS", "Check", "Violation", "meetings", "nothing_is_left", "violations"]
