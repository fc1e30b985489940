"""Every event in every phase of a pair."""

from __future__ import annotations

import msgspec
import pytest

from duologue.ids import NodeName, PersonId
from duologue.pairs.life import (
    Again,
    Apart,
    DeadlinePassed,
    Effect,
    Event,
    LineWritten,
    Moved,
    Release,
    RoomLost,
    RoomOpened,
    SideAway,
    SideBack,
    SideConnected,
    SideFailed,
    SideHidden,
    SideLeft,
    SideMuted,
    TellLine,
    TellPeerAway,
    TellPeerBack,
    TellPeerHidden,
    TellPeerMuted,
    TellRoomOpened,
    TellTalking,
    advance,
    apart_afterwards,
)
from duologue.pairs.pair import KEPT_CHARACTERS, KEPT_LINES, Line, Pair, Phase
from duologue.protocol.codes import EndReason
from tests.builders import ANA, BEN, CLEO, NODE, NOW, pair, with_side

MATCHED = pair()
OTHER = NodeName("other")
HALF = with_side(MATCHED, ANA, connected=True)
TALKING = msgspec.structs.replace(
    with_side(HALF, BEN, connected=True), phase=Phase.TALKING, room_open=True, talking_since_ms=NOW
)
AWAY = with_side(TALKING, ANA, away_until_ms=NOW + 5_000)
ENDED = msgspec.structs.replace(TALKING, phase=Phase.ENDED, ended=EndReason.LEFT)
LINE = Line(ANA, 1, "hello", NOW)

FAILED = EndReason.MEDIA_FAILED
NOTHING: tuple[Effect, ...] = ()

EVERY_EVENT: list[Event] = [
    RoomOpened(NODE), Moved(OTHER), RoomLost(), SideConnected(ANA), SideFailed(ANA), SideAway(ANA, NOW + 5_000),
    SideBack(ANA), SideLeft(ANA, EndReason.NEXT), SideMuted(ANA, audio_off=True, video_off=False),
    LineWritten(ANA, 1, "hello"), DeadlinePassed(),
]  # fmt: skip

GOES_ON: list[tuple[str, Pair, Event, Pair, tuple[Effect, ...]]] = [
    (
        "room opens", MATCHED, RoomOpened(NODE),
        msgspec.structs.replace(MATCHED, room_open=True), (TellRoomOpened(NODE),),
    ),
    ("room opens twice", TALKING, RoomOpened(NODE), TALKING, NOTHING),
    ("a room opens that nobody waits for", MATCHED, RoomOpened(OTHER), MATCHED, NOTHING),
    ("another node is to try", MATCHED, Moved(OTHER), msgspec.structs.replace(MATCHED, node=OTHER), NOTHING),
    ("a room that is open stays", TALKING, Moved(OTHER), TALKING, NOTHING),
    ("one connects", MATCHED, SideConnected(ANA), HALF, NOTHING),
    ("the same connects again", HALF, SideConnected(ANA), HALF, NOTHING),
    (
        "both connected", HALF, SideConnected(BEN),
        msgspec.structs.replace(TALKING, room_open=False), (TellTalking(),),
    ),
    ("connects while talking", TALKING, SideConnected(ANA), TALKING, NOTHING),
    ("deadline while talking", TALKING, DeadlinePassed(), TALKING, NOTHING),
    ("goes away", TALKING, SideAway(ANA, NOW + 5_000), AWAY, (TellPeerAway(BEN, NOW + 5_000),)),
    (
        "goes away before the talk", MATCHED, SideAway(BEN, NOW + 5_000),
        with_side(MATCHED, BEN, away_until_ms=NOW + 5_000), (TellPeerAway(ANA, NOW + 5_000),),
    ),
    ("comes back", AWAY, SideBack(ANA), TALKING, (TellPeerBack(BEN),)),
    ("is back without having been away", TALKING, SideBack(ANA), TALKING, NOTHING),
    (
        "mutes", TALKING, SideMuted(ANA, audio_off=True, video_off=False),
        with_side(TALKING, ANA, audio_off=True), (TellPeerMuted(BEN, audio_off=True, video_off=False),),
    ),
    (
        "mutes before the talk", MATCHED, SideMuted(BEN, audio_off=False, video_off=True),
        with_side(MATCHED, BEN, video_off=True), (TellPeerMuted(ANA, audio_off=False, video_off=True),),
    ),
    (
        "hides the page", TALKING, SideHidden(ANA, hidden=True),
        with_side(TALKING, ANA, hidden=True), (TellPeerHidden(BEN, hidden=True),),
    ),
    ("shows what was not hidden", TALKING, SideHidden(ANA, hidden=False), TALKING, NOTHING),
    (
        "writes", TALKING, LineWritten(ANA, 1, "hello"),
        msgspec.structs.replace(with_side(TALKING, ANA, last_n=1), lines=(LINE,)), (TellLine(BEN, LINE),),
    ),
    (
        "writes before the talk", MATCHED, LineWritten(ANA, 1, "hello"),
        msgspec.structs.replace(with_side(MATCHED, ANA, last_n=1), lines=(LINE,)), (TellLine(BEN, LINE),),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "event", "after", "effects"), [case[1:] for case in GOES_ON], ids=[case[0] for case in GOES_ON]
)
def test_a_pair_goes_on(before: Pair, event: Event, after: Pair, effects: tuple[Effect, ...]) -> None:
    """What the pair is afterwards, and who is told."""
    assert advance(before, event, NOW) == (after, effects)


