"""Somebody's network dies in a talk, for UDP alone or altogether, and nobody tells the browser: only silence does."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from duologue.media.livekit import TOKEN_TTL_S
from tests.e2e.browsers import Browsers
from tests.e2e.faults.matrix import Case, Fault
from tests.e2e.faults.notices import expect_told
from tests.e2e.faults.running import Recovered, each
from tests.e2e.faults.scene import WalledScene, until_online, walled
from tests.e2e.person import see_each_other

pytestmark = [
    pytest.mark.timeout(200),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a network of its own; CI is root"),
]
UDP = "meta l4proto udp"


class Cut(NamedTuple):
    """What is cut, for how many seconds, and how long after they met."""

    only: str
    for_s: float
    after_s: float = 0


CUTS = {
    Fault.UDP_3S: Cut(UDP, 3),
    Fault.UDP_20S: Cut(UDP, 20),
    Fault.UDP_GONE: Cut(UDP, 35),
    Fault.MEDIA_TOKEN_UDP: Cut(UDP, 20, after_s=TOKEN_TTL_S + 5),
    Fault.NETWORK_3S: Cut("", 3),
    Fault.NETWORK_20S: Cut("", 20),
    Fault.NETWORK_GONE: Cut("", 40),
}


@pytest.fixture(scope="module")
def same_two(browsers: Browsers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WalledScene]:
    """The same two people for all of these tests."""
    with walled(tmp_path_factory.mktemp("network"), browsers) as two:
        yield two


@pytest.fixture
def two(same_two: WalledScene) -> Iterator[WalledScene]:
    """They, who rest when it is over."""
    yield same_two
    same_two.rest()


@each(*CUTS)
def test_whose_network_dies_is_told_and_talks_again(two: WalledScene, case: Case, recovered: Recovered) -> None:
    """Both are told what is the matter and nothing else, and their talk goes on, or the next one begins."""
    pair = two.arrive(case.state)
    cut = CUTS[case.fault]
    two.ana.page.wait_for_timeout(cut.after_s * 1_000)
    since = time.time()
    two.network.cut(only=cut.only)
    two.ana.page.wait_for_timeout(cut.for_s * 1_000)
    two.heal()
    over = time.time()
    until_online(two.ana)
    see_each_other(*two.people)
    recovered(case, time.time() - over)

    met = two.write_to_each_other()
    for person, notices in ((two.ana, case.ana), (two.ben, case.ben)):
        expect_told(person, notices, since=since)
    assert (met != pair) is case.new_talk
