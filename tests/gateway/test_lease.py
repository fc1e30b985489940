"""The lease of a gateway: it vouches for its people whenever the store may have forgotten them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from duologue.errors import OutcomeUnknown, Unavailable
from duologue.gateway import lease
from duologue.ids import GatewayId, SessionId
from duologue.ledger import GATEWAY_LEASE_MS, Arrival, Claim
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode
from tests.contract.stores import SHARD
from tests.wires import TEXT, FakeWire, Yard, open_yard


@pytest.fixture
async def yard() -> AsyncIterator[Yard]:
    async with open_yard() as yard:
        yield yard


async def searching(yard: Yard) -> FakeWire:
    """Somebody who waits."""
    wire = await yard.person()
    wire.say(c.Find("find", 1, TEXT))
    await yard.settle()
    return wire


async def offered(yard: Yard) -> int:
    """How many wait, as a matcher that starts would see it, once the store was told whom they have blocked."""
    await yard.gateway.performer.blocks.catch_up()
    return len((await yard.store.read_queue(SHARD, 0, 0))[0])


async def test_an_answer_that_was_lost_may_have_asked_to_vouch(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store says but once that it forgot everybody."""
    await searching(yard)
    yard.store.records.begin_anew()
    keep_alive = yard.store.keep_alive

    async def answer_lost(gateway: GatewayId) -> bool:
        monkeypatch.undo()
        await keep_alive(gateway)
        raise OutcomeUnknown

    monkeypatch.setattr(yard.store, "keep_alive", answer_lost)
    with pytest.raises(OutcomeUnknown):
        await yard.gateway._lease.keep()
    await yard.gateway._lease.keep()

    assert await offered(yard) == 1


async def test_the_lease_lasts_while_many_are_vouched_for(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow store takes longer for all of them than a lease lasts."""
    for _ in range(3):
        await searching(yard)
    yard.store.records.begin_anew()
    vouch = yard.store.vouch

    async def slowly(gateway: GatewayId, claims: Sequence[Claim]) -> list[SessionId]:
        yard.clock.advance(GATEWAY_LEASE_MS * 2 // 3)
        await yard.store.expire()
        return await vouch(gateway, claims)

    monkeypatch.setattr(lease, "VOUCH_AT_ONCE", 1)
    monkeypatch.setattr(yard.store, "vouch", slowly)
    await yard.gateway._lease.keep()

    assert await offered(yard) == 3


async def test_who_comes_in_while_the_store_forgets_is_spoken_of(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """The life before has let them in, and they hear so only after their gateway has vouched for everybody else."""
    arrive = yard.store.arrive
    answered = asyncio.Event()

    async def late(*args: Any) -> Arrival | None:
        arrival = await arrive(*args)
        await answered.wait()
        return arrival

    monkeypatch.setattr(yard.store, "arrive", late)
    wire = await yard.person()
    yard.store.records.begin_anew()
    yard._news = 0
    await yard.gateway._lease.keep()
    answered.set()
    await yard.settle()
    assert wire.heard(s.Ready)

    await yard.gateway._lease.keep()

    ((_, session),) = await yard.store.sessions_on(yard.name)
    assert session == wire.connection.id


async def test_who_searches_by_an_answer_comes_in_again(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their search was done by a store that forgot it, with the news of it: nobody would ever match them."""
    wire = await yard.person()
    snapshot = yard.store.records.copy()
    monkeypatch.setattr(yard.gateway, "deliver", lambda _: None)
    wire.say(c.Find("find", 1, TEXT))
    await yard.settle()
    yard.store.records.begin_anew(snapshot)
    yard._news = 0

    await yard.gateway._lease.keep()

    assert wire.heard(s.Reply)[-1] == s.Reply("find", ok=True)
    assert wire.close_code == CloseCode.RESYNC


async def test_a_search_in_a_store_that_forgot_counts_once() -> None:
    """It is carried out twice: the store has to be told first who that is."""
    async with open_yard(limits={"find": "1/h burst 1"}) as yard:
        wire = await yard.person()
        yard.store.records.begin_anew()
        wire.say(c.Find("find", 1, TEXT))
        await yard.settle()

        assert [reply.ok for reply in wire.heard(s.Reply)] == [True]


async def test_a_socket_that_goes_meanwhile_leaves_no_ghost(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its departure came before our word for it, and then the store was away for another one of the same batch."""
    wire = await searching(yard)
    yard.store.records.begin_anew()
    yard._news = 0
    vouch = yard.store.vouch

    async def in_part(gateway: GatewayId, claims: Sequence[Claim]) -> list[SessionId]:
        wire.connection.closed(1006)
        await yard.settle()
        await vouch(gateway, claims)
        raise Unavailable("the store")

    monkeypatch.setattr(yard.store, "vouch", in_part)
    with pytest.raises(Unavailable):
        await yard.gateway._lease.keep()
    await yard.settle()

    assert await offered(yard) == 0


async def test_who_went_in_a_time_that_the_store_forgot_is_given_up(yard: Yard) -> None:
    """It went back to before their departure, and believes that they are here; their gateway alone knows better."""
    wire = await searching(yard)
    await searching(yard)
    here = yard.gateway.performer.gateway
    snapshot = yard.store.records.copy()
    wire.connection.closed(1006)
    await yard.settle()
    yard.store.records.begin_anew(snapshot)
    yard._news = 0
    assert len(await yard.store.sessions_on(here)) == 2

    await yard.gateway._lease.keep()
    await yard.settle()

    assert len(await yard.store.sessions_on(here)) == 1


async def test_who_left_a_pair_is_not_in_it_again_by_our_word(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """They heard that their block was done, and the store went back to before it, with the news of the end."""
    wire, _, pair = await yard.talk()
    snapshot = yard.store.records.copy()
    monkeypatch.setattr(yard.gateway, "deliver", lambda _: None)
    wire.say(c.Block("block", pair))
    await yard.settle()
    yard.store.records.begin_anew(snapshot)
    yard._news = 0

    await yard.gateway._lease.keep()

    assert wire.heard(s.Reply)[-1] == s.Reply("block", ok=True)
    assert await yard.store.live_pairs([pair]) == []
    assert wire.close_code == CloseCode.RESYNC
