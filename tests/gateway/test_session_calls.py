"""The session machine in a direct call."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from duologue.calls.call import Call, Party
from duologue.gateway import events as ev
from duologue.ids import CallId
from duologue.ledger import CallEnded, CallRings, Outcome, Paired, PairEnded, PairFormed, Queued, Ringing, Superseded
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import CallEnd, CloseCode, EndReason, ErrorCode, Mode
from tests.builders import ANA, BEN, NOW, pair
from tests.gateway.sessions import TICKET, entered, entering, live, told
from tests.playbook import Playbook, Sends, Wait

TO_ANA = Call(CallId("c1"), Mode.TEXT, Party(BEN, "Otter"), Party(ANA, "Heron"), NOW, NOW + 60_000)
BY_ANA = msgspec.structs.replace(TO_ANA, caller=TO_ANA.callee, callee=TO_ANA.caller)
TALK = pair(Mode.TEXT, call=CallId("c1"))
INCOMING = ev.Send(s.Incoming(2, "c1", "Otter", Mode.TEXT, NOW + 60_000))


def standby() -> Playbook:
    """Another session took over."""
    return live() >> told(1, Superseded()) << ev.Send(s.Standby(1))


def over(rev: int, reason: CallEnd, **more: Any) -> ev.Send:
    """What the client hears of the end."""
    return ev.Send(s.CallState(rev, "c1", "ended", reason, **more))


def test_who_is_called_hears_an_alias() -> None:
    """And until when it rings."""
    assert live() >> told(2, CallRings(TO_ANA)) << INCOMING


def test_who_calls_hears_that_it_rings() -> None:
    """It has a name now, by which it can be cancelled."""
    rings = ev.Send(s.CallState(2, "c1", "ringing", expires=NOW + 60_000))

    assert live() >> told(2, CallRings(BY_ANA)) << rings


def test_a_call_that_is_over_by_now_does_not_ring() -> None:
    """Its news was late; its end is told all the same."""
    late = msgspec.structs.replace(TO_ANA, expires_ms=NOW)

    assert (
        live()
        >> told(2, CallRings(late))
        >> told(3, CallEnded(CallId("c1"), CallEnd.MISSED, None)) << over(3, CallEnd.MISSED)
    )  # fmt: skip


def test_who_waits_hears_nothing_of_it_while_it_rings() -> None:
    """And hears again, with the same wait, when the call came to nothing."""
    assert (
        live()
        >> told(2, Queued(TICKET)) << Sends(s.Waiting, since=TICKET.since_ms)
        >> told(3, CallRings(TO_ANA)) << Sends(s.Incoming, rev=3)
        >> Wait(9_000)
        >> told(4, CallEnded(CallId("c1"), CallEnd.CANCELLED, TICKET)) << Sends(s.CallState, reason=CallEnd.CANCELLED)
        >> Wait(1_500) << Sends(s.Waiting, rev=4)
    )  # fmt: skip


def test_a_search_that_begins_while_it_rings_is_told_afterwards() -> None:
    """Not in between."""
    assert (
        live()
        >> told(2, CallRings(TO_ANA)) << INCOMING
        >> told(3, Queued(TICKET))
        >> Wait(9_000)
    )  # fmt: skip


def test_an_accepted_call_is_told_at_once_and_its_pair_when_it_can_be_joined() -> None:
    """Of a text call, both."""
    assert (
        live()
        >> told(2, CallRings(TO_ANA)) << INCOMING
        >> told(3, PairFormed(TALK, 1)) << ev.Send(s.CallState(3, "c1", "accepted", pair="p1"))
        << Sends(s.Matched, pair="p1", call="c1")
    )  # fmt: skip


def test_the_end_of_a_call_whose_room_was_never_there_is_told() -> None:
    """The client knows of that pair."""
    video = pair(Mode.VIDEO, call=CallId("c1"))

    assert (
        live()
        >> told(2, PairFormed(video, 1)) << Sends(s.CallState, state="accepted") << ev.OpenRoom(video)
        >> told(3, PairEnded(video.id, EndReason.LEFT, "me", None)) << Sends(s.Ended, reason=EndReason.LEFT)
    )  # fmt: skip


@pytest.mark.parametrize(("call", "outgoing", "peer"), [(TO_ANA, False, "Otter"), (BY_ANA, True, "Otter")])
def test_a_snapshot_has_the_call(call: Call, outgoing: bool, peer: str) -> None:
    """Whoever comes back finds it as it is."""
    state = s.RingingState("c1", outgoing, peer, Mode.TEXT, NOW + 60_000)

    assert entering() >> entered(Ringing(call, None)) << Sends(s.Ready, state=state)


def test_a_session_vouches_for_its_call() -> None:
    """With the ticket that waits for its end."""
    playbook = live() >> told(2, Queued(TICKET)) >> told(3, CallRings(TO_ANA))
    claim = playbook.session.claim(7)

    assert claim is not None
    assert claim.state == Ringing(TO_ANA, TICKET)


# -- several devices --------------------------------------------------------------------------------------------------


def test_a_session_that_stands_by_rings_and_stops() -> None:
    """As the active one does."""
    assert (
        standby()
        >> told(2, CallRings(TO_ANA)) << INCOMING
        >> told(3, CallEnded(CallId("c1"), CallEnd.ANSWERED_ELSEWHERE, None)) << over(3, CallEnd.ANSWERED_ELSEWHERE)
    )  # fmt: skip


def test_a_session_that_stands_by_takes_the_call() -> None:
    """It comes in by it: a snapshot with the pair, and then the reply."""
    assert (
        standby()
        >> c.Accept("1", "c1") << ev.TakeCall("1", CallId("c1"))
        >> entered(Paired(TALK), rev=5) << Sends(s.Ready, rev=5)
        >> ev.Answered("1", Outcome.DONE) << ev.Send(s.Reply("1", ok=True))
        >> c.Leave("2", "p1") << ev.Perform(c.Leave("2", "p1"))
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "reply"),
    [
        (Outcome.DONE, s.Reply("1", ok=True)),
        (
            s.CommandError(ErrorCode.MEDIA_FAILED, "busy", temporary=True),
            s.Reply("1", ok=False, error=s.CommandError(ErrorCode.MEDIA_FAILED, "busy", temporary=True)),
        ),
    ],
)
def test_a_session_that_comes_too_late_goes_on_standing_by(outcome: Outcome | s.CommandError, reply: s.Reply) -> None:
    """What it heard meanwhile is told, and its heart goes on."""
    assert (
        standby()
        >> c.Accept("1", "c1") << ev.TakeCall("1", CallId("c1"))
        >> told(3, CallEnded(CallId("c1"), CallEnd.ANSWERED_ELSEWHERE, None))
        >> ev.NotTaken("1", outcome) << ev.Send(reply) << over(3, CallEnd.ANSWERED_ELSEWHERE)
        >> Wait(25_000) << ev.Send(s.Ping()) >> Wait(10_000) << ev.Close(CloseCode.NO_PONG, "no answer to a ping")
    )  # fmt: skip


def test_a_session_that_stands_by_may_decline() -> None:
    """For all of them."""
    assert standby() >> c.Decline("1", "c1") << ev.Perform(c.Decline("1", "c1"))


def test_a_socket_that_goes_while_it_takes_the_call_departs_once() -> None:
    """When it is known whether it came in."""
    assert (
        standby()
        >> c.Accept("1", "c1") << ev.TakeCall("1", CallId("c1"))
        >> ev.Closed(1006)
        >> ev.NotTaken("1", Outcome.DONE) << ev.Depart(15_000)
    )  # fmt: skip


# -- links ------------------------------------------------------------------------------------------------------------


def test_a_link_comes_before_the_reply() -> None:
    """As a list of blocks does."""
    assert (
        live()
        >> c.CallLink("1", renew=True) << ev.TellLink("1", renew=True)
        >> ev.LinkTold("1", "link") << ev.Send(s.PersonalLink("link")) << ev.Send(s.Reply("1", ok=True))
    )  # fmt: skip