def _in_room(pair: Pair) -> Pair:
    return msgspec.structs.replace(pair, room_open=True)


ENDS: list[tuple[str, Pair, Event, EndReason, tuple[Effect, ...]]] = [
    (
        "no media server", MATCHED, RoomLost(), FAILED,
        (Release(ANA, FAILED, "server", Again.KEEP_PLACE), Release(BEN, FAILED, "server", Again.KEEP_PLACE)),
    ),
    (
        "the media server dies", TALKING, RoomLost(), FAILED,
        (Release(ANA, FAILED, "server", Again.TAKE_UP), Release(BEN, FAILED, "server", Again.TAKE_UP)),
    ),
    (
        "one fails", MATCHED, SideFailed(BEN), FAILED,
        (Release(ANA, FAILED, "peer", Again.KEEP_PLACE), Release(BEN, FAILED, "me", Again.BACK_OFF)),
    ),
    (
        "one fails while talking", TALKING, SideFailed(ANA), FAILED,
        (Release(ANA, FAILED, "me", Again.BACK_OFF), Release(BEN, FAILED, "peer", Again.AS_WISHED)),
    ),
    (
        "deadline, no room", MATCHED, DeadlinePassed(), FAILED,
        (Release(ANA, FAILED, "server", Again.KEEP_PLACE), Release(BEN, FAILED, "server", Again.KEEP_PLACE)),
    ),
    (
        "deadline, nobody there", _in_room(MATCHED), DeadlinePassed(), FAILED,
        (Release(ANA, FAILED, "me", Again.BACK_OFF), Release(BEN, FAILED, "me", Again.BACK_OFF)),
    ),
    (
        "deadline, one there", _in_room(HALF), DeadlinePassed(), FAILED,
        (Release(ANA, FAILED, "peer", Again.KEEP_PLACE), Release(BEN, FAILED, "me", Again.BACK_OFF)),
    ),
    (
        "next while talking", TALKING, SideLeft(ANA, EndReason.NEXT), EndReason.NEXT,
        (Release(ANA, EndReason.NEXT, "me", Again.OWN_WISH), Release(BEN, EndReason.NEXT, "peer", Again.AS_WISHED)),
    ),
    (
        "leave before the talk", MATCHED, SideLeft(BEN, EndReason.LEFT), EndReason.LEFT,
        (Release(BEN, EndReason.LEFT, "me", Again.OWN_WISH), Release(ANA, EndReason.LEFT, "peer", Again.KEEP_PLACE)),
    ),
    (
        "seat runs out", AWAY, SideLeft(ANA, EndReason.LOST), EndReason.LOST,
        (Release(ANA, EndReason.LOST, "me", Again.OWN_WISH), Release(BEN, EndReason.LOST, "peer", Again.AS_WISHED)),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "event", "reason", "effects"), [case[1:] for case in ENDS], ids=[case[0] for case in ENDS]
)
def test_a_pair_ends(before: Pair, event: Event, reason: EndReason, effects: tuple[Effect, ...]) -> None:
    """Both are released, and each knows how they go on; who left is released first."""
    step = advance(before, event, NOW)

    assert (step.pair.phase, step.pair.ended) == (Phase.ENDED, reason)
    assert step.effects == effects


