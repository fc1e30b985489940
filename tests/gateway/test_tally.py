"""What happens on connections is counted once, and strangers cannot make figures up."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from structlog.testing import capture_logs

from duologue.gateway import events as ev
from duologue.gateway import tally
from duologue.ledger import Dequeued, Idle, News, Outcome, Paired, PairFormed, PersonState, Waiting
from duologue.metrics import definitions as metrics
from duologue.protocol import client as c
from duologue.protocol.codes import CloseCode, ErrorCode, MediaEvent, ReportCause
from duologue.protocol.server import CommandError, Reply
from tests.builders import ANA, NOW, pair, ticket, with_side
from tests.figures import Counted
from tests.wires import open_yard


class Somebody(NamedTuple):
    """A session, as far as it is asked."""

    doing: PersonState


PAIR = pair()
IN_PAIR = Paired(PAIR)
TOO_FAST = CommandError(ErrorCode.RATE_LIMITED, "too fast", temporary=True, retry_after_ms=9)


async def test_a_talk_is_noted_once_though_both_hear_of_it() -> None:
    """By the side that also makes the room."""
    seen = Counted(metrics.ESTABLISH_SECONDS)
    async with open_yard() as yard:
        with capture_logs() as logged:
            _, _, pair_id = await yard.talk()

    assert seen() == {"text": 1}
    assert [line["pair"] for line in logged if line["event"] == "talk_started"] == [pair_id]


@pytest.mark.parametrize(
    ("news", "doing", "counted"),
    [
        (Dequeued(), Waiting(ticket(since_ms=NOW - 5_000)), {"cancelled": 1}),
        (Dequeued(), Idle(), {}),
        (PairFormed(PAIR, 1), Waiting(ticket()), {}),
    ],
    ids=["cancelled", "did not wait", "matched: the matcher counts that"],
)
def test_the_end_of_a_wait(news: News, doing: PersonState, counted: dict[str, int]) -> None:
    """Each has one outcome."""
    seen = Counted(metrics.WAIT_SECONDS)
    tally.told(news, Somebody(doing), NOW)

    assert seen() == counted


def test_a_wait_ends_with_its_socket() -> None:
    """Whether they come back nobody knows yet; if they do, they wait on."""
    seen = Counted(metrics.WAIT_SECONDS)
    tally.gone(Waiting(ticket()), NOW)
    tally.gone(IN_PAIR, NOW)

    assert seen() == {"gone": 1}


@pytest.mark.parametrize(("code", "label"), [(1001, "1001"), (4004, "4004"), (4999, "other"), (3000, "other")])
def test_close_codes_are_those_that_we_know(code: int, label: str) -> None:
    """A client may choose from thousands."""
    seen = Counted(metrics.SOCKETS_CLOSED)
    tally.closed(code, "client")

    assert seen() == {f"{label} client": 1}


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [(Outcome.DONE, "ok"), (Outcome.STALE, "not_active"), (Outcome.GONE, "gone"), (TOO_FAST, "rate_limited")],
)
def test_commands_are_counted_by_their_answer(outcome: Outcome | CommandError, answer: str) -> None:
    """In the words of the protocol."""
    seen = Counted(metrics.COMMANDS)
    tally.answered(c.Leave("1", "p1"), outcome, 3)

    assert seen() == {f"leave {answer}": 1}


@pytest.mark.parametrize(
    ("message", "limit"),
    [(c.Find("1", 1), "find"), (c.Chat("1", "p1", "hello", 1), "chat"), (c.Unblock("1", "b"), "blocks")],
)
def test_a_limit_that_was_reached_is_named(message: c.Command, limit: str) -> None:
    """An operator sees which one is too tight."""
    seen = Counted(metrics.LIMITED)
    tally.refused(message, [ev.Send(Reply("1", ok=False, error=TOO_FAST))])

    assert seen() == {limit: 1}


def test_too_many_messages_are_a_limit_too() -> None:
    """The socket closes."""
    seen = Counted(metrics.LIMITED)
    tally.refused(c.Pong(), [ev.Close(CloseCode.RATE_LIMITED, "too many messages")])

    assert seen() == {"message": 1}


def report(event: MediaEvent, **changes: Any) -> c.MediaReport:
    return c.MediaReport("p1", event, **changes)


def test_a_side_connects_once() -> None:
    """However often it says so."""
    seen = Counted(metrics.MEDIA_CONNECT_SECONDS)
    tally.media_said(report(MediaEvent.CONNECTED), PAIR, ANA, NOW + 400)
    tally.media_said(report(MediaEvent.CONNECTED), with_side(PAIR, ANA, connected=True), ANA, NOW + 500)

    assert seen() == {"video": 1}


async def test_words_about_a_pair_that_is_over_count_for_nothing() -> None:
    """Also when it never was."""
    async with open_yard() as yard:
        ana, _, pair_id = await yard.talk()
        seen = Counted(metrics.MEDIA_EVENTS)
        ana.say(c.MediaReport("another", MediaEvent.MISMATCH), c.MediaReport(pair_id, MediaEvent.RECONNECTING))
        ana.say(c.Leave("leave", pair_id))
        await yard.settle()
        ana.say(c.MediaReport(pair_id, MediaEvent.MISMATCH))

        assert seen() == {"reconnecting": 1}


async def test_who_repeats_a_word_is_counted_once() -> None:
    """Else one client could make the figures of all what it likes, at twenty messages a second."""
    async with open_yard() as yard:
        ana, _, first = await yard.talk()
        seen = Counted(metrics.MEDIA_EVENTS)
        for _ in range(5):
            ana.say(c.MediaReport(first, MediaEvent.FIRST_FRAME, ms=600_000), c.MediaReport(first, MediaEvent.MISMATCH))

        assert seen() == {"first_frame": 1, "mismatch": 1}


def test_failures_are_counted_by_a_cause_of_ours() -> None:
    """A client's words could be anything."""
    seen = Counted(metrics.MEDIA_FAILURES)
    tally.media_said(report(MediaEvent.FAILED, detail="livekit_timeout"), PAIR, ANA, NOW)
    tally.media_said(report(MediaEvent.FAILED, detail="x" * 200), PAIR, ANA, NOW)

    assert seen() == {"timeout": 1, "other": 1}


@pytest.mark.parametrize(
    ("figures", "counted"),
    [
        ({"pc_built": 3, "pc_swept": 1, "pc_live": 0}, {"built": 3, "leaked": 1}),
        ({"pc_built": 10**30, "pc_swept": -4}, {}),
        ({"pc_built": float("inf")}, {}),
        ({"pc_built": float("nan")}, {}),
    ],
)
def test_peer_connections_are_counted_as_far_as_they_can_be_believed(
    figures: dict[str, float], counted: dict[str, int]
) -> None:
    """A counter never goes back, nor to infinity."""
    seen = Counted(metrics.PEER_CONNECTIONS)
    tally.diagnosed(figures, None)

    assert seen() == counted


def test_reports_of_clients_are_counted_by_cause() -> None:
    """One that only tells figures is no trouble."""
    seen = Counted(metrics.CLIENT_REPORTS)
    for cause in (None, ReportCause.MISMATCH, ReportCause.LEAKED, ReportCause.MISMATCH):
        tally.diagnosed({"pc_built": 1}, cause)

    assert seen() == {"mismatch": 2, "leaked": 1}
