"""How often somebody may call, and be called; and what goes wrong on the way."""

from __future__ import annotations

import pytest

from duologue.errors import Unavailable
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import CallEnd, ErrorCode, Mode
from tests.wires import FakeWire, Yard, open_yard


def errors(wire: FakeWire) -> list[ErrorCode]:
    """Why commands of this client were refused."""
    return [reply.error.code for reply in wire.heard(s.Reply) if reply.error is not None]


async def link_of(yard: Yard, wire: FakeWire) -> str:
    """Asked for over the wire."""
    wire.say(c.CallLink("link"))
    await yard.settle()
    return wire.heard(s.PersonalLink)[-1].link


async def call_and_cancel(yard: Yard, wire: FakeWire, link: str, times: int) -> None:
    """Again and again."""
    for number in range(times):
        wire.say(c.Call(f"call-{number}", link, Mode.TEXT))
        await yard.settle()
        rings = [told for told in wire.heard(s.CallState) if told.state == "ringing"]
        wire.say(c.CancelCall(f"cancel-{number}", rings[-1].call))
        await yard.settle()


async def test_who_calls_too_often_has_to_wait() -> None:
    """Over all their sockets: the rate is theirs."""
    async with open_yard(limits={"call": "1/m burst 2"}) as yard:
        ana, ben = await yard.person(), await yard.person()
        await call_and_cancel(yard, ana, await link_of(yard, ben), 3)

        assert errors(ana) == [ErrorCode.RATE_LIMITED]
        assert len(ben.heard(s.Incoming)) == 2


async def test_nobody_is_called_too_often_by_however_many() -> None:
    """Guests are cheap."""
    async with open_yard(limits={"ring": "1/m burst 2"}) as yard:
        ben, callers = await yard.person(), [await yard.person() for _ in range(3)]
        link = await link_of(yard, ben)
        for caller in callers[:-1]:
            await call_and_cancel(yard, caller, link, 1)
        callers[-1].say(c.Call("call", link, Mode.TEXT))
        await yard.settle()

        assert [errors(caller) for caller in callers] == [[], [], [ErrorCode.RATE_LIMITED]]
        assert len(ben.heard(s.Incoming)) == 2


async def test_a_link_of_nobody_is_told_as_such() -> None:
    """For good: trying again does not help."""
    async with open_yard() as yard:
        ana = await yard.person()
        ana.say(c.Call("1", "nobody", Mode.TEXT))
        await yard.settle()

        (reply,) = ana.heard(s.Reply)
        assert reply.error is not None
        assert (reply.error.code, reply.error.temporary) == (ErrorCode.UNKNOWN_LINK, False)


async def fails(*_: object, **__: object) -> None:
    raise Unavailable("the store")


async def test_a_database_that_is_away_calls_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody could tell who is behind a link, and who has blocked whom."""
    async with open_yard() as yard:
        ana, ben = await yard.person(), await yard.person()
        link = await link_of(yard, ben)
        monkeypatch.setattr(yard.safety, "blocked_by", fails)
        ana.say(c.Call("1", link, Mode.TEXT))
        await yard.settle()

        assert errors(ana) == [ErrorCode.UNAVAILABLE]
        assert ben.heard(s.Incoming) == []


async def test_a_device_that_could_not_take_a_call_may_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on standing by meanwhile, and rings."""
    async with open_yard() as yard:
        token = yard.tokens.mint_guest({}).token
        ana, phone, laptop = await yard.person(), await yard.person(token), await yard.person(token)
        ana.say(c.Call("1", await link_of(yard, laptop), Mode.TEXT))
        await yard.settle()
        (incoming,) = phone.heard(s.Incoming)
        with monkeypatch.context() as broken:
            broken.setattr(yard.store, "answer", fails)
            phone.say(c.Accept("2", incoming.call))
            await yard.settle()
        assert errors(phone) == [ErrorCode.UNAVAILABLE]
        phone.say(c.Accept("3", incoming.call))
        await yard.settle()

        assert isinstance(phone.heard(s.Ready)[-1].state, s.PairState)
        assert [told.reason for told in laptop.heard(s.CallState)] == [CallEnd.ANSWERED_ELSEWHERE]