@pytest.mark.parametrize(
    ("before", "event", "apart"),
    [
        (TALKING, SideLeft(ANA, EndReason.LEFT), Apart.MET),
        (MATCHED, SideLeft(ANA, EndReason.NEXT), Apart.MET),
        (MATCHED, SideLeft(ANA, EndReason.LEFT), Apart.NOT),
        (MATCHED, SideFailed(ANA), Apart.FAILED),
        (TALKING, SideFailed(ANA), Apart.MET),
        (MATCHED, RoomLost(), Apart.NOT),
        (TALKING, RoomLost(), Apart.NOT),
    ],
    ids=["talked", "would not", "left before", "failed", "failed later", "no node", "node died"],
)  # fmt: skip
def test_who_looks_for_others_first(before: Pair, event: Event, apart: Apart) -> None:
    """Who talked, who turned somebody down, who failed to connect: not two whose media server died."""
    assert apart_afterwards(advance(before, event, NOW).pair) is apart


@pytest.mark.parametrize("event", EVERY_EVENT, ids=lambda event: type(event).__name__)
def test_nothing_happens_after_the_end(event: Event) -> None:
    """Crossing messages are normal, not errors."""
    assert advance(ENDED, event, NOW) == (ENDED, NOTHING)


@pytest.mark.parametrize("before", [MATCHED, HALF, TALKING, AWAY], ids=["matched", "half", "talking", "away"])
@pytest.mark.parametrize("event", EVERY_EVENT, ids=lambda event: type(event).__name__)
def test_an_end_releases_both_and_nothing_else_does(before: Pair, event: Event) -> None:
    """A pair never ends without its people being told, and nobody is put out of a pair that goes on."""
    step = advance(before, event, NOW)
    released = {effect.person for effect in step.effects if isinstance(effect, Release)}

    assert released == ({ANA, BEN} if step.pair.phase is Phase.ENDED else set())


def test_a_repeated_number_is_the_same_line() -> None:
    """Each side counts for itself."""
    once = advance(TALKING, LineWritten(ANA, 1, "hello"), NOW).pair

    assert advance(once, LineWritten(ANA, 1, "hello"), NOW + 5) == (once, NOTHING)
    assert len(advance(once, LineWritten(BEN, 1, "hi"), NOW).pair.lines) == 2


def test_the_last_lines_are_kept() -> None:
    """A bound, as for everything that strangers can fill."""
    current = TALKING
    for n in range(1, KEPT_LINES + 6):
        current = advance(current, LineWritten(ANA, n, "x"), NOW).pair

    assert [line.n for line in current.lines] == list(range(6, KEPT_LINES + 6))


@pytest.mark.parametrize(("length", "kept"), [(KEPT_CHARACTERS // 2, [2, 3]), (KEPT_CHARACTERS * 2, [3])])
def test_of_long_lines_fewer_are_kept(length: int, kept: list[int]) -> None:
    """Each mute and each sign of typing in such a pair would move all of them through the store."""
    current = TALKING
    for n in (1, 2, 3):
        current = advance(current, LineWritten(ANA, n, "x" * length), NOW).pair

    assert [line.n for line in current.lines] == kept


def test_a_stranger_is_a_mistake() -> None:
    """Only the two are in it."""
    with pytest.raises(ValueError, match="not in pair"):
        advance(TALKING, SideConnected(CLEO), NOW)


@pytest.mark.parametrize(("person", "expected"), [(ANA, "p1-a"), (BEN, "p1-b")])
def test_an_identity_says_nothing_about_the_person(person: PersonId, expected: str) -> None:
    """And is the same after a reload."""
    assert MATCHED.identity(person) == expected


def test_shared_things_are_those_that_both_have() -> None:
    """Nobody learns what the other alone stated."""
    both = with_side(MATCHED, ANA, interests=frozenset(["tea", "jazz"]), facets={"language": "en", "gender": "f"})
    both = with_side(both, BEN, interests=frozenset(["tea", "chess"]), facets={"language": "en", "gender": "m"})

    assert (both.shared_interests(), both.shared_facets()) == (["tea"], {"language": "en"})
