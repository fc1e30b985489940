"""What is told before anything happened."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from duologue.gateway.census import DOING
from duologue.metrics.definitions import LABELS

PROGRAM = "from duologue.metrics.exposition import expose; print(expose().decode())"

LABEL = re.compile(r'(\w+)="([^"]*)"')
DOCUMENTED = {name: re.findall(r"`(\w+)`", words) for name, words in LABELS.items()}
FREE = ("event", "version", "le")
"""Described by words, or no label of ours."""


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


def test_what_is_told_from_the_start_is_what_is_documented(told: list[str]) -> None:
    """Each value of a label is one that its description names."""
    used = {pair for line in told if not line.startswith("#") for pair in LABEL.findall(line) if pair[0] not in FREE}

    assert used > {("phase", "talking"), ("mode", "voice")}
    assert [(label, value) for label, value in used if value not in DOCUMENTED[label]] == []


def test_all_that_people_do_is_documented() -> None:
    """In the same order."""
    assert list(DOING) == DOCUMENTED["doing"]
