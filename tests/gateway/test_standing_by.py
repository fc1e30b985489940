"""Devices that stand by from the start, on the pump of a gateway: they ring, and take nothing from the active one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from duologue.gateway.session import State
from duologue.ledger import MAX_SESSIONS
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode, Mode
from tests.wires import FakeWire, Yard, open_yard


@pytest.fixture
async def yard() -> AsyncIterator[Yard]:
    async with open_yard() as yard:
        yield yard


async def device(yard: Yard, token: str, address: str = "192.0.2.1") -> FakeWire:
    """One that comes in to stand by."""
    wire = yard.wire(address)
    wire.say(c.StandBy(token))
    await yard.settle()
    return wire


async def test_the_active_one_keeps_its_say_and_hears_its_partner(yard: Yard) -> None:
    """Also what goes past the store, since both are on this gateway."""
    token = yard.tokens.mint_guest({}).token
    one, other, pair = await yard.talk(token)
    standing = await device(yard, token)
    other.say(c.Typing(pair))
    await yard.settle()

    assert standing.connection.state is State.STANDBY
    assert [type(each) for each in one.heard(s.PeerTyping)] == [s.PeerTyping]
    assert (one.heard(s.Standby), standing.heard(s.PeerTyping)) == ([], [])


async def test_it_rings_and_its_answer_makes_it_the_active_one(yard: Yard) -> None:
    """With the pair in its snapshot; who was active stands by."""
    ana, tokens = await yard.person(), yard.tokens.mint_guest({})
    ben, phone = await yard.person(tokens.token), await device(yard, tokens.token)
    ana.say(c.Call("1", await yard.safety.link_of(tokens.person), Mode.TEXT))
    await yard.settle()
    (incoming,) = phone.heard(s.Incoming)
    phone.say(c.Accept("1", incoming.call))
    await yard.settle()
    (ready,) = phone.heard(s.Ready)

    assert isinstance(ready.state, s.PairState)
    assert len(ben.heard(s.Standby)) == 1


async def test_it_hears_what_rings_already(yard: Yard) -> None:
    """In the same breath; the devices of the caller have nothing to answer."""
    ana, tokens = yard.tokens.mint_guest({}), yard.tokens.mint_guest({})
    caller = await yard.person(ana.token)
    await yard.person(tokens.token)
    caller.say(c.Call("1", await yard.safety.link_of(tokens.person), Mode.TEXT))
    await yard.settle()
    (called,) = (await device(yard, tokens.token)).heard(s.Standby)
    (calls,) = (await device(yard, ana.token)).heard(s.Standby)

    assert called.ringing is not None
    assert not called.ringing.outgoing
    assert calls.ringing is None


async def test_who_has_too_many_devices_loses_the_oldest(yard: Yard) -> None:
    """For good: who came back by themselves would send away the next one."""
    token = yard.tokens.mint_guest({}).token
    await yard.person(token)
    devices = [await device(yard, token) for _ in range(MAX_SESSIONS + 1)]

    assert [each.close_code for each in devices] == [CloseCode.REPLACED] * 2 + [None] * (MAX_SESSIONS - 1)


async def test_standing_by_costs_the_prefix_what_coming_in_does(yard: Yard) -> None:
    """Each has limits of its own, so who could stand by without end would have none."""
    tokens = [yard.tokens.mint_guest({}).token for _ in range(200)]
    devices = [await device(yard, token) for token in tokens]

    assert CloseCode.RATE_LIMITED in {each.close_code for each in devices}


async def test_a_device_that_goes_is_forgotten(yard: Yard) -> None:
    """And nothing else changes."""
    token = yard.tokens.mint_guest({}).token
    active, standing = await yard.person(token), await device(yard, token)
    standing.connection.closed(1006)
    await yard.settle()
    (who,) = yard.store.ledger.people.values()

    assert who.standby == {}
    assert who.session == active.connection.id
