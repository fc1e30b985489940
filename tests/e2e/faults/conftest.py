"""Two people, and how long it took each time until all was well again: held to its bound, and told at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.browsers import Browsers
from tests.e2e.faults.matrix import Case
from tests.e2e.faults.running import Recovered
from tests.e2e.faults.scene import RelayedScene, relayed

TIMES = pytest.StashKey[dict[Case, float]]()


@pytest.fixture(scope="package")
def relayed_two(browsers: Browsers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayedScene]:
    """The same two people for all tests that need no network of their own."""
    with relayed(tmp_path_factory.mktemp("relayed"), browsers) as two:
        yield two


@pytest.fixture
def two(relayed_two: RelayedScene) -> Iterator[RelayedScene]:
    """They, who rest when it is over."""
    yield relayed_two
    relayed_two.rest()


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
