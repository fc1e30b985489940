"""How the benchmarks of media count: who takes turns, what is timed, and what a failure costs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import pytest
from playwright.sync_api import Error

from benchmarks.livekit import CHANGES, flavour
from benchmarks.media.servers import behind_the_link, defaults, fresh_keys, shipped
from benchmarks.media.sides import Meeting
from benchmarks.media.turns import Blocks, take_turns
from benchmarks.next import PARTS, parts_of
from benchmarks.report import CannotRun, Report
from duologue.media.livekit_config import LiveKitPorts


class FakeTab:
    """Nobody's browser."""

    def stay(self, for_ms: float) -> None:
        """Time does not pass."""


class FakeSide:
    """Meetings that take 1, 2, 3 … ms, cost 10 ms of CPU and two connections; those that are named fail."""

    def __init__(self, failing: Sequence[int] = ()) -> None:
        self.name = "fake"
        self.people: Any = [FakeTab(), FakeTab()]
        self.node: Any = argparse.Namespace(process=self)
        self.log: list[str] = []
        self._failing = failing
        self._count = 0

    def meet(self) -> list[Meeting]:
        """The next one."""
        self._count += 1
        self.log.append(str(self._count))
        if self._count in self._failing:
            raise Error("no frame")
        return [{"frame": self._count}, {"frame": self._count + 0.5}]

    def rest(self) -> None:
        """Noted."""
        self.log.append("rest")

    def cpu_s(self) -> float:
        """As a process has it."""
        return self._count / 100

    def connections(self) -> int:
        """One for each person and meeting."""
        return self._count * 2

    def left_over(self) -> int:
        """None."""
        return 0


def take(sides: Sequence[FakeSide], nexts: int, block: int) -> list[Blocks]:
    all_blocks = [Blocks(side, []) for side in sides]
    report = Report("fake", argparse.Namespace(nexts=nexts, block=block, talk_ms=0))
    take_turns(report, all_blocks)
    return all_blocks


def test_the_first_meeting_of_a_turn_is_not_timed_but_paid_for() -> None:
    """It is a Find, with everything cold; LiveKit's time for it counts as a match."""
    [blocks] = take([FakeSide()], nexts=4, block=2)

    assert [block.after_ms("frame") for block in blocks.turns] == [[2, 2.5, 3, 3.5], [5, 5.5, 6, 6.5]]
    assert blocks.cpu_ms() == [pytest.approx(10), pytest.approx(10)]
    assert [block.connections_per_next for block in blocks.turns] == [1, 1]
    assert blocks.median_meeting() == {"frame": 5}


def test_sides_take_turns_and_rest_between() -> None:
    """Nobody is busy while the other is measured."""
    first, second = FakeSide(), FakeSide()
    take([first, second], nexts=2, block=1)

    assert first.log == second.log == ["1", "2", "rest", "3", "4", "rest"]


def test_a_failed_meeting_is_counted_and_tried_again_from_rest() -> None:
    """It is no sample, and it does not pass unseen."""
    side = FakeSide(failing=[2])
    [blocks] = take([side], nexts=2, block=2)

    assert (blocks.turns[0].failures, blocks.turns[0].matches) == (1, 4)
    assert blocks.pooled() == [3, 3.5, 4, 4.5]
    assert side.log == ["1", "2", "rest", "3", "4", "rest"]


def test_a_side_that_only_fails_ends_the_benchmark() -> None:
    """With the reason."""
    with pytest.raises(CannotRun, match="fake fails again and again: no frame"):
        take([FakeSide(failing=range(100))], nexts=1, block=1)


@pytest.mark.parametrize(
    ("variant", "on"),
    [
        ("-keyframes", set(PARTS) - {"keyframes"}),
        ("slimOffers", {"slimOffers"}),
        ("slimOffers+earlyOffer", {"slimOffers", "earlyOffer"}),
    ],
)
def test_variants_name_parts_of_the_fast_start(variant: str, on: set[str]) -> None:
    """All but one, or some alone."""
    parts = parts_of(variant)

    assert isinstance(parts, dict)
    assert {name for name, is_on in parts.items() if is_on} == on
    assert set(parts) == set(PARTS)


def test_a_variant_that_does_not_exist_is_told() -> None:
    """Instead of measuring the same twice."""
    with pytest.raises(CannotRun, match="slimOffer"):
        parts_of("-slimOffer")
    with pytest.raises(CannotRun, match="gogc_7"):
        flavour("gogc_7")
    assert parts_of("none") is False


def test_each_change_of_the_configuration_is_one() -> None:
    """Compared with what we ship."""
    keys, ports = fresh_keys(), LiveKitPorts()
    ours = shipped(keys, ports)

    for name in CHANGES:
        assert flavour(name)(keys, ports) != ours, name


def test_defaults_have_only_what_loopback_needs() -> None:
    """The yardstick is LiveKit as it comes: nothing of ours about codecs, logs or garbage."""
    made = defaults(fresh_keys(), LiveKitPorts())

    assert set(made.settings) == {"port", "bind_addresses", "keys", "rtc"}
    assert made.environment == {}
    assert behind_the_link(made).settings["rtc"]["node_ip"] == "127.0.0.2"
