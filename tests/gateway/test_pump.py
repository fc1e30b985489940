"""The pump: what passes between a wire, its session and the services."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from structlog.testing import capture_logs

from duologue.errors import Damaged, OutcomeUnknown, Unavailable
from duologue.gateway.errands import AWAY
from duologue.gateway.outlet import CLOSE_WITHIN_MS
from duologue.gateway.server import FLUSH_STEP_MS
from duologue.ids import PersonId, SessionId
from duologue.ledger import TicketArrived, TicketGone
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode, ErrorCode, MediaEvent, ReportCause, TrailEvent
from duologue.services.identity import SESSION_TTL_S
from tests.contract.stores import SHARD
from tests.wires import TEXT, FakeWire, Yard, open_yard


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


# -- limits -----------------------------------------------------------------------------------


def retry_after_ms(wire: FakeWire) -> int:
    """The delay that was told before the close."""
    (drain,) = wire.heard(s.Drain)
    return drain.retry_after_ms


async def test_newcomers_of_one_prefix_are_limited(yard: Yard) -> None:
    """The 31st within a moment is told when to come back; another household is not touched."""
    household = [yard.wire(f"2001:db8::{n:x}") for n in range(1, 32)]
    for wire in household:
        wire.say(c.Auth(yard.tokens.mint_guest({}).token))
    await yard.settle()
    neighbour = yard.wire("2001:db8:0:1::1")
    neighbour.say(c.Auth(yard.tokens.mint_guest({}).token))
    await yard.settle()

    assert [len(wire.heard(s.Ready)) for wire in household] == [1] * 30 + [0]
    assert household[-1].close_code == CloseCode.RATE_LIMITED
    assert 6_000 <= retry_after_ms(household[-1]) <= 12_000
    assert neighbour.heard(s.Ready)


async def test_who_comes_back_is_not_a_newcomer() -> None:
    """After a gateway died, a whole school comes back through one address."""
    async with open_yard(limits={"auth": "1/h burst 40"}) as yard:
        people = [await yard.person() for _ in range(40)]
        for wire in people:
            wire.connection.closed(1006)
        back = [yard.wire() for _ in people]
        for wire, before in zip(back, people, strict=True):
            wire.say(c.Resume(before.heard(s.Ready)[0].resume_token))
        await yard.settle()

        assert all(wire.heard(s.Ready) for wire in back)


async def test_who_comes_back_again_and_again_has_to_wait() -> None:
    """Or each arrival would bring new limits for chat, diagnostics and whatever else is counted by connection."""
    async with open_yard(limits={"resume": "1/2s burst 2"}) as yard:
        wires = [await yard.person()]
        for _ in range(3):
            token = wires[-1].heard(s.Ready)[0].resume_token
            wires.append(yard.wire())
            wires[-1].say(c.Resume(token))
            await yard.settle()
        late = wires[-1]
        await yard.pass_ms(2_000)
        back = yard.wire()
        back.say(c.Resume(token))
        await yard.settle()

        assert [len(wire.heard(s.Ready)) for wire in wires] == [1, 1, 1, 0]
        assert late.close_code == CloseCode.RATE_LIMITED
        assert retry_after_ms(late) >= 2_000
        assert back.heard(s.Ready), "the token was not spent"


async def test_trouble_of_a_client_is_a_line_of_the_log() -> None:
    """Why, and what happened before; who only tells how many connections were built is no line."""
    async with open_yard() as yard:
        wire = await yard.person()
        with capture_logs() as logs:
            wire.say(c.Diagnostics("1", {"pc_built": 3}))
            wire.say(c.Diagnostics("2", {"pc_swept": 1}, ReportCause.LEAKED, [TrailEvent.JOIN, TrailEvent.LEAVE]))
            await yard.settle()

    (line,) = [entry for entry in logs if entry["event"] == "client_diagnostics"]
    assert (line["cause"], line["trail"], line["client_pc_swept"]) == ("leaked", "join leave", 1)


async def test_taking_over_in_turns_has_to_wait_too() -> None:
    """Two sockets that are open already cost the door nothing."""
    async with open_yard(limits={"resume": "1/2s burst 4"}) as yard:
        token = yard.tokens.mint_guest({}).token
        wires = [await yard.person(token), await yard.person(token)]
        for turn in range(5):
            wires[turn % 2].say(c.Resume(wires[(turn + 1) % 2].heard(s.Ready)[-1].resume_token))
            await yard.settle()

        assert wires[0].close_code == CloseCode.RATE_LIMITED


async def test_what_strangers_hear_of_an_outage_names_no_host_and_no_key(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a reply, and in a close; it is for the log."""

    async def away(*_: object, **__: object) -> NoReturn:
        raise Damaged("{realm}:person:somebody", "Error 111 connecting to 10.0.0.5:6379")

    ana = await yard.person()
    with monkeypatch.context() as broken, capture_logs() as logs:
        broken.setattr(yard.store, "find", away)
        broken.setattr(yard.store, "arrive", away)
        ana.say(c.Find("f", 1, TEXT))
        newcomer = await yard.person()
    (reply,) = ana.heard(s.Reply)

    assert reply.error is not None
    assert reply.error.message == newcomer.close_reason == AWAY
    assert reply.error.retry_after_ms == 1_000
    assert "10.0.0.5" in logs[0]["detail"]


