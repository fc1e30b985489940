"""One seed, one run: again and again the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from duologue.simulation.planted import SeatNeverReleased
from duologue.simulation.run import run_seed


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """A run sends the roles' log into its trace; afterwards everything is as it was."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_seed_replays_exactly(seed: int) -> None:
    """Line by line: what was seen once can be watched again."""
    first, second = (run_seed(seed, whole_trace=True) for _ in range(2))

    assert len(first.trace) > 200
    assert first.trace == second.trace


def test_seeds_differ() -> None:
    """Each is a day of its own."""
    assert run_seed(1, whole_trace=True).trace != run_seed(2, whole_trace=True).trace


def test_a_violation_comes_with_its_story() -> None:
    """The trace ends with it, names people and gateways, and holds no token."""
    for seed in range(1, 40):
        result = run_seed(seed, SeatNeverReleased)
        if result.violation is not None:
            break
    story = "\n".join(result.trace)

    assert result.violation is not None
    assert result.violation in story
    assert "← g" in story
    assert "eyJ" not in story


def test_what_a_role_does_not_foresee_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task that dies of a defect ends the run, with a traceback."""

    def broken(*_: object) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr("duologue.gateway.server.Gateway.tick", broken)
    result = run_seed(1)

    assert result.violation is not None
    assert "gateway-wheel" in result.violation
    assert any("KeyError" in line for line in result.trace)
