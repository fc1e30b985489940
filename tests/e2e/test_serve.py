"""People on different processes of `duologue serve`, and what they notice when one dies, or Redis falls silent."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import expect

from tests.e2e.camera import BLUE, GREEN, RED
from tests.e2e.conftest import Invite
from tests.e2e.person import WITHIN_MS, Person, see_each_other
from tests.e2e.servers import Serve, serving

pytestmark = pytest.mark.timeout(120)  # the first test has to start five processes, each a second of CPU


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """One service for all tests here, stopped as a person stops it. `invite` invites to this one."""
    with serving(tmp_path_factory.mktemp("state")) as serve:
        yield serve
        assert serve.stop() == 0, serve.log()


def come_in(serve: Serve, gateway: str, person: Person) -> None:
    """Open the page on this gateway. The kernel spreads connections, so it takes as many loads as it takes."""
    person.open()
    for loads in count(1):
        person.until(lambda loads=loads: len(serve.gateways_of(person.id)) == loads, f"{person.name} is in")
        if serve.gateways_of(person.id)[-1] == gateway:
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


def test_next_and_a_block_hold_across_gateways(server: Serve, invite: Invite) -> None:
    """Next meets a third person; who is blocked is not met again, by whichever gateway."""
    ana, ben, cleo = invite("ana", RED), invite("ben", BLUE), invite("cleo", GREEN)
    meet_across(server, ana, ben)
    come_in(server, "gateway-2", cleo)
    cleo.press_go()
    cleo.expect_phase("searching")

    ana.press_go()
    see_each_other(ana, cleo)
    ben.expect_phase("searching")


def test_a_killed_gateway_costs_a_moment_of_its_own_people(server: Serve, invite: Invite) -> None:
    """They come back on the other one, into the same talk; the partner sees and hears them all the while."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    for person in (ana, ben):
        person.watch("reconnecting", "peer-away", "media-away")
    meet_across(server, ana, ben)
    killed = time.time()
    server.kill_process("gateway-1")
    ana.until(lambda: server.gateways_of(ana.id)[-1] == "gateway-2", "ana is on the other one")
    see_each_other(ana, ben)
    write_to_each_other(ana, ben, "goes on")
    for p in (ana, ben):
        print(p.name, p.console, [(w, p.told(w, since=killed)) for w in ("reconnecting", "peer-away", "media-away")])
    assert (ana.matches(), ben.matches()) == (1, 1)
    print(server.log()[-6000:])
    assert 0


def health(server: Serve) -> dict:
    with urllib.request.urlopen(f"{server.url}/health/ready") as answer:
        return json.load(answer)


def test_a_silent_redis_costs_the_chat_and_no_talk(server: Serve, invite: Invite) -> None:
    """Picture and sound go on; a line is refused, and the next one after Redis is back arrives."""
    ana, ben = invite("ana", RED), invite("ben", BLUE)
    for person in (ana, ben):
        person.watch("reconnecting", "peer-away", "media-away", "notice")
    meet_across(server, ana, ben)
    frozen = time.time()
    server.redis.freeze()
    ana.write("into the silence")
    see_each_other(ana, ben)
    line = ana.page.locator('[data-testid="chat-line"]', has_text="into the silence")
    expect(line).to_have_attribute("data-state", "refused", timeout=20_000)
    print("refused", time.time() - frozen)
    ana.until(lambda: not health(server)["store_answers"], "silent")
    print("silent", time.time() - frozen)
    see_each_other(ana, ben)
    print("sees", time.time() - frozen)
    server.redis.thaw()
    write_to_each_other(ana, ben, "goes on")
    for p in (ana, ben):
        print(p.name, p.console, [(w, p.told(w, since=frozen)) for w in ("reconnecting", "peer-away", "media-away", "notice")])
    assert (ana.matches(), ben.matches()) == (1, 1)
    print(server.log()[-6000:])
    assert 0
