"""People on different processes of `duologue serve`, and what they notice when one dies, or Redis falls silent."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from functools import partial
from itertools import count

import pytest
from playwright.sync_api import expect

from tests.e2e.camera import BLUE, GREEN, RED
from tests.e2e.conftest import Invite
from tests.e2e.person import WITHIN_MS, Person, see_each_other
from tests.e2e.servers import Serve, serving

pytestmark = pytest.mark.timeout(120)  # the first test has to start five processes, each a second of CPU


AWAY = "reconnecting", "peer-away", "media-away"
"""What the page says when a connection is gone: mine, the partner's, that of picture and sound."""


STEPS = ["room_opened", "media_reported", "talk_started", "pair_ended", "room_deleted"]
"""The life of a pair, as gateways tell it."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """One service for all tests here, stopped as a person stops it. `invite` invites to this one."""
    with serving(tmp_path_factory.mktemp("state")) as serve:
        yield serve
        assert serve.stop() == 0, serve.log()


def come_in(serve: Serve, gateway: str, person: Person) -> None:
    """Open the page on this gateway. The kernel spreads connections, so it takes as many loads as it takes."""

    def let_in(times: int) -> str | None:
        names = serve.gateways_of(person.id)
        return names[-1] if len(names) == times else None

    person.open()
    for loads in count(1):
        person.until(partial(let_in, loads), f"{person.name} is in")
        if let_in(loads) == gateway:
            return
        person.page.reload()


def meet_across(serve: Serve, ana: Person, ben: Person) -> None:
    """One on each gateway; they see and hear each other."""
    come_in(serve, "gateway-1", ana)
    come_in(serve, "gateway-2", ben)
    for person in (ana, ben):
        person.press_go()
    see_each_other(ana, ben)


def write_to_each_other(ana: Person, ben: Person, about: str) -> None:
    """A line each way."""
    for writer, reader in ((ana, ben), (ben, ana)):
        writer.write(f"{writer.name} {about}")
        reader.expect_line(f"{writer.name} {about}", mine=False)


def test_strangers_on_different_gateways_talk_and_come_back(server: Serve, invite: Invite) -> None:
    """They see, hear and write to each other, and a reload resumes the same talk, wherever it comes in."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    meet_across(server, ana, ben)
    write_to_each_other(ana, ben, "was here")

    ana.page.reload()

    see_each_other(ana, ben)
    ana.expect_line("ben was here", mine=False)
    assert (ana.matches(), ben.matches()) == (1, 1)


