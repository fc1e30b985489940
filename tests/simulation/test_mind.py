"""What simulated people do of their own accord."""

from __future__ import annotations

import msgspec
import pytest

from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import MediaEvent, Mode
from duologue.simulation.belief import Belief, State
from duologue.simulation.mind import Deed, LoseNetwork, Mind, Reload, Vanish
from duologue.simulation.virtual import SeededRng

MANY = 400
LOSSES = {Reload, LoseNetwork, Vanish, c.Bye}
BELIEFS: dict[State, tuple[Belief, set[type]]] = {
    "idle": (Belief("idle"), {c.Find, c.Call, c.Hidden}),
    "waiting": (Belief("waiting", last_pair="p"), {c.Find, c.Cancel, c.Call, c.Block, c.Hidden}),
    "ringing": (
        Belief("ringing", call="c"),
        {c.Accept, c.Decline, c.CancelCall, c.Find, c.Cancel, c.Block, c.Hidden},
    ),
    "paired": (Belief("paired", pair="p"), {c.Chat, c.Typing, c.Next, c.Leave, c.Block, c.Hidden}),
}


def mind(seed: int = 1) -> Mind:
    return Mind(SeededRng(seed, "ana"), ["link"])


def deeds(belief: Belief, *, calm: bool, seed: int = 1) -> list[Deed]:
    """Of somebody who believes the same for long."""
    of_ana = mind(seed)
    return [deed for _ in range(MANY) if (deed := of_ana.deed(belief, calm=calm)) is not None]


@pytest.mark.parametrize("state", BELIEFS)
def test_whatever_can_be_done_is_done(state: State) -> None:
    """And lost connections on top of it, unless times are calm."""
    belief, possible = BELIEFS[state]

    assert {type(deed) for deed in deeds(belief, calm=True)} == possible
    assert {type(deed) for deed in deeds(belief, calm=False)} == possible | LOSSES


def test_who_calls_gives_up_and_takes_nothing() -> None:
    """It is the other one who answers."""
    ringing = {type(deed) for deed in deeds(Belief("ringing", call="c", outgoing=True), calm=True)}

    assert c.CancelCall in ringing
    assert not ringing & {c.Accept, c.Decline}


def test_who_may_not_go_back_does_not() -> None:
    """Who may does so more often than not."""
    ana = mind()

    assert ana.going_back(Belief("idle"), 1) is None
    assert ana.going_back(Belief("idle", back="p"), 1) == c.Back("ana-1", "p")
    assert c.Back in {type(deed) for deed in deeds(Belief("waiting", back="p"), calm=True)}


def test_the_same_seed_wants_the_same() -> None:
    """Or no run could be watched again."""
    belief = Belief("idle")

    assert deeds(belief, calm=False) == deeds(belief, calm=False)
    assert deeds(belief, calm=False) != deeds(belief, calm=False, seed=2)


def test_lines_are_numbered_in_each_pair() -> None:
    """From the start, or from where one was before a reload."""
    ana, talk = mind(), Belief("paired", pair="p")
    assert [ana.chat(talk).n, ana.chat(talk).n] == [1, 2]
    ana.is_paired()

    assert ana.chat(talk).n == 1


def test_attempts_are_never_taken_back() -> None:
    """A page that was loaded again goes on from what the server knows."""
    ana = mind()
    ana.is_in(s.Ready(1, "session", "token", 60_000, s.Self("ana", guest=True, facets={}), 7, s.IdleState()))
    searches = [deed for _ in range(MANY) if isinstance(deed := ana.deed(Belief("idle"), calm=True), c.Find)]

    assert [search.attempt for search in searches[:2]] == [8, 9]


def test_media_is_told_of_once_there_is_a_room() -> None:
    """Text needs none. It works for nearly all, fails for some, and nothing is heard of others."""
    matched = s.Matched(1, "p", 1, Mode.TEXT, s.Peer("Otter", [], {}), None, 10_000)
    ana = mind()
    told = [ana.media(matched) for _ in range(MANY)]

    assert {report and report.event for report in told} == {None, MediaEvent.CONNECTED, MediaEvent.FAILED}
    assert ana.media(msgspec.structs.replace(matched, mode=Mode.VIDEO)) is None
