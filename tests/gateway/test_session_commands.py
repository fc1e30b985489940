"""The session machine: each command has an answer, and its limits."""

from __future__ import annotations

from typing import Any

import pytest

from duologue.gateway import events as ev
from duologue.gateway.terms import Limits
from duologue.ids import BlockId
from duologue.ledger import (
    Outcome,
    PairEnded,
    PairFormed,
    WayBack,
)
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode, EndReason, ErrorCode, MediaEvent
from duologue.safety.block import Block
from duologue.safety.ratelimit import Rate
from tests.builders import BEN
from tests.gateway.sessions import AWAY, PONG, TEXT, TICKET, live, paired, told
from tests.playbook import Closes, Sends, Wait

# -- commands ------------------------------------------------------------------------------


PERFORMED: list[Any] = [
    c.Find("1", 1), c.Cancel("1", 1), c.Next("1", "p1", 2), c.Leave("1", "p1"), c.Chat("1", "p1", "hi", 1),
    c.Mute("1", "p1", audio=True, video=False), c.Diagnostics("1", {}),
    c.MediaReport("p1", MediaEvent.CONNECTED), c.Block("1", "p1"), c.Unblock("1", "b1"), c.Hidden("1", value=True),
    c.Report("1", "p1", "spam", "buys\nyou"), c.Call("1", "x"), c.Accept("1", "x"), c.Decline("1", "x"),
    c.CancelCall("1", "x"), c.Back("1", "p1"),
]  # fmt: skip


@pytest.mark.parametrize("message", PERFORMED, ids=lambda each: type(each).__name__)
def test_what_this_version_offers_is_carried_out(message: Any) -> None:
    """One message, one thing to do."""
    assert live() >> message << ev.Perform(message)


def test_the_way_back_is_told() -> None:
    """Until when with the end, and then what the other one says of it."""
    assert (
        live()
        >> told(2, PairFormed(TEXT, 1)) << Sends(s.Matched)
        >> told(3, PairEnded(TEXT.id, EndReason.NEXT, "peer", TICKET, 9_000)) << Sends(s.Ended, back_until=9_000)
        >> told(3, WayBack(TEXT.id, 9_000)) << ev.Send(s.BackOffer(TEXT.id, 9_000))
        >> told(3, WayBack(TEXT.id, None)) << ev.Send(s.BackOffer(TEXT.id, None))
    )  # fmt: skip


def test_a_report_carries_no_control_characters() -> None:
    """An operator reads it on a terminal."""
    assert live() >> c.Report("1", "p1", "spam", "a\x1b[2Jb") << ev.Perform(c.Report("1", "p1", "spam", "a[2Jb"))


def test_a_done_command_is_confirmed() -> None:
    """By exactly one reply."""
    assert live() >> ev.Answered("1", Outcome.DONE) << ev.Send(s.Reply("1", ok=True))


def test_a_refused_command_says_so() -> None:
    """It made no sense in this state."""
    playbook = live() >> ev.Answered("1", Outcome.REFUSED) << Sends(s.Reply, id="1", ok=False)

    assert playbook
    assert playbook._actual[-1][1].message.error.code is ErrorCode.BAD_REQUEST


def test_the_list_of_blocks_comes_before_its_reply() -> None:
    """And tells nobody's account."""
    block = Block(BlockId("b1"), BEN, "Heron", 5)

    assert (
        live()
        >> c.BlockedList("1") << ev.ListBlocks("1")
        >> ev.Listed("1", [block])
        << ev.Send(s.Blocked([s.BlockedPerson("b1", "Heron", 5)])) << ev.Send(s.Reply("1", ok=True))
    )  # fmt: skip


def test_a_stale_session_stands_by() -> None:
    """Another one took over; each command that was on the way is refused."""
    assert (
        live()
        >> ev.Answered("1", Outcome.STALE) << ev.Send(s.Standby(1)) << Sends(s.Reply, id="1", ok=False)
        >> ev.Answered("2", Outcome.STALE) << Sends(s.Reply, id="2", ok=False)
    )  # fmt: skip


def test_a_fault_is_passed_on() -> None:
    """With its advice."""
    assert live() >> ev.Answered("1", AWAY) << ev.Send(s.Reply("1", ok=False, error=AWAY))


@pytest.mark.parametrize("message", [c.Auth("t"), c.Resume("r")], ids=["auth", "resume"])
def test_nobody_comes_in_twice(message: Any) -> None:
    """One socket, one session."""
    assert live() >> message << Closes(CloseCode.PROTOCOL_ERROR)


# -- limits --------------------------------------------------------------------------------


def slow_down(id_: str, retry_after_ms: int) -> ev.Send:
    error = s.CommandError(ErrorCode.RATE_LIMITED, "too fast", temporary=True, retry_after_ms=retry_after_ms)
    return ev.Send(s.Reply(id_, ok=False, error=error))


def test_searching_too_fast_is_refused_with_the_time_to_wait() -> None:
    """Find and next share a limit; after that time it works."""
    limits = Limits(find=Rate(interval_ms=2_000, burst=2))
    first, second, third = c.Find("1", 1), c.Next("2", "p1", 2), c.Find("3", 3)

    assert (
        live(limits=limits)
        >> first << ev.Perform(first)
        >> second << ev.Perform(second)
        >> third << slow_down("3", 2_000)
        >> Wait(2_000)
        >> third << ev.Perform(third)
    )  # fmt: skip


def test_blocking_too_fast_is_refused() -> None:
    """Each of these is asked of the database, so they share a limit."""
    limits = Limits(blocks=Rate(interval_ms=1_000, burst=2))
    block = c.Block("1", "p1")

    assert (
        live(limits=limits)
        >> block << ev.Perform(block)
        >> c.BlockedList("2") << ev.ListBlocks("2")
        >> c.Unblock("3", "b1") << slow_down("3", 1_000)
    )  # fmt: skip


def test_writing_too_fast_is_refused() -> None:
    """Chat has its own limit."""
    line = c.Chat("1", "p1", "hi", 1)

    assert (
        live(limits=Limits(chat=Rate(interval_ms=100, burst=1)))
        >> line << ev.Perform(line)
        >> line << slow_down("1", 100)
    )  # fmt: skip


def test_typing_too_fast_is_dropped_in_silence() -> None:
    """A signal has no reply; it counts with the chat."""
    limits = Limits(chat=Rate(interval_ms=100, burst=1))

    assert paired(TEXT, limits=limits) >> c.Typing("p1") << ev.Relay(BEN, s.PeerTyping("p1")) >> c.Typing("p1")


def test_too_many_messages_of_any_kind_close() -> None:
    """The client comes back later."""
    limits = Limits(any=Rate(interval_ms=50, burst=2))

    assert live(limits=limits) >> PONG >> PONG >> PONG << Closes(CloseCode.RATE_LIMITED)
