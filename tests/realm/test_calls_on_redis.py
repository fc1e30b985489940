"""Direct calls between two people with two devices each, over real sockets, two gateways and a real Redis.

`test_call_matrix.py` plays every order; here are the stories, and what two do at the same moment.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest

from duologue.client import CommandRefused, Invitation, RandomChatSession
from duologue.client.socket import Socket
from duologue.ids import CallId, PersonId
from duologue.protocol.codes import ErrorCode, Mode
from duologue.store.ledger.records import Person
from duologue.store.port import Key
from duologue.store.redis import RedisStore
from tests.realm.call_matrix import ANA2, BEN1, BEN2, DEVICES, FIRST_CALL, PEOPLE, Action, Device, Model, What, Who
from tests.realm.realm import OFFICE, SAFETY, Realm, come_in, realm
from tests.redis_server import RedisServer, redis_server

AGREE_WITHIN_S = 15
LISTEN_S = 0.02
pytestmark = pytest.mark.timeout(240)

STORIES: list[Sequence[Action]] = [
    (FIRST_CALL, Action(What.ACCEPT, BEN2), Action(What.HANG_UP, ANA2)),
    (FIRST_CALL, Action(What.ACCEPT, BEN1), Action(What.HANG_UP, BEN1), FIRST_CALL),
    (FIRST_CALL, Action(What.DECLINE, BEN1), FIRST_CALL, Action(What.DECLINE, BEN2)),
    (FIRST_CALL, Action(What.CANCEL, ANA2), Action(What.CALL, BEN2), Action(What.ACCEPT, ANA2)),
    (FIRST_CALL, Action(What.CALL, BEN2), Action(What.CANCEL, ANA2)),
    (FIRST_CALL, Action(What.CLOSE, BEN2), Action(What.ACCEPT, BEN1), Action(What.HANG_UP, BEN1)),
    (FIRST_CALL, Action(What.CLOSE, ANA2), Action(What.DECLINE, BEN2)),
    (Action(What.CLOSE, BEN1), FIRST_CALL, Action(What.STAND_BY, BEN1), Action(What.ACCEPT, BEN1)),
    (Action(What.CLOSE, BEN1), Action(What.STAND_BY, BEN1), FIRST_CALL, Action(What.ACCEPT, BEN2)),
]
AT_ONCE: list[tuple[Action, Action]] = [
    (Action(What.ACCEPT, BEN1), Action(What.ACCEPT, BEN2)),
    (Action(What.ACCEPT, BEN1), Action(What.CANCEL, ANA2)),
    (Action(What.ACCEPT, BEN2), Action(What.CANCEL, ANA2)),
    (Action(What.ACCEPT, BEN2), Action(What.DECLINE, BEN1)),
    (Action(What.CALL, BEN2), Action(What.ACCEPT, BEN1)),
    (Action(What.CLOSE, ANA2), Action(What.ACCEPT, BEN2)),
]


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    """One server for all of them."""
    with redis_server() as server:
        yield server


class Devices:
    """Both people, and the model beside them."""

    def __init__(self, town: Realm, store: RedisStore) -> None:
        self.town = town
        self.store = store
        self.model = Model()
        self.sessions: dict[Device, RandomChatSession] = {}
        self.people: dict[Who, PersonId] = {}
        self.known: dict[Device, str] = {}
        """The call that a device heard of last."""

    async def come(self) -> None:
        """Each person on both gateways, the second device last."""
        for who in PEOPLE:
            tokens = OFFICE.mint_guest({})
            self.people[who] = tokens.person
            for device in [each for each in DEVICES if each.who == who]:
                url = self.town.gateways[(device.number + (who == "ben")) % 2].url
                session = self.sessions[device] = RandomChatSession(Invitation(url, tokens.token))
                await come_in(session)

    def go(self) -> None:
        """Nobody stays."""
        for device in self.model.connected:
            self.sessions[device].close()

    async def returns(self, device: Device) -> None:
        """A device without a socket comes back to stand by."""
        session = self.sessions[device] = RandomChatSession(self.sessions[device]._invitation)
        await session.stand_by()

    async def does(self, action: Action) -> None:
        """One step; what is refused is refused."""
        device, session = action.device, self.sessions[action.device or ANA2]
        assert device is not None, "time passes by itself here"
        call = self.known.get(device, "none-yet")
        try:
            match action.what:
                case What.CALL:
                    to = self.people["ben" if device.who == "ana" else "ana"]
                    await session.call(await SAFETY.link_of(to), Mode.TEXT)
                case What.ACCEPT:
                    await session.accept(call)
                case What.DECLINE:
                    await session.decline(call)
                case What.CANCEL:
                    await session.cancel_call(call)
                case What.HANG_UP:
                    await session.leave()
                case What.STAND_BY:
                    await self.returns(device)
                case _:
                    assert isinstance(session.socket, Socket)
                    session.socket.cut()
        except CommandRefused as refused:
            if refused.error.code not in (ErrorCode.NOT_ACTIVE, ErrorCode.BAD_REQUEST):
                raise

    async def listen(self) -> None:
        """Hear what there is, on all devices."""
        for device in self.model.connected:
            session = self.sessions[device]
            try:
                while True:
                    async with asyncio.timeout(LISTEN_S):
                        await session._receive()
            except TimeoutError:
                self.known[device] = session.ringing or self.known.get(device, "none-yet")
            if session.pair is not None:
                session.report_media()

    async def record(self, who: Who) -> Person:
        """What the ledger says."""
        record = await self.town.record(self.store, self.people[who])
        assert record is not None, f"{who} is forgotten"
        return record

    async def disagreement(self, *, as_modelled: bool) -> str:
        """Who believes something else than the store, or the model; '' when all agree."""
        records = {who: await self.record(who) for who in PEOPLE}
        states = {who: state_of(record) for who, record in records.items()}
        if states["ana"] != states["ben"] or (as_modelled and states["ana"] != self.model.state):
            return f"{states} by the store, {self.model.state} by the model"
        if mistold := self._mistold({record.call for record in records.values() if record.call is not None}):
            return mistold
        called = await self._called(records["ana"])
        for device in self.model.connected:
            session = self.sessions[device]
            active = session.ready is not None and records[device.who].session == session.ready.session
            expected = states[device.who] if active else "ringing" if called == device.who else "idle"
            actual = "paired" if session.pair else "ringing" if session.ringing else "idle"
            if (actual, session.standing_by) != (expected, not active):
                return f"{device} is {actual}, standing by: {session.standing_by}; expected {expected}"
        return ""

    def _mistold(self, ringing: set[CallId]) -> str:
        """Of each call whoever sends webhooks hears once that it rings, and once what it became; '' when they did."""
        told = Counter((call.id, call.rings) for call in self.town.told if not call.unheard)
        calls = ringing | {name for name, _ in told}
        due = Counter({*((name, True) for name in calls), *((name, False) for name in calls - ringing)})
        return "" if told == due else f"of calls was told {told}, due is {due}"

    async def _called(self, record: Person) -> Who | None:
        """Whose devices ring."""
        name = record.call
        if name is None:
            return None
        call = await self.store._transact(lambda now: now.ledger.calls.get(name), Key("call", name))
        return next((who for who in PEOPLE if call is not None and self.people[who] == call.callee.person), None)

    async def agree(self, told: str, *, as_modelled: bool = True) -> None:
        """News is on its way; then all agree."""
        why = "nobody was asked"
        try:
            async with asyncio.timeout(AGREE_WITHIN_S):
                while why:
                    await self.listen()
                    why = await self.disagreement(as_modelled=as_modelled)
        except TimeoutError:
            raise AssertionError(f"{told}: {why}") from None


def state_of(record: Person) -> str:
    """In the words of the model."""
    return "paired" if record.pair else "ringing" if record.call else "idle"


@pytest.fixture
async def devices(redis: RedisServer) -> AsyncIterator[Devices]:
    """Four of them, on two gateways."""
    async with realm(redis.url, gateways=2, matchers=0) as town:
        devices = Devices(town, await town.store())
        await devices.come()
        yield devices
        devices.go()


@pytest.mark.parametrize("story", STORIES, ids=lambda story: "-".join(map(str, story)))
async def test_a_story_of_a_call_ends_alike_for_all(devices: Devices, story: Sequence[Action]) -> None:
    """Step by step, as the model says."""
    for at, action in enumerate(story, 1):
        await devices.does(action)
        devices.model.does(action)
        await devices.agree(" ".join(map(str, story[:at])))


@pytest.mark.parametrize("pair", AT_ONCE, ids=lambda pair: " with ".join(map(str, pair)))
async def test_what_two_do_at_once_ends_alike_for_all(devices: Devices, pair: tuple[Action, Action]) -> None:
    """Whichever the store has taken first."""
    await devices.does(FIRST_CALL)
    devices.model.does(FIRST_CALL)
    await devices.agree("a call")
    for action in pair:
        if action.what is What.CLOSE and action.device is not None:
            devices.model.connected.discard(action.device)
    await asyncio.gather(*(devices.does(action) for action in pair))

    await devices.agree(" with ".join(map(str, pair)), as_modelled=False)


async def test_both_call_at_once(devices: Devices) -> None:
    """One of the two was first, and the other's call is its answer."""
    await asyncio.gather(devices.does(FIRST_CALL), devices.does(Action(What.CALL, BEN2)))

    await devices.agree("both call", as_modelled=False)
    assert state_of(await devices.record("ana")) == "paired"


async def test_a_call_waits_for_somebody_without_a_socket(devices: Devices) -> None:
    """Whoever comes in while it rings finds it in the snapshot."""
    for device in (BEN1, BEN2):
        devices.sessions[device].close()
        devices.model.connected.discard(device)
    await devices.does(FIRST_CALL)
    late = RandomChatSession(devices.sessions[BEN2]._invitation)
    await come_in(late)

    assert late.ringing is not None
    await late.accept()
    await devices.agree("an answer", as_modelled=False)
    late.close()