async def test_a_forged_resume_token_is_no_way_around(yard: Yard) -> None:
    """It opens nothing, and the session token that follows is counted."""
    for _ in range(31):
        wire = yard.wire()
        wire.say(c.Resume("forged"))
        await yard.settle()
        assert wire.heard(s.InvalidSession)
        wire.say(c.Auth(yard.tokens.mint_guest({}).token))
        await yard.settle()

    assert wire.close_code == CloseCode.RATE_LIMITED


async def test_a_prefix_holds_only_so_many_sockets_open_without_a_word() -> None:
    """And gets its places back when they come in, or go."""
    async with open_yard(limits={"unauthenticated": 2}) as yard:
        first, second, third = yard.wire(), yard.wire(), yard.wire()
        elsewhere = yard.wire("198.51.100.9")
        assert (third.close_code, elsewhere.close_code) == (CloseCode.RATE_LIMITED, None)
        assert retry_after_ms(third) >= 1_000
        first.say(c.Auth(yard.tokens.mint_guest({}).token))
        second.connection.closed(1006)
        await yard.settle()

        assert [yard.wire().close_code for _ in range(3)] == [None, None, CloseCode.RATE_LIMITED]


async def test_sockets_of_one_prefix_are_opened_only_so_fast() -> None:
    """Also where each of them goes at once."""
    async with open_yard(limits={"accept": "1/s burst 3"}) as yard:
        codes = []
        for _ in range(4):
            wire = yard.wire()
            codes.append(wire.close_code)
            wire.connection.closed(1006)
        yard.clock.advance(1_000)

        assert codes == [None, None, None, CloseCode.RATE_LIMITED]
        assert yard.wire().close_code is None


async def test_searching_too_often_is_remembered_over_reconnects(yard: Yard) -> None:
    """A new socket is no new burst."""
    token = yard.tokens.mint_guest({}).token
    refusals = []
    for attempt in range(1, 8):
        wire = await yard.person(token)
        wire.say(c.Find(f"f{attempt}", attempt, TEXT))
        await yard.settle()
        (reply,) = wire.heard(s.Reply)
        refusals.append(reply.error.code if reply.error else None)
        wire.connection.closed(1006)

    assert refusals == [None] * 5 + [ErrorCode.RATE_LIMITED] * 2


async def test_a_full_gateway_says_when_to_come_back() -> None:
    """And who is turned away takes no place."""
    async with open_yard(max_connections=1) as yard:
        here, away = yard.wire(), yard.wire()
        assert away.close_code == CloseCode.OVERLOADED
        assert retry_after_ms(away) >= 5_000
        here.connection.closed(1006)

        assert yard.wire().close_code is None


