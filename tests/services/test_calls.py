"""Who may call whom, and what is told of it."""

from __future__ import annotations

import pytest

from duologue.calls.call import Call
from duologue.ids import GatewayId, PersonId, SessionId
from duologue.ledger import Caller, CallRings, Outcome
from duologue.matching.rules import Rules
from duologue.media.fake import FakeMedia
from duologue.protocol.codes import CallEnd, ErrorCode, Mode
from duologue.services.blocks import Blocks
from duologue.services.call_events import CallEvents
from duologue.services.calls import CallRefused, Calls
from duologue.services.identity import Identity, TokenOffice
from duologue.services.issuers import person_of, tenant_of
from duologue.services.lobby import Lobby
from duologue.services.pairs import Pairs
from duologue.settings import CallSettings
from duologue.store.memory import MemoryStore
from duologue.store.memory.safety import MemorySafetyStore
from duologue.tasks import Tasks
from tests.builders import ANA, BEN
from tests.contract.stores import GATEWAY
from tests.fakes import CountingRng, ManualClock

GUEST = Identity(ANA)
USER = Identity(person_of("acme", "ana"), guest=False, tenant="acme")


class Desk:
    """The service on a memory store, and what its listener heard."""

    def __init__(self, who: str = "link", modes: frozenset[Mode] = frozenset(Mode)) -> None:
        self.clock = ManualClock()
        rng, tasks = CountingRng(), Tasks()
        self.heard: list[Call] = []
        self.store = MemoryStore(self.clock)
        self.safety = MemorySafetyStore(self.clock, rng)
        pairs = Pairs(self.store, FakeMedia(), self.clock, tasks, CallEvents(self.clock, [self.heard.append]))
        blocks = Blocks(self.store, self.safety, pairs)
        tokens = TokenOffice(b"k" * 32, self.clock, rng)
        lobby = Lobby(self.store, tokens, pairs, blocks, Rules(), frozenset(Mode), self.clock)
        settings = CallSettings.model_validate({"who": who})
        self.calls = Calls(self.store, self.safety, lobby, pairs, settings, modes, rng)

    async def here(self, person: PersonId) -> Caller:
        """Somebody who is in."""
        await self.store.keep_alive(GATEWAY)
        arrival = await self.store.arrive(person, SessionId(f"s-{person}"), GATEWAY)
        assert arrival is not None
        return Caller(person, arrival.generation)

    async def rings(self, person: PersonId) -> bool:
        """Whether somebody's session heard of a call."""
        news, _ = await self.store.read_news(GatewayId(GATEWAY), 0, 0)
        return any(isinstance(each.news, CallRings) and each.session == f"s-{person}" for each in news)

    async def refusal(self, who: Identity, to: str) -> ErrorCode:
        """Why somebody cannot be called."""
        with pytest.raises(CallRefused) as refused:
            await self.calls.whom(who, to)
        return refused.value.code


async def test_a_link_leads_to_its_person() -> None:
    """Whoever has it may call."""
    desk = Desk()
    link = await desk.calls.link(BEN, renew=False)

    assert await desk.calls.whom(GUEST, link) == BEN


@pytest.mark.parametrize("who", ["link", "anyone_in_tenant"])
async def test_a_link_that_was_renewed_leads_nowhere(who: str) -> None:
    """Nor does an account, for guests."""
    desk = Desk(who)
    link = await desk.calls.link(BEN, renew=False)
    await desk.calls.link(BEN, renew=True)

    assert await desk.refusal(GUEST, link) is ErrorCode.UNKNOWN_LINK
    assert await desk.refusal(GUEST, BEN) is ErrorCode.UNKNOWN_LINK


async def test_users_of_one_integrator_call_each_other_where_the_operator_wants_it() -> None:
    """By what it calls them, and never across tenants."""
    assert await Desk("anyone_in_tenant").calls.whom(USER, "ben") == person_of("acme", "ben")
    assert await Desk("link").refusal(USER, "ben") is ErrorCode.UNKNOWN_LINK


@pytest.mark.parametrize("stranger", [BEN, person_of("other", "ben")])
async def test_tenants_never_meet_by_a_link_either(stranger: PersonId) -> None:
    """Whoever was given it."""
    desk = Desk()
    link = await desk.calls.link(stranger, renew=False)

    assert await desk.refusal(USER, link) is ErrorCode.UNKNOWN_LINK


def test_a_person_tells_their_tenant() -> None:
    """Guests are of the tenant of guests, and a tenant may have dots."""
    assert (tenant_of(BEN), tenant_of(person_of("a.b", "ben"))) == ("default", "a.b")


async def test_an_operator_may_offer_no_calls() -> None:
    """Neither calls nor links."""
    desk = Desk("nobody")

    assert await desk.refusal(GUEST, "link") is ErrorCode.NOT_AVAILABLE
    with pytest.raises(CallRefused):
        await desk.calls.link(ANA, renew=False)


async def test_a_mode_that_is_not_offered_is_refused() -> None:
    """As in a search."""
    desk = Desk(modes=frozenset([Mode.TEXT]))

    assert await desk.calls.call(await desk.here(ANA), BEN, Mode.VIDEO) is Outcome.REFUSED


@pytest.mark.parametrize(("blocker", "blocked"), [(ANA, BEN), (BEN, ANA)])
async def test_a_durable_block_counts_where_the_ledger_knows_of_none(blocker: PersonId, blocked: PersonId) -> None:
    """The callee may not have been here for a week."""
    desk = Desk()
    ana = await desk.here(ANA)
    await desk.here(BEN)
    await desk.safety.block(blocker, blocked, "Heron")

    assert await desk.calls.call(ana, BEN, Mode.TEXT) is Outcome.DONE
    assert (await desk.rings(ANA), await desk.rings(BEN)) == (True, False)
    assert [call.unheard for call in desk.heard] == [True]


async def test_without_a_media_server_a_call_rings_on() -> None:
    """The callee hears why, and when to try again."""
    desk = Desk()
    ana, ben = await desk.here(ANA), await desk.here(BEN)
    await desk.calls.call(ana, BEN, Mode.VIDEO)
    with pytest.raises(CallRefused) as refused:
        await desk.calls.accept(ben, desk.heard[0].id)

    assert refused.value.code is ErrorCode.MEDIA_FAILED
    assert refused.value.retry_after_ms is not None
    assert desk.store.ledger.people[BEN].call == desk.heard[0].id


async def test_listeners_hear_each_call_begin_and_end_once() -> None:
    """As the value that it is afterwards, so that a push can be sent and taken back."""
    desk = Desk()
    ana, ben = await desk.here(ANA), await desk.here(BEN)
    await desk.calls.call(ana, BEN, Mode.TEXT)
    call = desk.heard[0].id
    await desk.calls.decline(ben, call)
    await desk.calls.cancel(ana, call)
    await desk.calls.call(ana, BEN, Mode.TEXT)
    await desk.calls.accept(ben, desk.heard[2].id)

    assert [(each.rings, each.ended, each.pair is not None) for each in desk.heard] == [
        (True, None, False),
        (False, CallEnd.DECLINED, False),
        (True, None, False),
        (False, None, True),
    ]
