"""What is told before anything happened."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = "from duologue.metrics.exposition import expose; print(expose().decode())"


@pytest.fixture(scope="module")
def told() -> list[str]:
    """By a process in which nothing has happened yet."""
    return subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )


@pytest.mark.parametrize(
    "figure",
    [
        'duologue_pairs_ended_total{mode="video",phase="matched",reason="media_failed"}',
        'duologue_pairs_formed_total{mode="text"}',
        'duologue_establish_seconds_count{mode="voice"}',
        'duologue_wait_seconds_count{outcome="gone"}',
        'duologue_commits_total{result="no_slot"}',
        'duologue_sessions_started_total{kind="new"}',
        'duologue_peer_connections_total{event="leaked"}',
    ],
)
def test_what_somebody_is_woken_for_is_zero_from_the_start(told: list[str], figure: str) -> None:
    """So that the first talk, and the first failure, are seen by a rate."""
    assert f"{figure} 0.0" in told
