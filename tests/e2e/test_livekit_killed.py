"""LiveKit dies in the middle of a talk: both are told at once, and meet again by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.browsers import Browsers
from tests.e2e.camera import BLUE, RED
from tests.e2e.conftest import Invite, inviting
from tests.e2e.person import Person, meet, see_each_other
from tests.e2e.rooms import elsewhere, rooms
from tests.e2e.servers import Dev, Server

pytestmark = pytest.mark.timeout(120)  # a server of its own, and three times until two people see each other
TOLD_WITHIN_S = 3


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """One whose LiveKit may be killed."""
    server = Dev(tmp_path)
    yield server
    assert server.stop() == 0, server.log()


@pytest.fixture
def invite(server: Server, browsers: Browsers) -> Iterator[Invite]:
    """People on that server."""
    with inviting(server, browsers) as invite:
        yield invite


def test_a_killed_livekit_costs_the_talk_and_no_more(server: Server, invite: Invite) -> None:
    """Twice in a row: told within 3 s whose fault it was, and one new pair each time; the child backs off."""
    ana, ben = people = invite("ana", RED), invite("ben", BLUE)
    for person in people:
        person.watch("ended-line", "announced")
    meet(ana, ben)
    for fall in (1, 2):
        assert [person.console for person in people] == [[], []]
        killed = server.kill_livekit()
        for person in people:
            person.expect_matches(1 + fall)
        see_each_other(ana, ben)
        for person in people:
            person.forgive_network_errors()
            hear_of_it(person, killed)

    assert [person.matches() for person in people] == [3, 3]
    assert len(server.events("pair_formed")) == 3
    assert server.events("media_failed") == [], "nobody is blamed"
    assert [event["restart_in_s"] for event in server.events("livekit_died")] == [0.5, 1.0]
    assert elsewhere(rooms(server)) == [ana.last_matched()["pair"]]


def hear_of_it(person: Person, killed: float) -> None:
    """They were told in time that it was the server, on the screen and by a reader."""
    for place in ("ended-line", "announced"):
        (after_s, words), *_ = person.told(place, since=killed)
        assert after_s < TOLD_WITHIN_S
        assert "broke off on the server" in words
