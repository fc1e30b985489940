"""Going back to the last partner, over the wire, with the whole server."""

from __future__ import annotations

import asyncio

import pytest

from duologue.client.session import CommandRefused, RandomChatSession
from duologue.protocol.client import Filters
from duologue.protocol.codes import ErrorCode, Mode
from duologue.protocol.server import BackOffer, ChatLine, Ended, Matched, Talking
from tests.conftest import Town
from tests.test_blocks import TEXT, talk


async def back(first: RandomChatSession, second: RandomChatSession) -> tuple[Matched, Matched]:
    """The one wants to, the other hears so, and wants to, too."""
    await first.back()
    offer = await second.expect(BackOffer)
    assert offer.until is not None
    await second.back(offer.pair)
    return await first.matched(), await second.matched()


async def test_two_go_back_to_each_other(town: Town) -> None:
    """By the names of before, in a pair of its own, where they talk on."""
    ana, ben = await town.person(), await town.person()
    alias = await talk(ana, ben)
    before = ana.pair
    await ana.next()
    assert (await ben.expect(Ended)).back_until is not None
    for_ana, for_ben = await back(ana, ben)
    await asyncio.gather(ana.expect(Talking), ben.expect(Talking))

    assert (for_ana.pair, for_ana.peer.alias) == (for_ben.pair, alias)
    assert for_ana.pair != before
    await ben.chat("there you are")
    assert (await ana.expect(ChatLine)).text == "there you are"


async def test_who_was_left_and_does_not_wait_goes_back(town: Town) -> None:
    """Their page counts down; and whoever was left may speak first."""
    ana, ben = await town.person(), await town.person()
    rests = Filters(mode=Mode.TEXT, auto_next=False)
    await asyncio.gather(ana.find(TEXT), ben.find(rests))
    await asyncio.gather(ana.matched(), ben.matched())
    await asyncio.gather(ana.expect(Talking), ben.expect(Talking))
    await ana.next()
    ended = await ben.expect(Ended)
    assert ended.waiting is None

    for_ben, for_ana = await back(ben, ana)
    assert for_ben.pair == for_ana.pair


async def test_a_video_pair_goes_back_into_a_room_of_its_own(town: Town) -> None:
    """Each with a place in it; the old room goes."""
    ana, ben = await town.person(), await town.person()
    for person in (ana, ben):
        await person.find(Filters())
    first, _ = await asyncio.gather(ana.matched(), ben.matched())
    await ana.next()
    await ben.expect(Ended)
    second, _ = await back(ana, ben)

    assert first.media is not None
    assert second.media is not None
    assert second.media.token != first.media.token


async def test_who_met_somebody_else_is_not_called_back(town: Town) -> None:
    """Who wanted to go back hears that it is too late, and is refused after that."""
    ana, ben, cleo = await town.person(), await town.person(), await town.person()
    await talk(ana, ben)
    await ana.next()
    await ben.expect(Ended)
    await ana.back()
    await ana.cancel()
    over = [await ben.expect(BackOffer), await ben.expect(BackOffer)]
    assert [offer.until is None for offer in over] == [False, True]

    await cleo.find(TEXT)
    await asyncio.gather(ben.matched(), cleo.matched())
    with pytest.raises(CommandRefused) as refused:
        await ana.back()
    assert refused.value.error.code is ErrorCode.BAD_REQUEST
