"""A session token ends in the middle of a talk, or has ended meanwhile when something else goes wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.faults.matrix import Case, Fault
from tests.e2e.faults.notices import expect_told, told
from tests.e2e.faults.running import Recovered, each
from tests.e2e.faults.scene import RelayedScene, until_online
from tests.e2e.faults.tokens import ShortTokens, short_tokens
from tests.e2e.person import see_each_other

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def tokens(two: RelayedScene) -> Iterator[ShortTokens]:
    """Ana's."""
    with short_tokens(two) as tokens:
        yield tokens


def outlive(two: RelayedScene, tokens: ShortTokens) -> None:
    """The first one has ended when she asks for a third."""
    two.ana.until(lambda: tokens.given >= 3, "ana has a third token")


def outlive_and_cut(two: RelayedScene, tokens: ShortTokens) -> None:
    """What she could resume by ended with it, unless that was renewed, too."""
    outlive(two, tokens)
    two.signal.cut()


def do_without(two: RelayedScene, tokens: ShortTokens) -> None:
    """There is no newer one until the server has closed her connection."""
    tokens.away = True
    two.ana.until(lambda: told(two.ana, since=0), "ana is told")
    tokens.away = False


STRIKES: dict[Fault, Callable[[RelayedScene, ShortTokens], None]] = {
    Fault.TOKEN_ENDS: outlive,
    Fault.TOKEN_ENDED: outlive_and_cut,
    Fault.TOKEN_LATE: do_without,
}


@each(*STRIKES)
def test_a_token_that_ends_costs_nobody_the_talk(
    two: RelayedScene, tokens: ShortTokens, case: Case, recovered: Recovered
) -> None:
    """Both are told what is the matter, if anything is, and nothing else; their talk goes on."""
    pair = two.arrive(case.state)
    since = time.time()
    STRIKES[case.fault](two, tokens)
    over = time.time()
    until_online(two.ana)
    see_each_other(*two.people)
    recovered(case, time.time() - over)

    assert two.write_to_each_other() == pair
    for person, notices in ((two.ana, case.ana), (two.ben, case.ben)):
        expect_told(person, notices, since=since)
