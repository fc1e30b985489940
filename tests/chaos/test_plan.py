"""A seed is a plan."""

from __future__ import annotations

from itertools import islice

from chaos.plan import Kind, rounds

KINDS = [Kind("one", 5, (0, 0)), Kind("two", 10, (3, 8)), Kind("three", 20, (1, 2))]


def test_the_same_seed_is_the_same_plan() -> None:
    """And another one is another."""
    first, again, other = (list(islice(rounds(seed, KINDS), 20)) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_each_fault_comes_alone_once_and_any_two_after_it() -> None:
    """Never one with itself; then two at a time, without end."""
    found = [[step.fault for step in round_.steps] for round_ in islice(rounds(3, KINDS), 20)]
    alone, pairs = found[:6:2], [*found[1:6:2], *found[6:]]

    assert sorted(alone) == [["one"], ["three"], ["two"]]
    assert all(len(set(pair)) == 2 for pair in pairs)


def test_one_fault_alone_is_one_round() -> None:
    """`--only` with one name."""
    (only,) = rounds(1, KINDS[1:2])

    assert (only.name, len(only.steps)) == ("two", 1)
    assert 3 <= only.steps[0].lasts_s <= 8
    assert only.at_most_s == only.steps[0].lasts_s + 10


def test_a_round_is_over_when_all_of_it_is() -> None:
    """Durations and bounds of both count."""
    for round_ in islice(rounds(4, KINDS), 20):
        bounds = sum(kind.within_s for step in round_.steps for kind in KINDS if kind.name == step.fault)
        assert round_.at_most_s == max(step.after_s + step.lasts_s for step in round_.steps) + bounds


def test_two_who_tell_the_same_one_something_never_overlap() -> None:
    """The first may have killed it."""
    kinds = [Kind("kills", 5, (0, 0), "redis"), Kind("asks", 5, (0, 0), "redis"), Kind("cuts", 5, (0, 0))]
    found = [{step.fault for step in round_.steps} for round_ in islice(rounds(5, kinds), 40)]

    assert {"kills", "asks"} not in found
    assert {"kills", "cuts"} in found
    assert len(list(rounds(5, kinds[:2]))) == 2, "each alone, and that is all"
