"""The pump: what passes between a wire, its session and the services."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from duologue.gateway.connection import CLOSE_WITHIN_MS
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode
from tests.wires import Yard, open_yard


@pytest.fixture
async def yard() -> AsyncIterator[Yard]:
    async with open_yard() as yard:
        yield yard


async def test_typing_between_two_on_one_gateway_needs_no_ledger(yard: Yard) -> None:
    """It is there before anything else could run, and the outbox has nothing of it."""
    ana, ben, pair = await yard.talk()
    position = (await yard.store.read_news(yard.name, 0, 0))[1]

    ana.say(c.Typing(pair))

    assert ben.heard(s.PeerTyping) == [s.PeerTyping(pair)]
    assert (await yard.store.read_news(yard.name, 0, 0))[1] == position


async def test_typing_to_a_partner_elsewhere_goes_through_the_ledger(yard: Yard) -> None:
    """As if they were on another gateway: this one does not know them."""
    ana, ben, pair = await yard.talk()
    yard.gateway._people.clear()

    ana.say(c.Typing(pair))
    assert ben.heard(s.PeerTyping) == []
    await yard.settle()

    assert ben.heard(s.PeerTyping) == [s.PeerTyping(pair)]


async def test_typing_after_the_end_reaches_nobody(yard: Yard) -> None:
    """The old partner is somebody else's by now, or nobody's."""
    ana, ben, pair = await yard.talk()
    ben.say(c.Leave("leave", pair))
    await yard.settle()
    ana.say(c.Typing(pair))
    await yard.settle()

    assert ben.heard(s.PeerTyping) == []
    assert ana.close_code is None


async def test_who_does_not_read_the_close_is_let_go_of(yard: Yard) -> None:
    """A close that waits for a reader does not wait longer than two seconds."""
    ana = await yard.person()
    ana.connection.violated(CloseCode.PROTOCOL_ERROR, "something")
    await yard.pass_ms(CLOSE_WITHIN_MS - 100)
    assert (ana.close_code, ana.aborted) == (CloseCode.PROTOCOL_ERROR, False)
    await yard.pass_ms(200)

    assert ana.aborted


async def test_nothing_is_left_of_who_is_gone(yard: Yard) -> None:
    """No connection, no name, no timer."""
    ana, ben, _ = await yard.talk()
    for wire in (ana, ben):
        wire.connection.closed(1006)
    await yard.settle()

    gateway = yard.gateway
    assert (gateway._connections, gateway._people, gateway._wheel._slot_of) == ({}, {}, {})


# -- slow readers -----------------------------------------------------------------------------


async def test_who_reads_too_slowly_for_too_long_is_cut_off(yard: Yard) -> None:
    """Ten seconds above the soft limit."""
    ana = await yard.person()
    ana.connection.writable(yes=False)
    await yard.pass_ms(9_900)
    assert ana.close_code is None
    await yard.pass_ms(200)

    assert ana.close_code == CloseCode.SLOW_CONSUMER


async def test_who_catches_up_stays(yard: Yard) -> None:
    """Phones stall for a moment."""
    ana = await yard.person()
    ana.connection.writable(yes=False)
    await yard.pass_ms(9_000)
    ana.connection.writable(yes=True)
    await yard.pass_ms(9_000)

    assert ana.close_code is None


async def test_above_the_hard_limit_nobody_waits(yard: Yard) -> None:
    """The memory is ours."""
    ana, ben, pair = await yard.talk()
    ben.connection.writable(yes=False)
    ben.unsent = yard.gateway.settings.write_hard_bytes
    ana.say(c.Typing(pair))
    assert ben.close_code is None
    ben.unsent += 1
    ana.say(c.Typing(pair))

    assert ben.close_code == CloseCode.SLOW_CONSUMER
    assert ana.close_code is None
