"""Who is on a gateway, and what they do, as somebody who looks is told."""

from __future__ import annotations

from duologue.gateway.board import LOST
from duologue.matching.estimate import QueueStatus
from duologue.protocol import client as c
from duologue.protocol.codes import Pause
from tests.contract.stores import SHARD
from tests.wires import TEXT, Yard, open_yard


def people(yard: Yard) -> dict[str, float]:
    """Those that there are some of."""
    return {doing: count for (doing,), count in yard.gateway._census.people().items() if count}


async def test_everybody_is_counted_once_by_what_they_do() -> None:
    """Who has not come in, too."""
    async with open_yard() as yard:
        await yard.talk()
        waiting = await yard.person()
        await yard.person()
        yard.wire()
        waiting.say(c.Find("find", 1, TEXT))
        await yard.settle()

        assert people(yard) == {"talking": 2, "waiting": 1, "idle": 1, "opened": 1}
        assert yard.gateway._census.sockets() == {(): 5}


async def test_who_waits_for_nothing_that_could_be_had_is_not_paused() -> None:
    """Nobody fits: that is no fault of ours."""
    async with open_yard() as yard:
        waiting = await yard.person()
        waiting.say(c.Find("find", 1, TEXT))
        await yard.settle()

        assert yard.gateway._census.paused() == {}


async def test_who_could_be_matched_and_is_not_is_told_by_why() -> None:
    """By the cohort that they wait in; of one that nobody speaks of, nothing is known."""
    async with open_yard() as yard:
        waiting = await yard.person()
        waiting.say(c.Find("find", 1, TEXT))
        await yard.settle()
        board = yard.gateway._board
        board.show({SHARD: QueueStatus(paused=Pause.MEDIA_DOWN)})
        down = yard.gateway._census.paused()
        board.show({"another": QueueStatus(paused=Pause.MEDIA_DOWN)})
        elsewhere = yard.gateway._census.paused()
        board.lose()
        lost = yard.gateway._census.paused()

        assert (down, elsewhere) == ({("media_down",): 1}, {})
        assert lost == {(str(LOST.paused),): 1}
