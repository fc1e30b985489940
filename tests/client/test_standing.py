"""What a snapshot tells somebody who was away, as the messages that would have told it."""

from __future__ import annotations

import msgspec
import pytest

from duologue.client.standing import Standing
from duologue.protocol.codes import EndReason, Mode
from duologue.protocol.server import (
    CallState,
    ChatLine,
    Ended,
    IdleState,
    Incoming,
    Line,
    Matched,
    Muted,
    PairState,
    Peer,
    Ready,
    RingingState,
    Self,
    ServerMessage,
    State,
    Talking,
    Waiting,
    WaitingState,
)

WAITING = Waiting(2, 1, 0, Mode.TEXT, 1, None, [])
MATCHED = Matched(3, "pair-1", 1, Mode.TEXT, Peer("ben", [], {}), None, 10_000)
LINES = [Line(False, 1, "hello", 10), Line(True, 1, "hi", 11), Line(False, 2, "how are you?", 12)]
PAIR = PairState(MATCHED, 5, None, Muted(False, False), LINES, last_n=1)
RINGING = RingingState("call-1", False, "cleo", Mode.TEXT, 99)


def snapshot(state: State) -> Ready:
    return Ready(9, "session", "resume", 60_000, Self("ana", True, {}), 1, state)


def somebody(*heard: ServerMessage) -> Standing:
    standing = Standing()
    standing.take(msgspec.structs.replace(snapshot(IdleState()), rev=1))
    for message in heard:
        standing.note(message)
    return standing


CASES: dict[str, tuple[list[ServerMessage], State, list[ServerMessage]]] = {
    "nothing": ([], IdleState(), []),
    "a wait goes on": ([WAITING], WaitingState(WAITING), [WAITING]),
    "a partner was found, who talks already": (
        [WAITING],
        PAIR,
        [
            MATCHED,
            Talking(9, "pair-1", 5),
            ChatLine("pair-1", 1, "hello", 10),
            ChatLine("pair-1", 2, "how are you?", 12),
        ],
    ),
    "the partner wrote": (
        [MATCHED, Talking(4, "pair-1", 5), ChatLine("pair-1", 1, "hello", 10)],
        PAIR,
        [ChatLine("pair-1", 2, "how are you?", 12)],
    ),
    "the partner got through": ([MATCHED], msgspec.structs.replace(PAIR, lines=[]), [Talking(9, "pair-1", 5)]),
    "all was heard": (
        [MATCHED, Talking(4, "pair-1", 5), ChatLine("pair-1", 2, "how are you?", 12)],
        PAIR,
        [],
    ),
    "the talk is over": ([MATCHED], IdleState(), [Ended(9, "pair-1", EndReason.LOST, "server")]),
    "the talk is over, and one waits": (
        [MATCHED],
        WaitingState(WAITING),
        [Ended(9, "pair-1", EndReason.LOST, "server", WAITING)],
    ),
    "there is another partner": (
        [msgspec.structs.replace(MATCHED, pair="pair-0")],
        msgspec.structs.replace(PAIR, lines=[], talking_since=None),
        [Ended(9, "pair-0", EndReason.LOST, "server"), MATCHED],
    ),
    "somebody calls": ([WAITING], RINGING, [Incoming(9, "call-1", "cleo", Mode.TEXT, 99)]),
    "it rings still": ([Incoming(2, "call-1", "cleo", Mode.TEXT, 99)], RINGING, []),
    "one's own call rings": (
        [],
        msgspec.structs.replace(RINGING, outgoing=True),
        [CallState(9, "call-1", "ringing", expires=99)],
    ),
    "it rings no more": (
        [Incoming(2, "call-1", "cleo", Mode.TEXT, 99)],
        IdleState(),
        [CallState(9, "call-1", "ended")],
    ),
    "the call was taken": (
        [CallState(2, "call-1", "ringing", expires=99)],
        msgspec.structs.replace(
            PAIR, matched=msgspec.structs.replace(MATCHED, call="call-1"), lines=[], talking_since=None
        ),
        [CallState(9, "call-1", "accepted", pair="pair-1"), msgspec.structs.replace(MATCHED, call="call-1")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_was_missed_is_told(case: str) -> None:
    """All of it, and nothing twice."""
    heard, state, missed = CASES[case]

    assert list(somebody(*heard).missed(snapshot(state))) == missed


@pytest.mark.parametrize("case", CASES)
def test_a_snapshot_is_believed_as_a_whole(case: str) -> None:
    """Whatever was known before, one knows what the snapshot says; a second one tells nothing more."""
    heard, state, _ = CASES[case]
    standing = somebody(*heard)
    standing.take(snapshot(state))
    pair = state.matched.pair if isinstance(state, PairState) else None

    assert standing.pair == pair
    assert standing.talking == (isinstance(state, PairState) and state.talking_since is not None)
    assert (standing.waiting is not None) == isinstance(state, WaitingState)
    assert (standing.ringing is not None) == isinstance(state, RingingState)
    assert all(isinstance(again, Waiting) for again in standing.missed(snapshot(state)))


def test_an_end_that_one_asked_for_is_ones_own() -> None:
    """The answer was lost with the connection."""
    standing = somebody(MATCHED)
    standing._parting = EndReason.NEXT

    assert list(standing.missed(snapshot(IdleState()))) == [Ended(9, "pair-1", EndReason.NEXT, "me")]


def test_lines_that_are_still_on_their_way_keep_their_numbers() -> None:
    """The snapshot may be older than the last one that was said."""
    standing = somebody(MATCHED)
    standing._last_n = 4
    standing.take(snapshot(PAIR))

    assert standing._last_n == 4
