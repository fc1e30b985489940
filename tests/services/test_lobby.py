"""A session's wishes, turned into transitions of the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from duologue.errors import BackendError, OutcomeUnknown, TokenRefused, Unavailable, ValueRefused
from duologue.ids import PersonId, SessionId
from duologue.ledger import Arrival, Caller, Outcome
from duologue.matching.rules import Facet, Rules
from duologue.media.fake import FakeMedia
from duologue.protocol.client import Filters
from duologue.protocol.codes import Mode
from duologue.services.blocks import Blocks
from duologue.services.identity import Identity, TokenOffice
from duologue.services.lobby import Entry, Lobby, Newcomer, ResumeSpent, SocketGone
from duologue.services.pairs import Pairs
from duologue.store.memory import MemoryStore
from duologue.store.memory.safety import MemorySafetyStore
from duologue.tasks import Tasks
from tests.builders import ANA, BEN, NODE
from tests.contract.stores import GATEWAY, PAIR, StoreUnderTest, World
from tests.fakes import CountingRng, ManualClock, wait_until

KEY = b"k" * 32
RULES = Rules((Facet("gender", values=("f", "m")), Facet("language", 8_000)))


class House(World):
    """A lobby over a store."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        super().__init__(StoreUnderTest(MemoryStore(self.clock), self.clock.sleep_ms))
        self.tokens = TokenOffice(KEY, self.clock, CountingRng())
        self.media = FakeMedia()
        self.tasks = Tasks()
        self.pairs = Pairs(self.store, self.media, self.clock, self.tasks)
        self.safety = MemorySafetyStore(self.clock, CountingRng())
        self.blocks = Blocks(self.store, self.safety, self.pairs)
        modes = frozenset([Mode.TEXT, Mode.VIDEO])
        self.lobby = Lobby(self.store, self.tokens, self.pairs, self.blocks, RULES, modes, self.clock)

    async def enter(self) -> Entry:
        await self.store.keep_alive(GATEWAY)
        token = self.tokens.mint_guest({"language": "en"}).token
        return await self.lobby.enter(self.tokens.grant(token), newcomer())

    async def resume(self, token: str, session: str) -> Entry:
        return await self.lobby.resume(self.lobby.resumed(token), newcomer(session))


def newcomer(session: str = "s1") -> Newcomer:
    """Somebody on a socket that is open."""
    return Newcomer(SessionId(session), GATEWAY, lambda: True)


class BreaksOff:
    """A store that lets somebody in and whose answer is lost; asked again it is out of reach, once."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self._arrive = house.store.arrive
        self._errors: list[BackendError] = [OutcomeUnknown(), Unavailable("a store of this test")]
        monkeypatch.setattr(house.store, "arrive", self.arrive)

    async def arrive(self, *args: Any) -> Arrival | None:
        error = self._errors.pop(0) if self._errors else None
        if isinstance(error, Unavailable):
            raise error
        arrival = await self._arrive(*args)
        if error is not None:
            raise error
        return arrival


def caller_of(entry: Entry) -> Caller:
    return Caller(entry.identity.person, entry.arrival.generation)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    yield house
    await house.tasks.cancel_all()


async def test_a_session_token_lets_somebody_in(house: House) -> None:
    """With a resume token for this very generation."""
    entry = await house.enter()
    resumed = house.tokens.verify_resume(entry.resume_token)

    assert (resumed.identity, resumed.generation) == (entry.identity, entry.arrival.generation)


async def test_who_may_be_in_is_not_sent_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is out of reach at the second try says nothing of the first."""
    BreaksOff(house, monkeypatch)
    entry = await house.enter()

    assert await house.store.sessions_on(GATEWAY) == [(entry.identity.person, "s1")]


async def test_who_may_be_in_and_gives_up_leaves_no_ghost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody would ever say that they are gone: a partner would be given to them, and wait."""
    BreaksOff(house, monkeypatch)
    await house.store.keep_alive(GATEWAY)
    is_there = iter([True, True, False])
    gone = Newcomer(SessionId("s1"), GATEWAY, lambda: next(is_there))
    with pytest.raises(SocketGone):
        await house.lobby.enter(house.tokens.grant(house.tokens.mint_guest({}).token), gone)

    assert await house.store.sessions_on(GATEWAY) == []


async def test_who_certainly_is_not_in_hears_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once: the client knows better than we when to come again."""

    async def arrive(*_: object) -> None:
        raise Unavailable("a store of this test")

    monkeypatch.setattr(house.store, "arrive", arrive)
    with pytest.raises(Unavailable):
        await house.enter()


async def test_a_bad_token_changes_nothing(house: House) -> None:
    """Nobody arrives with it."""
    with pytest.raises(TokenRefused):
        house.lobby.grant("garbage")


