"""Two people and a network that can be made to fail: how they get into each state, and out of it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Route

from benchmarks.media.vitals import SCRIPT
from tests.e2e.browsers import Browsers, chromium
from tests.e2e.camera import BLUE, RED
from tests.e2e.conftest import inviting
from tests.e2e.faults.matrix import State
from tests.e2e.faults.notices import PLACES
from tests.e2e.faults.relay import Relay, relays
from tests.e2e.namespace import CUT_GROUP, Namespace, namespace
from tests.e2e.person import Person, see_each_other
from tests.e2e.servers import Dev, Server

HEARTBEAT = {"DUOLOGUE_TIMING__HEARTBEAT_MS": "3000", "DUOLOGUE_TIMING__PONG_WAIT_MS": "2000",
             "DUOLOGUE_TIMING__QUIET_AFTER_MS": "1000"}  # fmt: skip
"""So that silence is found in 5 s; as shipped it takes 35 s."""
SKEWED = """
const skew = Number(new URLSearchParams(location.search).get('skew'));
if (skew !== 0) {
  const Real = Date;
  window.Date = class extends Real {
    constructor(...given) { super(...(given.length === 0 ? [Real.now() + skew] : given)); }
    static now() { return Real.now() + skew; }
  };
}
"""
"""A page whose address has `skew=600000` believes that it is ten minutes later."""
MEET_AGAIN = {"DUOLOGUE_MATCHING__RECENTLY_MET_AFTER_MS": "0"}
ONLINE = "() => window.duologue?.session.state.connection.status === 'online'"


PAIRED = (State.CONNECTING, State.TALKING)


class Scene:
    """Ana, whom the faults befall, and Ben, her partner where there is one."""

    def __init__(self, server: Server, ana: Person, ben: Person) -> None:
        self.server = server
        self.people = self.ana, self.ben = ana, ben
        for person in self.people:
            person.context.add_init_script(SCRIPT)
            person.context.add_init_script(f"(() => {{{SKEWED}}})()")
            person.watch(*PLACES)
            person.open()  # and agree to the rules, once

    def heal(self) -> None:
        """Nothing is wrong with the network any more."""
        raise NotImplementedError

    def arrive(self, state: State, query: str = "") -> str | None:
        """Both begin anew, and Ana gets there; Ben with her where it takes two. Gives their pair, if they are one."""
        mode = "video" if state in PAIRED else "text"
        for person in self.people:
            person.page.goto(f"/?lang=en&mode={mode}{query if person is self.ana else ''}")
            until_online(person)
        if state is State.CONNECTING:
            self.hold_media()
        searching = {State.IDLE: (), State.SEARCHING: (self.ana,)}.get(state, self.people)
        for person in searching:
            person.press_go()
        self._go_on(state)
        return self.ana.last_matched()["pair"] if state in PAIRED else None

    def hold_media(self) -> None:
        """Whoever meets now goes on connecting until `heal`."""
        raise NotImplementedError

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
        self.heal()
        if state in PAIRED:
            see_each_other(self.ana, self.ben)
        else:
            self.ana.expect_phase(state.value)
            self._meet_in_text(state)
        return self.write_to_each_other()

    def write_to_each_other(self) -> str:
        """A line each way arrives. Gives their pair."""
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
        self.heal()
        for person in self.people:
            until_online(person)
            if person.phase.get_attribute("data-phase") != "start":
                person.press_stop()
            person.expect_phase("start")
            until_nothing_is_open(person)
            person.forgive_network_errors()
        said = [line for person in self.people for line in person.console]
        assert not said, said


def until_online(person: Person) -> None:
    """Wait until the gateway has let them in."""
    person.until(lambda: person.page.evaluate(ONLINE), f"{person.name} is online")


def until_nothing_is_open(person: Person) -> None:
    """Wait until their page has no PeerConnection."""
    person.until(lambda: person.page.evaluate("() => vitals().live === 0"), f"{person.name} has no connection left")


class RelayedScene(Scene):
    """Each with a relay before the gateway, and one before LiveKit's signalling."""

    def __init__(self, server: Server, ana: Person, ben: Person, relays: list[Relay]) -> None:
        self._relays = relays
        self.signal, self.signal_of_ben, self.media = relays
        _lead_through(ana, self.signal)
        _lead_through(ben, self.signal_of_ben)
        super().__init__(server, ana, ben)

    def heal(self) -> None:
        for relay in self._relays:
            relay.heal()

    def hold_media(self) -> None:
        self.media.hold()


def _lead_through(person: Person, relay: Relay) -> None:
    def rewrite(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"websocket_url": f"ws://127.0.0.1:{relay.port}"})

    person.context.route("**/config.json", rewrite)


@contextmanager
def relayed(folder: Path, browsers: Browsers) -> Iterator[RelayedScene]:
    """They, their server, and LiveKit; at the end nothing is left of all talks."""
    with relays(3) as between:
        told = {"DUOLOGUE_LIVEKIT__PUBLIC_URL": f"ws://127.0.0.1:{between[2].port}"}
        server = Dev(folder, variables=HEARTBEAT | MEET_AGAIN | told)
        for relay, port in zip(between, (server.ws_port, server.ws_port, server.livekit_port), strict=True):
            relay.to = port
        with inviting(server, browsers, keep_pages=True) as invite:
            scene = RelayedScene(server, invite("ana", RED), invite("ben", BLUE), between)
            yield scene
            _leave_nothing(scene)
        assert server.stop() == 0, server.log()


class WalledScene(Scene):
    """In a network of their own, with a firewall around Ana's browser."""

    def __init__(self, server: Server, ana: Person, ben: Person, network: Namespace) -> None:
        super().__init__(server, ana, ben)
        self.network = network

    def heal(self) -> None:
        self.network.heal()


@contextmanager
def walled(folder: Path, browsers: Browsers) -> Iterator[WalledScene]:
    """They, their server, and LiveKit, as shipped; at the end nothing is left of all talks."""
    with namespace() as network:
        server = Dev(folder, network.enter, MEET_AGAIN)
        hers = network.program(folder / "hers", chromium(), group=CUT_GROUP)
        his = network.program(folder / "his", chromium())
        try:
            with inviting(server, browsers) as invite:
                scene = WalledScene(server, invite("ana", RED, browser=hers), invite("ben", BLUE, browser=his), network)
                yield scene
                _leave_nothing(scene)
        finally:
            code = server.stop()
        assert code == 0, server.log()


def _leave_nothing(scene: Scene) -> None:
    scene.rest()
    server = scene.server
    server.until(lambda: pairs(server, "room_opened") <= pairs(server, "room_deleted"), "no room is left")


def pairs(server: Server, event: str) -> set[str]:
    """Of which pairs this was logged."""
    return {line["pair"] for line in server.events(event)}
