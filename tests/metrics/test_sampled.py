"""Figures that are asked for when somebody looks."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from duologue.metrics.bounded import Bounded
from duologue.metrics.figure import REGISTRY
from duologue.metrics.sampled import Reading, Sampled


class Room:
    """Something with figures."""

    def __init__(self, people: dict[str, int]) -> None:
        self._people = people

    def people(self) -> Reading:
        return {(color,): count for color, count in self._people.items()}


@pytest.fixture
def people() -> Iterator[Sampled]:
    """A figure that nobody else has."""
    sampled = Sampled("duologue_test_people", "For a test.", ["color"])
    yield sampled
    REGISTRY.unregister(sampled)


def shown(sampled: Sampled) -> dict[str, float]:
    (family,) = sampled.collect()
    return {" ".join(sample.labels.values()): sample.value for sample in family.samples}


def test_sources_are_added_up(people: Sampled) -> None:
    """Two gateways in one process have one figure together."""
    one, two = Room({"red": 1, "blue": 2}), Room({"blue": 3})
    people.read_from(one.people)
    people.read_from(two.people)

    assert shown(people) == {"red": 1, "blue": 5}


def test_what_is_gone_is_not_told(people: Sampled) -> None:
    """Nobody has to remember to sign off."""
    room = Room({"red": 1})
    people.read_from(room.people)
    del room
    gc.collect()

    assert shown(people) == {}


def test_it_is_what_is_the_case_when_somebody_looks(people: Sampled) -> None:
    """Nothing has to keep it up to date."""
    colors = {"red": 1}
    room = Room(colors)
    people.read_from(room.people)
    colors["red"] = 7

    assert shown(people) == {"red": 7}


def test_a_source_that_fails_takes_no_other_with_it(people: Sampled) -> None:
    """What is broken is in the log; all the rest can be seen."""
    one, two = Room({"red": 1}), Room({})
    del two._people
    people.read_from(one.people)
    people.read_from(two.people)
    with capture_logs() as logged:
        assert shown(people) == {"red": 1}

    assert [(line["event"], line["figure"]) for line in logged] == [("figure_failed", "duologue_test_people")]


def test_values_of_others_are_told_apart_up_to_a_bound() -> None:
    """Whoever brings a thousand tenants makes a hundred time series."""
    bounded = Bounded(2)

    assert [bounded.of(value) for value in ("a", "b", "c", "a", "d")] == ["a", "b", "other", "a", "other"]