async def test_a_resume_token_works_once(house: House) -> None:
    """The second use is refused; the token it was rotated to works."""
    first = await house.enter()
    second = await house.resume(first.resume_token, "s2")
    with pytest.raises(ResumeSpent):
        await house.resume(first.resume_token, "s3")
    third = await house.resume(second.resume_token, "s4")

    assert third.identity == first.identity
    assert third.arrival.generation > second.arrival.generation > first.arrival.generation


async def test_a_resume_token_of_a_forgotten_person_works(house: House) -> None:
    """Tokens outlive the store."""
    await house.store.keep_alive(GATEWAY)
    token = house.tokens.mint_resume(Identity(PersonId("somebody")), 5, house.clock.now_ms() + 60_000)

    assert (await house.resume(token, "s1")).identity.person == "somebody"


async def test_a_ticket_is_made_of_wishes_and_identity(house: House) -> None:
    """The client says what it wants; the token says who it is."""
    entry = await house.enter()
    wishes = Filters(Mode.VIDEO, [" Chess", "chess", "  ", "JAZZ"], {"language": ["fr"], "shoe": ["42"], "x": []})
    outcome = await house.lobby.find(caller_of(entry), entry.identity, 1, wishes)
    ticket = (await house.queue())[entry.identity.person]

    assert outcome is Outcome.DONE
    assert (ticket.cohort.mode, ticket.cohort.tenant, ticket.cohort.age_band) == (Mode.VIDEO, "default", "adult")
    assert ticket.interests == {"chess", "jazz"}
    assert (ticket.facets, ticket.wants) == ({"language": "en"}, {"language": frozenset(["fr"])})


async def test_what_is_strict_goes_with_the_ticket(house: House) -> None:
    """As far as there are such facets."""
    entry = await house.enter()
    wishes = Filters(Mode.TEXT, wants={"language": ["fr"]}, strict=["language", "shoe"])
    await house.lobby.find(caller_of(entry), entry.identity, 1, wishes)

    assert (await house.queue())[entry.identity.person].strict == {"language"}


async def test_a_wish_that_nobody_can_meet_is_refused(house: House) -> None:
    """And the person learns which values there are."""
    entry = await house.enter()

    with pytest.raises(ValueRefused, match=r"gender: no such value\. There are f, m"):
        await house.lobby.find(
            caller_of(entry), entry.identity, 1, Filters(Mode.TEXT, wants={"gender": ["f", "unicorn"]})
        )
    assert await house.queue() == {}


async def test_a_wish_for_nothing_is_no_wish(house: House) -> None:
    """An empty list does not mean that nobody will do."""
    entry = await house.enter()
    await house.lobby.find(caller_of(entry), entry.identity, 1, Filters(Mode.TEXT, wants={"language": []}))

    assert (await house.queue())[entry.identity.person].wants == {}


async def test_a_mode_that_is_not_offered_is_refused(house: House) -> None:
    """Nobody waits for what cannot come."""
    entry = await house.enter()

    assert await house.lobby.find(caller_of(entry), entry.identity, 1, Filters(Mode.VOICE)) is Outcome.REFUSED
    assert await house.queue() == {}


async def test_next_to_a_mode_that_is_not_offered_keeps_the_pair(house: House) -> None:
    """Refused means that nothing happened."""
    ana, _ = await house.talking()
    identity = Identity(ANA)

    assert await house.lobby.next(ana, identity, PAIR, 2, Filters(Mode.VOICE)) is Outcome.REFUSED
    assert await house.queue() == {}


@pytest.mark.parametrize("how", ["cancel", "next", "leave", "depart"])
async def test_every_way_out_of_a_pair_deletes_its_room(house: House, how: str) -> None:
    """Whoever ends it owns that."""
    ana, _ = await house.paired(Mode.VIDEO)
    await house.media.open_room(PAIR, NODE)
    match how:
        case "cancel":
            outcome = await house.lobby.cancel(ana, 1)
        case "next":
            outcome = await house.lobby.next(ana, Identity(ANA), PAIR, 2, None)
        case "leave":
            outcome = await house.lobby.leave(ana, PAIR)
        case _:
            outcome = await house.lobby.depart(ana, 0)

    assert outcome is Outcome.DONE
    await wait_until(lambda: not house.media.open, description="the room is deleted")


async def test_a_lost_socket_keeps_the_room(house: House) -> None:
    """Who reloads finds it."""
    ana, _ = await house.paired(Mode.VIDEO)
    await house.media.open_room(PAIR, NODE)
    await house.lobby.depart(ana, 15_000)

    assert house.media.open == {PAIR}
    assert not house.tasks._running


async def test_next_with_new_wishes_waits_with_them(house: House) -> None:
    """In one step with the end of the pair."""
    ana, _ = await house.talking()
    await house.lobby.next(ana, Identity(ANA), PAIR, 2, Filters(Mode.VIDEO))
    queue = await house.queue()

    assert (queue[ANA].cohort.mode, queue[BEN].cohort.mode) == (Mode.VIDEO, Mode.TEXT)
