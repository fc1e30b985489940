"""What several runs say together."""

from __future__ import annotations

import msgspec

from chaos.checks import violations
from chaos.report import Facts, Result, judged, result
from chaos.seeds import TOGETHER, Summary, summed_up, text, to_html, to_json
from chaos.story import Heard, Lost, Stall
from tests.chaos.stories import ready, story, trouble

NAMES = ("a-fault", "another")


def run(seed: int, back_ms: int, *others: str) -> Result:
    """Ana loses her connection to a fault that is undone at 12 s and promises 5 s; `others` are in rounds of theirs."""
    troubles = [trouble(10_000, 12_000)]
    for round_, name in enumerate(others, 1):
        begins_ms = 60_000 + round_ * 5_000
        troubles.append(trouble(begins_ms, begins_ms)._replace(name=name, round=round_))
    lost, back = Lost(1006, mine=False), Heard(ready())
    told = story((0, "ana", back), (10_000, "ana", lost), (back_ms, "ana", back), troubles=tuple(troubles))
    return result(judged(seed, told, violations(told)))


def test_recoveries_of_a_fault_are_one_distribution() -> None:
    """Over all runs, each person that felt it counted."""
    told = summed_up([run(1, 13_000), run(2, 16_000)], NAMES)

    (alone,) = told.recoveries
    assert (alone.name, alone.times, alone.overdue) == ("a-fault", 2, 0)
    assert alone.recovered_ms == (2, 4_000, 4_000, 4_000)
    assert told.untried == ["another"]
    assert [line.violations for line in told.runs] == [0, 0]


def test_a_violation_is_told_with_its_seed() -> None:
    """And the fault that lasted too long is marked."""
    told = summed_up([run(1, 13_000), run(7, 30_000)], NAMES)

    assert [(each["seed"], each["check"]) for each in told.violations] == [(7, "faults end in time")]
    assert told.recoveries[0].overdue == 1
    assert "seed 7" in to_html(told)
    assert text(told).splitlines()[-1] == "chaos: 1 violations in 2 runs"


def test_two_at_once_are_summed_up_as_such() -> None:
    """They say nothing of either alone."""
    both = msgspec.structs.replace(run(1, 13_000).faults[0], name="a-fault + another")
    told = summed_up([msgspec.structs.replace(run(1, 13_000), faults=[both])], NAMES)

    assert [each.name for each in told.recoveries] == [TOGETHER]
    assert told.untried == list(NAMES)


def test_every_report_of_a_run_begins_with_its_facts() -> None:
    """As flat fields, in one order: results that were written long ago are summed up with those of today."""
    told = run(1, 13_000)
    (line,) = summed_up([told], NAMES).runs
    facts = [(name, getattr(told, name)) for name in Facts.__struct_fields__]

    for written in (told, line):
        assert list(msgspec.to_builtins(written).items())[: len(facts)] == facts
    assert msgspec.json.decode(msgspec.json.encode(told), type=Result) == told


def test_what_is_written_can_be_read() -> None:
    """By programs, and by people."""
    told = summed_up([run(1, 13_000, "another")], NAMES)

    assert msgspec.json.decode(to_json(told), type=Summary) == told
    assert to_html(told).count("<svg") == 1


def test_what_the_machine_took_is_told_beside_what_it_excuses() -> None:
    """13 s over the promise by the clock, while the machine did something else for 14 s: told, and no violation."""
    lost, back = Lost(1006, mine=False), Heard(ready())
    told = story((0, "ana", back), (10_000, "ana", lost), (30_000, "ana", back), troubles=(trouble(10_000, 12_000),))
    told.stalls = [Stall(20_000, 14_000)]
    (fault,) = result(judged(1, told, violations(told))).faults

    assert violations(told) == []
    assert (fault.overdue_ms, fault.stalled_ms) == (13_000, 14_000)
