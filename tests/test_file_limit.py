"""How many sockets the system lets us have, on systems that we are not on."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from duologue.app import process

INFINITE = 2**63 - 1


class FakeResource:
    """The module `resource` of a system whose kernel takes no more than `allowed`, whatever its hard limit says."""

    RLIMIT_NOFILE = 8
    RLIM_INFINITY = INFINITE

    def __init__(self, soft: int, hard: int, allowed: int, refusal: type[Exception] = ValueError) -> None:
        self.limits = (soft, hard)
        self._allowed = allowed
        self._refusal = refusal

    def getrlimit(self, _: int) -> tuple[int, int]:
        return self.limits

    def setrlimit(self, _: int, limits: tuple[int, int]) -> None:
        if limits[0] > self._allowed:
            raise self._refusal("current limit exceeds maximum limit")
        self.limits = limits


@pytest.mark.parametrize(
    ("system", "limits", "event"),
    [
        (FakeResource(1_024, 524_288, 524_288), (524_288, 524_288), "file_limit_raised"),
        (FakeResource(256, INFINITE, 245_760), (131_072, INFINITE), "file_limit_low"),
        (FakeResource(256, INFINITE, 10_240, OSError), (8_192, INFINITE), "file_limit_low"),
        (FakeResource(1_024, 4_096, 0), (1_024, 4_096), "file_limit_low"),
        (FakeResource(4_096, 4_096, 0), (4_096, 4_096), "file_limit_raised"),
        (FakeResource(1_024, 1_073_741_816, INFINITE), (1_048_576, 1_073_741_816), "file_limit_raised"),
    ],
    ids=["Linux", "macOS", "older macOS", "nothing allowed", "nothing to gain", "container"],
)
def test_as_many_files_as_the_system_allows(
    system: FakeResource, limits: tuple[int, int], event: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of what it could be at the least; never less than before; and what is refused is a warning, no end."""
    monkeypatch.setattr(process, "resource", system)
    with capture_logs() as logs:
        process.raise_file_limit()

    assert system.limits == limits
    assert [(entry["event"], entry["now"]) for entry in logs] == [(event, limits[0])]


def test_no_limit_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot get better."""
    system = FakeResource(INFINITE, INFINITE, 0)
    monkeypatch.setattr(process, "resource", system)
    process.raise_file_limit()

    assert system.limits == (INFINITE, INFINITE)