async def test_who_is_turned_away_and_does_not_go_is_let_go_of(yard: Yard) -> None:
    """Being refused is no way to hold a socket."""
    async with open_yard(max_connections=1) as full:
        full.wire()
        away = full.wire()
        await full.pass_ms(CLOSE_WITHIN_MS + 200)
        assert away.aborted
        away.connection.closed(1006)

        assert full.gateway._refused == {}


# -- a stop -----------------------------------------------------------------------------------


async def test_a_stop_with_two_people_takes_no_time(yard: Yard) -> None:
    """Both are told where to go from here, and their seats are held."""
    ana, ben, pair = await yard.talk()
    before_ms = yard.clock.now_ms()
    stop = asyncio.create_task(yard.gateway.drain())
    await asyncio.sleep(0)
    closed = [ana.close_code, ben.close_code]
    for wire in (ana, ben):
        wire.connection.closed(1006)
    await stop
    await yard.settle()

    assert closed == [CloseCode.GOING_AWAY] * 2
    assert retry_after_ms(ana) <= 1_000
    assert yard.clock.now_ms() - before_ms <= FLUSH_STEP_MS
    assert await yard.store.live_pairs([pair])


async def test_a_stop_goes_in_batches() -> None:
    """At the rate at which others can take people; who was not told yet goes on talking; nobody new is taken."""
    async with open_yard(limits={"profile": "load"}, drain_per_s=10) as yard:
        talks = [await yard.talk() for _ in range(10)]
        everybody = [wire for ana, ben, _ in talks for wire in (ana, ben)]
        steps = []
        original = yard.clock.sleep_ms

        async def step(duration_ms: int) -> None:
            left = [talk for talk in talks if talk[0].close_code is None and talk[1].close_code is None]
            if left:
                ana, ben, pair = left[0]
                ana.say(c.Typing(pair))
                steps.append(
                    (len([wire for wire in everybody if wire.close_code is None]), len(ben.heard(s.PeerTyping)))
                )
            await original(duration_ms)

        yard.clock.sleep_ms = step  # type: ignore[method-assign]
        before_ms = yard.clock.now_ms()
        await yard.gateway.drain()

        assert all(wire.close_code == CloseCode.GOING_AWAY for wire in everybody)
        assert [here for here, _ in steps] == sorted((here for here, _ in steps), reverse=True)
        assert all(heard > 0 for _, heard in steps)
        assert len(steps) >= 5
        assert 1_500 <= yard.clock.now_ms() - before_ms <= 2_000 + CLOSE_WITHIN_MS
        assert yard.wire().close_code == CloseCode.GOING_AWAY


async def test_a_stop_has_an_end() -> None:
    """Whatever the number of people."""
    async with open_yard(limits={"profile": "load"}, drain_per_s=1, drain_within_ms=500) as yard:
        people = [await yard.person() for _ in range(20)]
        before_ms = yard.clock.now_ms()
        await yard.gateway.drain()

        assert all(wire.close_code == CloseCode.GOING_AWAY for wire in people)
        assert yard.clock.now_ms() - before_ms <= 500 + CLOSE_WITHIN_MS


# -- tokens -----------------------------------------------------------------------------------


async def test_a_resume_does_not_make_a_session_longer(yard: Yard) -> None:
    """The hour of the token is an hour, over any number of resumes."""
    ana = await yard.person()
    yard.clock.advance(SESSION_TTL_S * 1_000 - 2_000)
    ana.connection.closed(1006)
    again = yard.wire()
    again.say(c.Resume(ana.heard(s.Ready)[0].resume_token))
    await yard.settle()
    (ready,) = again.heard(s.Ready)
    await yard.pass_ms(2_200)

    assert ready.expires_at == ana.heard(s.Ready)[0].expires_at
    assert again.close_code == CloseCode.TOKEN_EXPIRED


async def test_a_resume_token_dies_with_its_session_token(yard: Yard) -> None:
    """4200: a new token is what it takes."""
    ana = await yard.person()
    ana.connection.closed(1006)
    yard.clock.advance(SESSION_TTL_S * 1_000)
    again = yard.wire()
    again.say(c.Resume(ana.heard(s.Ready)[0].resume_token))
    await yard.settle()

    assert again.close_code == CloseCode.TOKEN_EXPIRED


