"""The session machine while another session of the same person is the active one."""

from __future__ import annotations

from typing import Any

import pytest

from duologue.calls.call import Call, Party
from duologue.gateway import events as ev
from duologue.ids import CallId
from duologue.ledger import CallRings, Dropped, Outcome, Paired, PairEnded, StandbyArrival, Superseded
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode, EndReason, ErrorCode, MediaEvent, Mode
from tests.builders import ANA, BEN, NOW
from tests.gateway.sessions import (
    AWAY,
    CREDENTIALS,
    PING,
    PONG,
    TEXT,
    TICKET,
    VIDEO,
    entered,
    live,
    opened,
    paired,
    told,
)
from tests.playbook import Closes, Playbook, Sends, Wait

CALL = Call(CallId("c1"), Mode.TEXT, Party(BEN, "Otter"), Party(ANA, "Heron"), NOW, NOW + 60_000)
INCOMING = ev.Send(s.Incoming(4, "c1", "Otter", Mode.TEXT, NOW + 60_000))


def standby(**options: Any) -> Playbook:
    """Another session of Ana's became the active one."""
    return live(**options) >> told(1, Superseded()) << ev.Send(s.Standby(1))


def test_who_stands_by_stays_connected() -> None:
    """With pings, and without being offered or not."""
    assert (
        standby() >> Wait(25_000) << PING >> PONG >> Wait(25_000) << PING >> Wait(10_000) << Closes(CloseCode.NO_PONG)
    )


@pytest.mark.parametrize("command", [c.Find("1", 1), c.Leave("1", "p1"), c.Hidden("1", value=True), c.Back("1", "p1")])
def test_who_stands_by_has_nothing_to_say(command: Any) -> None:
    """Their person speaks elsewhere."""
    error = s.CommandError(
        ErrorCode.NOT_ACTIVE, "another session of yours is the active one: send auth to take over", temporary=True
    )

    assert standby() >> command << ev.Send(s.Reply("1", ok=False, error=error))


@pytest.mark.parametrize("signal", [c.Typing("p1"), c.MediaReport("p1", MediaEvent.FAILED), PONG])
def test_signals_of_who_stands_by_are_ignored(signal: Any) -> None:
    """They have no answer."""
    assert standby() >> signal


def test_news_is_for_the_active_session() -> None:
    """What was still on its way says nothing any more."""
    assert (
        paired()
        >> told(4, Superseded()) << ev.Send(s.Standby(4))
        >> told(5, PairEnded(VIDEO.id, EndReason.LEFT, "peer", TICKET))
        >> ev.Placed(VIDEO.id, CREDENTIALS)
        >> ev.PeerSaid(s.PeerTyping("p1"))
        >> Wait(20_000)
    )  # fmt: skip


@pytest.mark.parametrize(("message", "resume"), [(c.Auth("t"), False), (c.Resume("r"), True)])
def test_who_stands_by_can_take_over(message: Any, resume: bool) -> None:
    """On the same socket; the snapshot is all there is to know."""
    assert (
        standby()
        >> message << ev.Enter("t" if not resume else "r", resume=resume)
        >> entered(Paired(TEXT), rev=8) << Sends(s.Ready, rev=8)
        >> c.Typing("p1") << ev.Relay(BEN, s.PeerTyping("p1"))
    )  # fmt: skip


def test_an_older_loss_does_not_undo_a_take_over() -> None:
    """Its news came late: the revision tells."""
    assert (
        live()
        >> ev.Answered("1", Outcome.STALE) << ev.Send(s.Standby(1)) << Sends(s.Reply)
        >> c.Auth("t") << ev.Enter("t", resume=False)
        >> told(1, Superseded())
        >> entered(rev=2) << Sends(s.Ready, rev=2)
    )  # fmt: skip


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize(
    ("outcome", "ok"), [(Outcome.DONE, True), (Outcome.REFUSED, False), (Outcome.STALE, False), (AWAY, False)], ids=str
)
def test_what_was_asked_before_the_loss_is_answered_during_a_take_over(
    outcome: Outcome | s.CommandError, ok: bool, resume: bool
) -> None:
    """The store was slow, and the take-over quick: the answer comes while the token is being checked."""
    find = c.Find("1", 1)
    token = c.Resume("t") if resume else c.Auth("t")

    assert (
        live()
        >> find << ev.Perform(find)
        >> told(1, Superseded()) << ev.Send(s.Standby(1))
        >> token << ev.Enter("t", resume=resume)
        >> ev.Answered("1", outcome) << Sends(s.Reply, id="1", ok=ok)
        >> entered(rev=2) << Sends(s.Ready, rev=2)
    )  # fmt: skip


