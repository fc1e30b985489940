"""A session that comes back by itself, on a whole server."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from duologue.client import ConnectionEnded, Invitation, RandomChatSession, ReconnectingSocket, join
from duologue.protocol.client import Filters
from duologue.protocol.codes import CloseCode, EndReason, Mode
from duologue.protocol.server import (
    CallState,
    ChatLine,
    Ended,
    Incoming,
    Matched,
    Ready,
    ServerMessage,
    Standby,
    Talking,
    Waiting,
)
from tests.conftest import Town
from tests.fakes import wait_until

TEXT = Filters(mode=Mode.TEXT)


class Place:
    """A town whose people come back."""

    def __init__(self, town: Town, stack: AsyncExitStack) -> None:
        self.town = town
        self._stack = stack
        self.losses: Counter[RandomChatSession] = Counter()

    async def person(self, invitation: Invitation | None = None, *, stand_by: bool = False) -> RandomChatSession:
        invited = invitation or await join(self.town.page_url)
        session = RandomChatSession(
            invited, reconnect=True, stand_by=stand_by, on_away=lambda _: self.losses.update([session])
        )
        return await self._stack.enter_async_context(session)

    async def lose(self, person: RandomChatSession) -> None:
        """The connection is gone, and they know it; they may be back already."""
        before = self.losses[person]
        assert isinstance(person.socket, ReconnectingSocket)
        person.socket.cut()
        await wait_until(lambda: self.losses[person] > before, description="it is lost")

    async def pair(self) -> tuple[RandomChatSession, RandomChatSession]:
        ana, ben = await self.person(), await self.person()
        await asyncio.gather(ana.find(TEXT), ben.find(TEXT))
        await asyncio.gather(ana.matched(), ben.matched())
        await asyncio.gather(ana.expect(Talking), ben.expect(Talking))
        return ana, ben


@pytest.fixture
async def place(town: Town) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        yield Place(town, stack)


async def news_until(person: RandomChatSession, text: str) -> list[ServerMessage]:
    """All there is until this line."""
    told: list[ServerMessage] = []
    async with asyncio.timeout(10):
        while not (told and isinstance(told[-1], ChatLine) and told[-1].text == text):
            told.append(await person.news())
    return told


async def test_a_talk_goes_on_over_another_connection(place: Place) -> None:
    """The same person in the same pair; each line is heard once, also those that were said meanwhile."""
    ana, ben = await place.pair()
    pair, person = ana.pair, ana.ready and ana.ready.self.person
    await ben.chat("before")
    await place.lose(ana)
    await ben.chat("meanwhile")
    await ana.chat("from the other side")  # returns when it was said, over the next connection
    await ben.chat("after")
    told = await news_until(ana, "after")

    assert [each.text for each in told if isinstance(each, ChatLine)] == ["before", "meanwhile", "after"]
    assert sum(isinstance(each, Ready) for each in told) == 1
    assert (ana.pair, ana.talking, ana.ready and ana.ready.self.person) == (pair, True, person)
    assert (await ben.expect(ChatLine)).text == "from the other side"


async def test_who_waited_waits_on(place: Place) -> None:
    """With the same place, and is met when somebody comes."""
    ana = await place.person()
    await ana.find(TEXT)
    since = (await ana.expect(Waiting)).since
    await place.lose(ana)
    await ana.expect(Ready)
    assert ana.waiting is not None
    assert ana.waiting.since == since
    ben = await place.person()
    await ben.find(TEXT)

    assert (await ana.matched()).pair == (await ben.matched()).pair


async def test_a_partner_who_moved_on_meanwhile_is_told(place: Place) -> None:
    """The end of the talk is news, though nobody was there to hear it."""
    ana, ben = await place.pair()
    pair = ana.pair
    await place.lose(ana)
    await ben.leave()
    ended = await ana.expect(Ended)

    assert (ended.pair, ana.pair, ana.last_pair) == (pair, None, pair)
    assert ended.reason in (EndReason.LEFT, EndReason.LOST)


async def test_what_is_asked_for_while_away_happens_once(place: Place) -> None:
    """Next is pressed without a connection; the one partner is left, and there is one new."""
    ana, ben = await place.pair()
    cleo = await place.person()
    await cleo.find(TEXT)
    await place.lose(ana)
    await ana.next()

    assert (await ana.matched()).pair == (await cleo.matched()).pair
    assert (await ben.expect(Ended)).by == "peer"


async def test_being_there_is_said_again(place: Place) -> None:
    """`connected` is a signal and may be lost with the connection; then both would wait for it."""
    ana, ben = await place.person(), await place.person()
    await asyncio.gather(ana.find(TEXT), ben.find(TEXT))
    await asyncio.gather(ana.expect(Matched), ben.matched())
    await place.lose(ana)
    ana.report_media()

    await asyncio.gather(ana.expect(Talking), ben.expect(Talking))


async def test_many_may_wait_at_the_same_time(place: Place) -> None:
    """One reads news while others say something; everybody gets their own."""
    ana, ben = await place.pair()
    reading = asyncio.create_task(news_until(ana, "bye"))
    await asyncio.gather(*(ana.chat(f"line {n}") for n in range(5)), *(ben.chat(f"word {n}") for n in range(5)))
    await place.lose(ana)
    await asyncio.gather(*(ana.chat(f"more {n}") for n in range(5)))
    await ben.chat("bye")

    told = [each.text for each in await reading if isinstance(each, ChatLine)]
    assert sorted(told) == ["bye", *(f"word {n}" for n in range(5))]


async def test_who_asks_gets_the_answer_though_others_read(place: Place) -> None:
    """It is no news for whoever reads all."""
    ana = await place.person()
    reading = asyncio.create_task(ana.expect(Matched))
    link = await ana.link()
    await place.lose(ana)
    assert (await ana.link(), await ana.blocked()) == (link, [])
    reading.cancel()


async def test_a_wait_for_news_that_is_given_up_loses_nothing(place: Place) -> None:
    """A bot that loses patience, and listens again."""
    ana, ben = await place.pair()
    for _ in range(20):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await ana.news()
    await ben.chat("one")
    await ben.chat("two")

    assert [(await ana.expect(ChatLine)).text for _ in range(2)] == ["one", "two"]


async def test_another_session_takes_over_for_good(place: Place) -> None:
    """The two do not take turns."""
    invitation = await join(place.town.page_url)
    first = await place.person(invitation)
    second = await place.person(invitation)
    await first.expect(Standby)
    with pytest.raises(ConnectionEnded) as ended:
        await first.news()
    await second.find(TEXT)
    await second.expect(Waiting)

    assert ended.value.code == CloseCode.REPLACED
    assert first.standing_by


async def test_who_may_stand_by_rings_and_answers_also_after_a_lost_connection(place: Place) -> None:
    """What rings on its return is told as news; the answer makes it the active one."""
    invitation = await join(place.town.page_url)
    phone = await place.person(invitation, stand_by=True)
    link = await phone.link()
    await place.person(invitation)
    await phone.expect(Standby)
    ana = await place.person()
    await ana.call(link, Mode.TEXT)
    first = await phone.expect(Incoming)
    await ana.cancel_call(first.call)
    await phone.expect(CallState)
    await place.lose(phone)
    await ana.call(link, Mode.TEXT)
    second = await phone.expect(Incoming)
    await phone.accept()
    matched = await ana.expect(Matched)
    await phone.expect(Ready)

    assert matched.call == second.call
    assert phone.pair == matched.pair
    assert not phone.standing_by


async def test_a_guest_stays_the_same_person_with_a_newer_token(place: Place) -> None:
    """Where nothing is left of the session, the invitation is renewed."""
    invitation = await join(place.town.page_url)
    assert invitation.renew is not None
    newer = Invitation(invitation.websocket_url, await invitation.renew())
    one, other = RandomChatSession(invitation), RandomChatSession(newer)
    people = [(await each.connect()).self.person for each in (one, other)]
    one.close()
    other.close()

    assert people[0] == people[1]


async def test_who_leaves_leaves_nothing(town: Town) -> None:
    """No task goes on, also where somebody was waiting for news."""
    before = asyncio.all_tasks()
    async with RandomChatSession(await join(town.page_url), reconnect=True) as ana:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await ana.news()

    await wait_until(
        lambda: not [each for each in asyncio.all_tasks() - before if "client" in each.get_name()],
        description="nothing goes on",
    )