async def test_a_newer_token_keeps_a_talk_going(yard: Yard) -> None:
    """The same person, the same socket, and a resume token that holds as long."""
    guest = yard.tokens.mint_guest({})
    ana = await yard.person(guest.token)
    yard.clock.advance(SESSION_TTL_S * 1_000 - 2_000)
    ana.say(c.Pong())
    ana.say(c.Refresh("r", yard.tokens.mint_guest({}, guest.refresh).token))
    await yard.settle()
    await yard.pass_ms(3_000)
    (refreshed,) = ana.heard(s.Refreshed)
    assert ana.close_code is None
    ana.connection.closed(1006)
    again = yard.wire()
    again.say(c.Resume(refreshed.resume_token))
    await yard.settle()

    assert again.heard(s.Ready)[0].self.person == guest.person


@pytest.mark.parametrize("whose", ["somebody else's", "forged"])
async def test_only_ones_own_token_refreshes(yard: Yard, whose: str) -> None:
    """Otherwise one socket could change into another person in the middle of a talk."""
    ana = await yard.person()
    ana.say(c.Refresh("r", "forged" if whose == "forged" else yard.tokens.mint_guest({}).token))
    await yard.settle()
    (reply,) = ana.heard(s.Reply)

    assert reply.error is not None
    assert reply.error.code is ErrorCode.BAD_REQUEST
    assert ana.heard(s.Refreshed) == []


# -- dead peers -------------------------------------------------------------------------------


async def test_a_partner_whose_media_fails_is_asked_at_once(yard: Yard) -> None:
    """Three seconds without an answer, and their seat is all that is left of them."""
    ana, ben, pair = await yard.talk()
    await yard.pass_ms(3_000)
    ana.say(c.MediaReport(pair, MediaEvent.RECONNECTING))
    asked = len(ben.heard(s.Ping))
    await yard.pass_ms(3_100)

    assert asked == 1
    assert (ana.close_code, ben.close_code) == (None, CloseCode.NO_PONG)


async def test_a_partner_on_another_gateway_is_asked_too(yard: Yard) -> None:
    """Through the ledger."""
    ana, ben, pair = await yard.talk()
    yard.gateway._people.clear()
    await yard.pass_ms(3_000)
    ana.say(c.MediaReport(pair, MediaEvent.RECONNECTING))
    await yard.settle()

    assert len(ben.heard(s.Ping)) == 1


async def test_who_does_not_answer_is_not_offered(yard: Yard) -> None:
    """Until they are heard of again."""
    ana = await yard.person()
    ana.say(c.Find("f", 1, TEXT))
    await yard.settle()
    _, position = await yard.store.read_queue(SHARD, 0, 0)
    await yard.pass_ms(28_200)
    gone, position = await yard.store.read_queue(SHARD, position, 0)
    ana.say(c.Pong())
    await yard.settle()
    back, _ = await yard.store.read_queue(SHARD, position, 0)

    assert [type(event) for event in gone] == [TicketGone]
    assert [type(event) for event in back] == [TicketArrived]


async def test_a_hidden_page_is_told_to_the_partner(yard: Yard) -> None:
    """And so is its return."""
    ana, ben, pair = await yard.talk()
    for n, value in enumerate((True, False)):
        ana.say(c.Hidden(f"h{n}", value=value))
        await yard.settle()

    assert [(peer.pair, peer.value) for peer in ben.heard(s.PeerChanged)] == [(pair, True), (pair, False)]


# -- defects ------------------------------------------------------------------------------------


