"""The session machine: tokens that run out, and the end."""

from __future__ import annotations

import msgspec
import pytest

from duologue.gateway import events as ev
from duologue.ledger import (
    Outcome,
    Queued,
    Waiting,
)
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode
from tests.builders import NOW
from tests.gateway.sessions import CREDENTIALS, PONG, TICKET, VIDEO, entered, entering, live, told
from tests.playbook import Closes, Playbook, Sends, Wait

# -- tokens --------------------------------------------------------------------------------


def expiring(in_ms: int) -> Playbook:
    """Somebody whose token holds that long."""
    token = msgspec.structs.replace(entered(), expires_ms=NOW + in_ms)
    return entering() >> token << Sends(s.Ready, expires_at=NOW + in_ms)


def test_a_session_ends_with_its_token() -> None:
    """To the millisecond; the client gets a newer one first."""
    assert expiring(4_000) >> Wait(3_999) >> Wait(1) << Closes(CloseCode.TOKEN_EXPIRED)


def test_an_end_among_other_things_that_are_due_is_the_end() -> None:
    """A process that slept finds everything due at once."""
    token = msgspec.structs.replace(entered(Waiting(TICKET), rev=5), expires_ms=NOW + 20_000)
    playbook = entering() >> token << Sends(s.Ready) >> Wait(1_500) << Sends(s.Waiting)
    playbook.now_ms = NOW + 60_000

    assert playbook >> ev.Ticked() << Closes(CloseCode.TOKEN_EXPIRED)


def test_a_newer_token_makes_the_session_longer() -> None:
    """And the client gets a resume token that holds as long."""
    assert (
        expiring(4_000)
        >> c.Refresh("1", "newer") << ev.Renew("1", "newer")
        >> ev.Refreshed("1", "resume-2", NOW + 9_000)
        << ev.Send(s.Refreshed("resume-2", NOW + 9_000)) << ev.Send(s.Reply("1", ok=True))
        >> Wait(8_999)
        >> Wait(1) << Closes(CloseCode.TOKEN_EXPIRED)
    )  # fmt: skip


# -- over ----------------------------------------------------------------------------------


def test_a_goodbye_frees_the_seat_at_once() -> None:
    """Whatever the close code."""
    assert live() >> c.Bye() << ev.Close(1000, "bye") >> ev.Closed(1001) << ev.Depart(0)


@pytest.mark.parametrize(
    ("code", "hold_ms"), [(1001, 5_000), (3001, 5_000), (1000, 15_000), (1005, 15_000), (1006, 15_000)]
)
def test_without_a_goodbye_the_seat_is_held(code: int, hold_ms: int) -> None:
    """Shorter where the page was left or reloaded."""
    assert live() >> ev.Closed(code) << ev.Depart(hold_ms)


def test_after_the_end_nothing_happens() -> None:
    """No timer, no message, no reply."""
    assert (
        live()
        >> ev.Closed(1006) << ev.Depart(15_000)
        >> c.Find("1", 1)
        >> told(9, Queued(TICKET))
        >> ev.Answered("1", Outcome.DONE)
        >> ev.Placed(VIDEO.id, CREDENTIALS)
        >> ev.CutOff(CloseCode.GOING_AWAY)
        >> Wait(100_000)
    )  # fmt: skip


def test_a_closing_session_says_nothing_more() -> None:
    """Between our close and the end of the socket."""
    assert live() >> ev.CutOff(CloseCode.RESYNC) << Closes(CloseCode.RESYNC) >> told(5, Queued(TICKET)) >> PONG


def test_a_playbook_says_what_differs() -> None:
    """The diff names the step; a test that fails is half debugged."""
    with pytest.raises(AssertionError, match=r"(?s)>> Wait.*-<< Close\(code=4004.*\+<< Send\(message=Ping"):
        assert live() >> Wait(25_000) << Closes(CloseCode.NO_PONG)
