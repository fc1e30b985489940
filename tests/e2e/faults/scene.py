"""Two people, each with a relay before the gateway, and one before LiveKit: how they get into each state, and out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Playwright, Route

from benchmarks.media.vitals import SCRIPT
from tests.e2e.camera import BLUE, RED
from tests.e2e.conftest import inviting
from tests.e2e.faults.matrix import State
from tests.e2e.faults.notices import PLACES
from tests.e2e.faults.relay import Relay, relays
from tests.e2e.person import Person, see_each_other
from tests.e2e.rooms import elsewhere, rooms
from tests.e2e.servers import Dev, Server

HEARTBEAT = {"DUOLOGUE_TIMING__HEARTBEAT_MS": "3000", "DUOLOGUE_TIMING__PONG_WAIT_MS": "2000",
             "DUOLOGUE_TIMING__QUIET_AFTER_MS": "1000"}  # fmt: skip
"""So that silence is found in 5 s; as shipped it takes 35 s."""
MEET_AGAIN = {"DUOLOGUE_MATCHING__RECENTLY_MET_AFTER_MS": "0"}
ONLINE = "() => duologue.session.state.connection.status === 'online'"


PAIRED = (State.CONNECTING, State.TALKING)


class Scene:
    """Ana, whom the faults befall, and Ben, her partner where there is one."""

    def __init__(
        self, server: Server, people: tuple[Person, Person], signals: tuple[Relay, Relay], media: Relay
    ) -> None:
        self.server = server
        self.people = self.ana, self.ben = people
        self.signals = self.signal, _ = signals
        self.media = media
        for person, relay in zip(people, signals, strict=True):
            _lead_through(person, relay)

    def arrive(self, state: State) -> str | None:
        """Both begin anew, and Ana gets there; Ben with her where it takes two. Gives their pair, if they are one."""
        mode = "video" if state in PAIRED else "text"
        for person in self.people:
            person.visit(f"?lang=en&mode={mode}")
            until_online(person)
        if state is State.CONNECTING:
            self.media.hold()
        searching = {State.IDLE: (), State.SEARCHING: (self.ana,)}.get(state, self.people)
        for person in searching:
            person.press_go()
        self._go_on(state)
        return self.ana.last_matched()["pair"] if state in PAIRED else None

    def _go_on(self, state: State) -> None:
        if state is State.TALKING:
            see_each_other(self.ana, self.ben)
        if state is State.ENDED:
            self.ana.expect_phase("talking")
            self.ben.press_stop()
            self.ana.page.get_by_test_id("stay").click()
        self.ana.expect_phase(state.value)
        if state is State.CONNECTING:
            self.ben.expect_phase(state.value)

    def prove(self, state: State) -> str:
        """She is where she was, and what she does there next works: they talk in the end. Gives their pair."""
        self.media.heal()
        if state in PAIRED:
            see_each_other(self.ana, self.ben)
        else:
            self.ana.expect_phase(state.value)
            self._meet_in_text(state)
        for writer, reader in (self.people, self.people[::-1]):
            writer.write(f"{writer.name} is still here")
            reader.expect_line(f"{writer.name} is still here", mine=False)
        return str(self.ana.last_matched()["pair"])

    def _meet_in_text(self, state: State) -> None:
        if state is not State.SEARCHING:
            self.ana.press_go()
        self.ben.press_go()
        for person in self.people:
            person.expect_phase("talking")

    def rest(self) -> None:
        """Both stop; no connection is left, and no console holds a warning."""
        for relay in (*self.signals, self.media):
            relay.heal()
        for person in self.people:
            until_online(person)
            if person.phase.get_attribute("data-phase") != "start":
                person.press_stop()
            person.expect_phase("start")
            until_nothing_is_open(person)
            person.forgive_network_errors()
        assert [person.console for person in self.people] == [[], []]


def until_online(person: Person) -> None:
    """Wait until the gateway has let them in."""
    person.until(lambda: person.page.evaluate(ONLINE), f"{person.name} is online")


def until_nothing_is_open(person: Person) -> None:
    """Wait until their page has no PeerConnection."""
    person.until(lambda: person.page.evaluate("() => vitals().live === 0"), f"{person.name} has no connection left")


def _lead_through(person: Person, relay: Relay) -> None:
    def rewrite(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"websocket_url": f"ws://127.0.0.1:{relay.port}"})

    person.context.add_init_script(SCRIPT)
    person.context.route("**/config.json", rewrite)
    person.watch(*PLACES)


@contextmanager
def scene(folder: Path, playwright: Playwright) -> Iterator[Scene]:
    """A server, its LiveKit, two browsers and the networks between them; at the end nothing is left of all talks."""
    with relays(3) as (of_ana, of_ben, media):
        told = {"DUOLOGUE_LIVEKIT__PUBLIC_URL": f"ws://127.0.0.1:{media.port}"}
        server = Dev(folder, variables=HEARTBEAT | MEET_AGAIN | told)
        of_ana.to = of_ben.to = server.ws_port
        media.to = server.livekit_port
        with inviting(server, playwright, folder) as invite:
            scene = Scene(server, (invite("ana", RED), invite("ben", BLUE)), (of_ana, of_ben), media)
            yield scene
            scene.rest()
            server.until(lambda: elsewhere(rooms(server)) == [], "no room is left")
        assert server.stop() == 0, server.log()
