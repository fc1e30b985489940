"""How long it took each time until all was well again: held to its bound, and told at the end of the run."""

from __future__ import annotations

import pytest

from tests.e2e.faults.matrix import Case
from tests.e2e.faults.running import Recovered

TIMES = pytest.StashKey[dict[Case, float]]()


@pytest.fixture
def recovered(request: pytest.FixtureRequest) -> Recovered:
    """To be called once all is well again."""

    def note(case: Case, after_s: float) -> None:
        request.config.stash.setdefault(TIMES, {})[case] = after_s
        assert after_s <= case.within_s

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table of them."""
    times = config.stash.get(TIMES, {})
    if times:
        terminalreporter.section("faults: seconds until all was well again, and at most")
    for case, after_s in times.items():
        terminalreporter.line(f"{case!s:40} {after_s:6.1f} {case.within_s:6.1f}")
