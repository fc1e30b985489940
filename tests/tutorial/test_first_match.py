"""Read this first: what Duologue does for people, in six short stories over the real gateway."""

from __future__ import annotations

import asyncio

from duologue.client import RandomChatSession
from duologue.protocol.client import Filters
from duologue.protocol.codes import EndReason, Mode, PeerEvent
from duologue.protocol.server import ChatLine, Ended, Matched, PairState, PeerChanged, Talking, Waiting
from tests.conftest import Town

TEXT = Filters(mode=Mode.TEXT)


async def talk(one: RandomChatSession, other: RandomChatSession) -> tuple[Matched, Matched]:
    """Let two people who both search find each other."""
    matches = await asyncio.gather(one.matched(), other.matched())
    await asyncio.gather(one.expect(Talking), other.expect(Talking))
    return matches


async def test_two_strangers_meet_and_chat(town: Town) -> None:
    """Two people press one button each and can talk, under aliases."""
    ana, ben = await town.person(), await town.person()
    await ana.find(TEXT)
    await ben.find(TEXT)
    for_ana, for_ben = await talk(ana, ben)

    assert for_ana.pair == for_ben.pair
    assert for_ana.peer.alias != for_ben.peer.alias

    await ana.chat("hello")
    assert (await ben.expect(ChatLine)).text == "hello"
    await ben.chat("hi")
    assert (await ana.expect(ChatLine)).text == "hi"


async def test_a_person_alone_is_told_the_truth(town: Town) -> None:
    """Nobody else is here, and that is what they hear, again and again."""
    ana = await town.person()
    await ana.find(TEXT)

    first, second = await ana.expect(Waiting), await ana.expect(Waiting)

    assert (first.waiting_count, first.estimate_ms) == (1, None)
    assert (second.waiting_count, second.since) == (1, first.since)


async def test_next_meets_somebody_else(town: Town) -> None:
    """Next ends the talk and goes on to a third person; who was left waits again by itself."""
    ana, ben, cleo = await town.person(), await town.person(), await town.person()
    await ana.find(TEXT)
    await ben.find(TEXT)
    first, _ = await talk(ana, ben)
    await cleo.find(TEXT)

    await ana.next()
    second, _ = await talk(ana, cleo)
    assert second.pair != first.pair

    ended = await ben.expect(Ended)
    assert (ended.reason, ended.by) == (EndReason.NEXT, "peer")
    assert ended.waiting is not None


async def test_who_reloads_is_back_in_the_same_talk(town: Town) -> None:
    """A lost socket holds the seat; the snapshot of the new one has the pair and the last lines."""
    ana, ben = await town.person(), await town.person()
    await ana.find(TEXT)
    await ben.find(TEXT)
    before, _ = await talk(ana, ben)
    await ana.chat("are you there?")

    assert ana.socket is not None
    ana.socket.cut()
    away = await ben.expect(PeerChanged)
    ready = await ana.connect(resume=True)
    back = await ben.expect(PeerChanged)

    assert (away.event, back.event) == (PeerEvent.RECONNECTING, PeerEvent.BACK)
    assert isinstance(ready.state, PairState)
    assert ready.state.matched.pair == before.pair
    assert [line.text for line in ready.state.lines] == ["are you there?"]
    await ben.chat("yes")
    assert (await ana.expect(ChatLine)).text == "yes"


async def test_a_goodbye_frees_the_seat_at_once(town: Town) -> None:
    """Who says bye is gone: the other waits again without waiting for a seat to run out."""
    ana, ben = await town.person(), await town.person()
    await ana.find(TEXT)
    await ben.find(TEXT)
    await talk(ana, ben)

    ana.close(goodbye=True)
    ended = await ben.expect(Ended)

    assert (ended.reason, ended.by) == (EndReason.LEFT, "peer")


async def test_a_video_pair_has_a_room_for_as_long_as_it_lasts(town: Town) -> None:
    """The room is there before anybody is told to join, and gone after the pair."""
    ana, ben = await town.person(), await town.person()
    await ana.find(Filters(mode=Mode.VIDEO))
    await ben.find(Filters(mode=Mode.VIDEO))
    for_ana, for_ben = await asyncio.gather(ana.expect(Matched), ben.expect(Matched))

    assert for_ana.media is not None
    assert for_ben.media is not None
    assert town.media.open == {for_ana.pair}
    ana.report_media()
    ben.report_media()
    await asyncio.gather(ana.expect(Talking), ben.expect(Talking))

    await ana.leave()
    await ben.expect(Ended)
    async with asyncio.timeout(5):
        while town.media.open:
            await asyncio.sleep(0.01)