def test_a_newer_token_is_confirmed_during_a_take_over() -> None:
    """How long the session holds is told by `ready`, which follows."""
    playbook = (
        standby()
        >> c.Refresh("1", "newer") << ev.Renew("1", "newer")
        >> c.Auth("t") << ev.Enter("t", resume=False)
        >> ev.Refreshed("1", "resume-2", NOW + 4_000)
        << ev.Send(s.Refreshed("resume-2", NOW + 4_000)) << ev.Send(s.Reply("1", ok=True))
    )  # fmt: skip

    assert playbook >> Wait(9_999) >> entered(rev=2) << Sends(s.Ready, rev=2)


def test_one_session_too_many_ends() -> None:
    """The one that stood by longest; it does not come back."""
    assert standby() >> told(1, Dropped()) << Closes(CloseCode.REPLACED) >> ev.Closed(1000) << ev.Depart(15_000)


def test_a_goodbye_of_who_stands_by_is_told() -> None:
    """The ledger forgets that session, and nothing else."""
    assert standby() >> c.Bye() << ev.Close(1000, "bye") >> ev.Closed(1000) << ev.Depart(0)


def test_a_loss_while_taking_over_departs_once() -> None:
    """Only when it is known as what: the ledger's answer is on its way."""
    assert (
        standby()
        >> c.Auth("t") << ev.Enter("t", resume=False)
        >> ev.Closed(1006)
        >> entered(rev=3) << ev.Depart(15_000)
    )  # fmt: skip
    assert (
        standby()
        >> c.Auth("t") << ev.Enter("t", resume=False)
        >> ev.Closed(1001)
        >> ev.EntryRefused(CloseCode.INVALID_TOKEN, "no") << ev.Depart(5_000)
    )  # fmt: skip


# -- from the start ---------------------------------------------------------------------------


def asking() -> Playbook:
    """Ana's device lost its socket, and asks to stand by again."""
    return opened() >> c.StandBy("t") << ev.StandBy("t")


def stood_by(call: Call | None = None) -> ev.StoodBy:
    return ev.StoodBy(s.Self(ANA, guest=True, facets={}), StandbyArrival(-7, 4, call), NOW + 90_000)


def back() -> Playbook:
    """It does."""
    return asking() >> stood_by() << ev.Send(s.Standby(4, NOW + 90_000))


def test_who_comes_back_standing_by_hears_calls_and_may_answer() -> None:
    """As whoever stood by all the time."""
    assert (
        back()
        >> told(4, CallRings(CALL)) << INCOMING
        >> c.Accept("1", "c1") << ev.TakeCall("1", CallId("c1"))
        >> entered(Paired(TEXT), rev=8) << Sends(s.Ready, rev=8)
        >> ev.Answered("1", Outcome.DONE) << ev.Send(s.Reply("1", ok=True))
    )  # fmt: skip


def test_what_rings_is_told_at_once() -> None:
    """With what it needs to ring; news that was quicker comes after it."""
    ringing = s.RingingState("c1", False, "Otter", Mode.TEXT, NOW + 60_000)

    assert asking() >> stood_by(CALL) << ev.Send(s.Standby(4, NOW + 90_000, ringing))
    assert asking() >> told(4, CallRings(CALL)) >> stood_by() << ev.Send(s.Standby(4, NOW + 90_000)) << INCOMING


def test_who_came_back_standing_by_can_take_over() -> None:
    """On the same socket."""
    assert back() >> c.Auth("t") << ev.Enter("t", resume=False) >> entered(rev=5) << Sends(s.Ready, rev=5)


def test_who_came_back_standing_by_has_pings_and_ends_with_the_token() -> None:
    """Like everybody."""
    assert (
        back()
        >> Wait(25_000) << PING >> PONG >> Wait(25_000) << PING >> PONG >> Wait(25_000) << PING >> PONG
        >> Wait(14_999)
        >> Wait(1) << Closes(CloseCode.TOKEN_EXPIRED)
    )  # fmt: skip


def test_a_token_that_opens_nothing_lets_nobody_stand_by() -> None:
    """As with `auth`."""
    assert asking() >> ev.EntryRefused(CloseCode.TOKEN_EXPIRED, "old") << Closes(CloseCode.TOKEN_EXPIRED)


def test_a_socket_that_goes_before_it_stands_by_departs_once() -> None:
    """When it is known that it does."""
    assert asking() >> ev.Closed(1006) >> stood_by() << ev.Depart(15_000)


def test_who_is_in_cannot_ask_to_stand_by() -> None:
    """Another session takes over, or none does; and once is enough."""
    assert live() >> c.StandBy("t") << Closes(CloseCode.PROTOCOL_ERROR)
    assert back() >> c.StandBy("t") << Closes(CloseCode.PROTOCOL_ERROR)
