"""Direct calls between two people with two devices each, on two gateways: every order of actions.

In one process, on the memory store and a clock that is moved by hand, so that thousands of orders fit.
`test_calls_on_redis.py` plays some of them on a real Redis, with real sockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import product

import pytest

from duologue.gateway.session import State
from duologue.ids import PersonId
from duologue.ledger import Paired, PersonState, Ringing
from duologue.protocol import client as c
from duologue.protocol import codec
from duologue.protocol import server as s
from duologue.protocol.client import ClientMessage
from duologue.protocol.codes import MediaEvent, Mode
from duologue.simulation.belief import Belief
from duologue.tasks import Tasks
from tests.realm.call_matrix import (
    ALL,
    DEVICES,
    FIRST_CALL,
    HANGING_UP,
    RETURNS,
    TELLING,
    Action,
    Device,
    Model,
    What,
    Who,
)
from tests.wires import FakeWire, Yard

LIMITS = {"profile": "load"}
SEAT_MS, RING_MS = 15_000, 60_000
GONE = 1006
pytestmark = pytest.mark.timeout(240)


def state_of(state: PersonState) -> str:
    """In the words of the model and of clients."""
    match state:
        case Paired():
            return "paired"
        case Ringing():
            return "ringing"
    return "idle"


class Client:
    """One device: what it was told, and what it says."""

    def __init__(self, yard: Yard, wire: FakeWire) -> None:
        self.yard = yard
        self.wire = wire
        self.belief = Belief()
        self.stands_by = False
        self.call = self.pair = "none-yet"
        """The last that it has heard of."""
        self.errors: list[str] = []
        self._read = self._count = 0

    def hear(self) -> None:
        """All that was written since."""
        frames, self._read = self.wire.frames[self._read :], len(self.wire.frames)
        for message in map(codec.decode_server, frames):
            self._note(message)

    def _note(self, message: s.ServerMessage) -> None:
        self.stands_by = isinstance(message, s.Standby) or (self.stands_by and not isinstance(message, s.Ready))
        self.belief = self.belief.after(message)
        self.call, self.pair = self.belief.call or self.call, self.belief.pair or self.pair
        if isinstance(message, s.Reply) and message.error is not None:
            self.errors.append(message.error.code)
        if isinstance(message, s.Ping):
            self.wire.say(c.Pong())
        if isinstance(message, s.Matched | s.Ready) and self.belief.pair is not None:
            self.wire.say(c.MediaReport(self.belief.pair, MediaEvent.CONNECTED))

    def say(self, what: What, link: str) -> None:
        """Press a button; whatever it is about is what was heard of last."""
        self._count += 1
        id_ = f"{id(self)}-{self._count}"
        messages: dict[What, ClientMessage] = {
            What.CALL: c.Call(id_, link, Mode.TEXT),
            What.ACCEPT: c.Accept(id_, self.call),
            What.DECLINE: c.Decline(id_, self.call),
            What.CANCEL: c.CancelCall(id_, self.call),
            What.HANG_UP: c.Leave(id_, self.pair),
        }
        self.wire.say(messages[what])


class Town:
    """Both people on both gateways, and the model beside them."""

    def __init__(self, tasks: Tasks) -> None:
        self.first = Yard(tasks, limits=LIMITS)
        self.yards = self.first, Yard(tasks, limits=LIMITS, beside=self.first)
        self.model = Model()
        self.clients: dict[Device, Client] = {}
        self.people: dict[Who, PersonId] = {}
        self.links: dict[Who, str] = {}
        self.tokens: dict[Who, str] = {}
        self._news = [0, 0]

    async def fill(self) -> None:
        """Everybody comes in, the second devices last; each person is on both gateways."""
        for yard in self.yards:
            await yard.store.keep_alive(yard.name)
        for who in ("ana", "ben"):
            tokens = self.first.tokens.mint_guest({})
            self.people[who], self.tokens[who] = tokens.person, tokens.token
            self.links[who] = await self.first.safety.link_of(tokens.person)
            for device in DEVICES:
                if device.who == who:
                    yard = self.yards[(device.number + (who == "ben")) % 2]
                    self.clients[device] = Client(yard, yard.wire())
                    self.clients[device].wire.say(c.Auth(tokens.token))
                    await self.settle()

    async def settle(self) -> None:
        """Until nobody has anything to say any more."""
        quiet = 0
        while quiet < 2:
            for _ in range(12):
                await asyncio.sleep(0)
            quiet += 1
            for at, yard in enumerate(self.yards):
                news, self._news[at] = await yard.store.read_news(yard.name, self._news[at], 0)
                yard.gateway.deliver(news)
                quiet = 0 if news else quiet
            for client in self.clients.values():
                client.hear()

    async def does(self, action: Action) -> None:
        """One step, of the model too."""
        self.model.does(action)
        if action.device is None:
            await self._time_passes(SEAT_MS if action.what is What.SEAT_ENDS else RING_MS)
        elif action.what is What.STAND_BY:
            self._returns(action.device)
        elif self.clients[action.device].wire.connection.state is not State.OVER:
            self._acts(self.clients[action.device], action.what, action.device)
        await self.settle()

    def _acts(self, client: Client, what: What, device: Device) -> None:
        if what is What.CLOSE:
            client.wire.connection.closed(GONE)
        else:
            client.say(what, self.links["ben" if device.who == "ana" else "ana"])

    def _returns(self, device: Device) -> None:
        yard = self.clients[device].yard
        client = self.clients[device] = Client(yard, yard.wire())
        client.wire.say(c.StandBy(self.tokens[device.who]))

    async def _time_passes(self, duration_ms: int) -> None:
        for _ in range(0, duration_ms, 5_000):
            self.first.clock.advance(5_000)
            for yard in self.yards:
                yard.gateway.tick()
                await yard.store.keep_alive(yard.name)
            await self.settle()
        await self.first.store.expire()

    def agree(self, script: Sequence[Action]) -> None:
        """Model, store, gateways and clients say the same."""
        told = " ".join(map(str, script))
        for who, person in self.people.items():
            record = self.first.store.ledger.people.get(person)
            truth = "idle" if record is None else state_of(self.first.store.ledger.state(record))
            assert truth == self.model.state, f"{told}: {who}, by the store"
        for device, client in self.clients.items():
            if device in self.model.connected:
                self._agrees(device, client, told)

    def _agrees(self, device: Device, client: Client, told: str) -> None:
        active = self.model.active[device.who] == device
        called = self.model.rings is not None and self.model.rings != device.who
        expected = self.model.state if active else "ringing" if called else "idle"
        connection = client.wire.connection
        assert client.stands_by == (not active), f"{told}: whether {device} stands by"
        assert connection.state == (State.LIVE if active else State.STANDBY), f"{told}: {device}, by its gateway"
        assert client.belief.state == expected, f"{told}: {device}, by its client, {client.errors}"
        if active:
            assert state_of(connection.doing) == expected, f"{told}: {device}, by its session"


async def play(scripts: Iterator[tuple[Action, ...]]) -> int:
    """Each script in a town of its own; how many there were."""
    count = 0
    for script in scripts:
        tasks = Tasks()
        try:
            town = Town(tasks)
            await town.fill()
            for at, action in enumerate(script, 1):
                await town.does(action)
                town.agree(script[:at])
        finally:
            await tasks.cancel_all()
        count += 1
    return count


async def test_whatever_two_people_do_after_a_call_all_agree() -> None:
    """Any two actions on any devices after it."""
    assert await play((FIRST_CALL, *rest) for rest in product(ALL, ALL)) == len(ALL) ** 2


@pytest.mark.parametrize("second", TELLING, ids=str)
async def test_long_stories_of_a_call_end_alike_for_all(second: Action) -> None:
    """Any two more of those that mean something, after each of them."""
    assert await play((FIRST_CALL, second, *rest) for rest in product(TELLING, TELLING)) == len(TELLING) ** 2


@pytest.mark.parametrize("start", RETURNS, ids=lambda start: "-".join(map(str, start)))
async def test_a_device_that_is_back_to_stand_by_is_as_good_as_one_that_never_went(start: tuple[Action, ...]) -> None:
    """It rings, may answer or decline, and leaves alone what goes on."""
    assert await play((*start, *rest) for rest in product(ALL, HANGING_UP)) == len(ALL)


async def test_whatever_they_do_at_once_all_agree() -> None:
    """Two press their buttons before either hears of the other: one was first, and both know who."""
    pairs = [(one, two) for one, two in product(ALL, ALL) if None not in (one.device, two.device)]
    for one, two in pairs:
        tasks = Tasks()
        try:
            town = Town(tasks)
            await town.fill()
            await town.does(FIRST_CALL)
            for action in (one, two):
                assert action.device is not None
                client = town.clients[action.device]
                if client.wire.connection.state is not State.OVER:
                    town._acts(client, action.what, action.device)
            await town.settle()
            agree_among_themselves(town, f"{one} with {two}")
        finally:
            await tasks.cancel_all()


def agree_among_themselves(town: Town, told: str) -> None:
    """Whoever was first: store, sessions and clients know it, and both people do the same."""
    ledger = town.first.store.ledger
    truths = {who: state_of(ledger.state(ledger.people[person])) for who, person in town.people.items()}
    assert len(set(truths.values())) == 1, f"{told}: {truths}"
    for device, client in town.clients.items():
        connection = client.wire.connection
        if connection.state is State.LIVE:
            assert client.belief.state == truths[device.who], f"{told}: {device}"
            assert state_of(connection.doing) == truths[device.who], f"{told}: {device}"
        if connection.state is State.STANDBY and truths[device.who] != "ringing":
            assert client.belief.state == "idle", f"{told}: {device} still rings"