async def test_a_connection_that_cannot_even_be_closed_stops_nobody_else(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is due for those behind it in the same turn of the wheel is done."""
    ana, ben = await yard.person(), await yard.person()

    def broken(*_: object) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr(ana.connection, "_session", SimpleNamespace(handle=broken, deadline_ms=0), raising=True)
    monkeypatch.setattr(ana, "close", broken)
    yard.gateway.arm(ana.connection, yard.clock.now_ms())
    await yard.pass_ms(yard.gateway._timing.heartbeat_ms + 200)

    assert ben.heard(s.Ping)


async def test_news_that_cannot_be_delivered_is_told(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not read a second time, so everybody comes back for a snapshot; and a failed read loses nothing."""
    ana = await yard.person()
    ana.say(c.Find("find", 1, TEXT))
    await yard.settle()
    carrier, read = yard.gateway._carrier, yard.store.read_news

    def broken(*_: object) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr(yard.store, "read_news", broken)
    with pytest.raises(KeyError):
        await carrier.carry()
    assert (carrier._position, ana.close_code) == (0, None)
    monkeypatch.setattr(yard.store, "read_news", read)
    monkeypatch.setattr(carrier, "_deliver", broken)
    with pytest.raises(KeyError):
        await carrier.carry()

    assert carrier._position > 0
    assert ana.close_code == CloseCode.RESYNC


async def test_a_defect_that_one_person_meets_stops_nobody_else(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wheel and the news go on; that one person is sent for a snapshot."""
    ana, ben, pair = await yard.talk()

    def broken(*_: object) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr(ana.connection, "_session", SimpleNamespace(handle=broken, deadline_ms=0), raising=True)
    ana.connection._hub.arm(ana.connection, 0)
    await yard.pass_ms(200)
    ben.say(c.Chat("c1", pair, "still here", 1))
    await yard.pass_ms(200)

    assert [reply.ok for reply in ben.heard(s.Reply)][-1]
    assert ben.close_code is None


# -- what is lost on the way --------------------------------------------------------------------


async def test_a_socket_that_went_while_it_came_in_leaves_nothing(yard: Yard) -> None:
    """Neither in the gateway's tables nor a seat that is never given up."""
    wire = yard.wire()
    wire.say(c.Auth(yard.tokens.mint_guest({}).token))
    wire.connection.closed(1006)
    await yard.settle()

    assert yard.gateway._people == {}
    assert not any(who.here for who in yard.store.ledger.people.values())


async def test_a_dead_socket_takes_over_from_nobody(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its arrival is not asked for again once it is gone; the next socket of that person stays the active one."""
    token = yard.tokens.mint_guest({}).token
    arrive = yard.store.arrive
    lost: list[bool] = []

    async def forgetful(person: PersonId, session: SessionId, *about: Any) -> Any:
        answer = await arrive(person, session, *about)
        if not lost:
            lost.append(True)
            first.connection.closed(1006)
            raise OutcomeUnknown
        return answer

    monkeypatch.setattr(yard.store, "arrive", forgetful)
    first = yard.wire()
    first.say(c.Auth(token))
    await yard.settle()
    second = await yard.person(token)
    await yard.pass_ms(5_000)
    second.say(c.Find("f", 1, TEXT))
    await yard.settle()

    assert second.heard(s.Standby) == []
    assert [reply.ok for reply in second.heard(s.Reply)] == [True]


async def test_who_is_heard_again_is_offered_again_in_spite_of_the_store(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would say it a second time."""
    ana = await yard.person()
    ana.say(c.Find("f", 1, TEXT))
    await yard.settle()
    await yard.pass_ms(28_200)
    attend, failed = yard.store.attend, list[bool]()

    async def moody(*about: Any) -> Any:
        if len(failed) < 3:
            failed.append(True)
            raise Unavailable("the store")
        return await attend(*about)

    monkeypatch.setattr(yard.store, "attend", moody)
    ana.say(c.Pong())
    await yard.pass_ms(3_000)
    (who,) = yard.store.ledger.people.values()

    assert len(failed) == 3
    assert who.offered


async def test_a_socket_on_standby_is_nobody_elses(yard: Yard) -> None:
    """Who came in on it may take over again, and only they."""
    token = yard.tokens.mint_guest({}).token
    first = await yard.person(token)
    await yard.person(token)
    first.say(c.Auth(yard.tokens.mint_guest({}).token))
    await yard.settle()

    assert first.close_code == CloseCode.INVALID_TOKEN