def test_one_id_follows_a_pair_through_all_processes(server: Serve, invite: Invite) -> None:
    """From the match to the end of the room: matcher, both gateways, and the api, whom LiveKit tells of the room."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    meet_across(server, ana, ben)
    pair = ana.last_matched()["pair"]
    ana.press_stop()
    server.until(lambda: {"room_deleted", "webhook_taken"} <= {line["event"] for line in server.story(pair)}, "the end")
    story = server.story(pair)
    said_by = {(line["event"], line["process"]) for line in story}

    steps = [line["event"] for line in story if line["event"] in STEPS]
    assert sorted(set(steps), key=steps.index) == STEPS
    assert said_by >= {("pair_formed", "matcher-1"), ("webhook_taken", "api-1")}
    assert said_by >= {("media_reported", "gateway-1"), ("media_reported", "gateway-2")}
    (end,) = [line for line in story if line["event"] == "pair_ended"]
    assert (end["person"], set(end["people"])) == (ana.id, {ana.id, ben.id})


def test_next_and_a_block_hold_across_gateways(server: Serve, invite: Invite) -> None:
    """Next meets a third person; whom one blocks one does not meet again, however widely both search."""
    ana, ben, cleo = invite("ana", RED), invite("ben", BLUE), invite("cleo", GREEN)
    meet_across(server, ana, ben)
    come_in(server, "gateway-2", cleo)
    cleo.press_go()
    cleo.expect_phase("searching")

    ana.press_go()
    see_each_other(ana, cleo)
    ben.expect_phase("searching")
    ben.press_stop()

    ana.block()
    for person in (ana, cleo):
        person.expect_phase("ended")
    for person in (ana, cleo):
        person.press_go()
    for person in (ana, cleo):
        expect(person.page.get_by_text("Also people you met lately")).to_be_visible(timeout=WITHIN_MS)
        expect(person.page.get_by_test_id("waiting-count")).to_have_text("1", timeout=WITHIN_MS)


def test_a_killed_gateway_costs_its_own_people_a_moment(server: Serve, invite: Invite) -> None:
    """They come back on another one, into the same talk; the partner notices nothing."""
    ana, ben = people = invite("ana", RED), invite("ben", BLUE)
    for person in people:
        person.watch(*AWAY)
    meet_across(server, ana, ben)
    came_in = len(server.gateways_of(ana.id))
    killed = server.kill_process("gateway-1")

    ana.until(lambda: len(server.gateways_of(ana.id)) > came_in, "ana is in again")
    see_each_other(ana, ben)
    write_to_each_other(ana, ben, "is still here")
    ana.forgive_network_errors()
    assert ana.told("reconnecting", since=killed)
    assert [ana.told(away, since=killed) for away in AWAY[1:]] == [[], []]
    assert [ben.told(away, since=killed) for away in AWAY] == [[], [], []]
    assert [person.matches() for person in people] == [1, 1]
    assert [event["exit_code"] for event in server.events("child_died")] == [-signal.SIGKILL]


def test_a_silent_redis_costs_the_chat_and_not_the_talk(server: Serve, invite: Invite) -> None:
    """Picture and sound go on; a line is refused, and said to be; the same talk goes on when Redis answers again."""
    ana, ben = people = invite("ana", RED), invite("ben", BLUE)
    for person in people:
        person.watch(*AWAY)
    meet_across(server, ana, ben)
    silent = time.time()
    with server.redis.silent():
        ana.write("into the silence")
        ana.expect_line("into the silence", mine=True, status="refused")
        expect(ana.page.get_by_test_id("notice")).to_contain_text("The server is in trouble")
        ana.until(lambda: not server.store_answers(), "the service says that its store is away")
        see_each_other(ana, ben)
    ana.until(server.store_answers, "it is back")

    write_to_each_other(ana, ben, "is still here")
    see_each_other(ana, ben)
    assert [person.told(away, since=silent) for person in people for away in AWAY] == [[]] * 6
    assert [person.matches() for person in people] == [1, 1]


def test_who_waits_while_redis_is_silent_is_told(server: Serve, invite: Invite) -> None:
    """They keep their place, and meet whoever comes next once it answers again."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    for person in (ana, ben):
        person.open("?lang=en&mode=text")
    ana.press_go()
    ana.expect_phase("searching")
    expect(ana.page.get_by_test_id("waiting-count")).to_have_text("0")
    with server.redis.silent():
        expect(ana.page.get_by_test_id("paused")).to_contain_text("Matching stands still", timeout=WITHIN_MS)
    ben.press_go()

    for person in (ana, ben):
        person.expect_phase("talking")


@pytest.mark.long
def test_a_gateway_that_is_replaced_sends_its_people_elsewhere(server: Serve, invite: Invite) -> None:
    """A rolling restart, in the middle of a talk: both move to new gateways, and the talk goes on."""
    ana, ben = people = invite("ana", RED), invite("ben", BLUE)
    for person in people:
        person.watch(*AWAY)
    meet_across(server, ana, ben)
    came_in = {person: len(server.gateways_of(person.id)) for person in people}

    def has_moved(person: Person) -> bool:
        return len(server.gateways_of(person.id)) > came_in[person]

    began = time.time()
    server.process.send_signal(signal.SIGHUP)

    for person in people:
        person.until(partial(has_moved, person), f"{person.name} is in again")
    see_each_other(ana, ben)
    write_to_each_other(ana, ben, "is still here")
    for person in people:
        person.forgive_network_errors()
    assert [person.told("media-away", since=began) for person in people] == [[], []]
    assert [person.matches() for person in people] == [1, 1]
