"""The session machine: silence, doubts, and what is made of them."""

from __future__ import annotations

import pytest

from duologue.gateway import events as ev
from duologue.gateway.terms import Limits
from duologue.ledger import (
    Attention,
    Probe,
    Relayed,
)
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode, MediaEvent
from duologue.safety.ratelimit import Rate
from tests.builders import BEN
from tests.gateway.sessions import PING, PONG, QUIET, VISIBLE, entered, live, opened, paired, told
from tests.playbook import Closes, Sends, Wait

# -- ping ----------------------------------------------------------------------------------


def test_a_ping_that_is_answered_repeats() -> None:
    """Every 25 s."""
    assert live() >> Wait(25_000) << PING >> PONG >> Wait(25_000) << PING >> PONG >> Wait(10_000)


def test_a_ping_that_is_not_answered_closes() -> None:
    """After ten more seconds; after three they are not offered to anybody."""
    assert (
        live()
        >> Wait(25_000) << PING
        >> Wait(2_999)
        >> Wait(1) << QUIET
        >> Wait(6_999)
        >> Wait(1) << Closes(CloseCode.NO_PONG)
    )  # fmt: skip


def test_who_is_heard_of_again_is_offered_again() -> None:
    """By any message; as hidden, if that is what they said last."""
    hide = c.Hidden("1", value=True)

    assert live() >> Wait(28_000) << PING << QUIET >> PONG << VISIBLE >> PONG
    assert (
        live()
        >> hide << ev.Perform(hide)
        >> Wait(28_000) << PING << QUIET
        >> c.Typing("p1") << ev.Attend(Attention.HIDDEN)
    )  # fmt: skip


def test_any_message_answers_a_ping() -> None:
    """Whoever talks is alive."""
    assert live() >> Wait(25_000) << PING >> c.Typing("p1") >> Wait(20_000)


# -- doubts --------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [MediaEvent.RECONNECTING, MediaEvent.FAILED])
def test_trouble_with_the_media_doubts_the_partner(event: MediaEvent) -> None:
    """First the doubt, then the report: a failure ends the pair."""
    report = c.MediaReport("p1", event)

    assert paired() >> report << ev.Relay(BEN, Probe("p1")) << ev.Perform(report)


@pytest.mark.parametrize("report", [c.MediaReport("p1", MediaEvent.CONNECTED), c.MediaReport("p0", MediaEvent.FAILED)])
def test_other_reports_doubt_nobody(report: c.MediaReport) -> None:
    """Good news, and news of another pair."""
    assert paired() >> report << ev.Perform(report)


def test_who_is_doubted_answers_soon_or_is_let_go_of() -> None:
    """Within three seconds instead of ten; asked once."""
    doubt = ev.PeerSaid(Probe("p1"))

    silent = Wait(3_000)
    assert paired() >> silent >> doubt << PING >> doubt >> Wait(2_999) >> PONG >> Wait(9_000)
    assert paired() >> silent >> doubt << PING >> Wait(2_999) >> Wait(1) << Closes(CloseCode.NO_PONG)
    assert paired() >> silent >> told(9, Relayed(Probe("p1"))) << PING


def test_who_was_heard_a_moment_ago_is_not_doubted() -> None:
    """Or a partner could have somebody pinged to death."""
    doubt = ev.PeerSaid(Probe("p1"))

    assert paired() >> doubt >> doubt >> Wait(2_999) >> c.Typing("other") >> doubt >> Wait(20_000)


def test_an_answer_that_was_asked_for_costs_nothing() -> None:
    """However many messages somebody sends besides."""
    session = live(limits=Limits(any=Rate(60_000, 2)))

    assert session >> c.Typing("x") >> c.Typing("x") >> Wait(25_000) << PING >> PONG
    assert session >> PONG << Closes(CloseCode.RATE_LIMITED)


def test_reports_are_taken_now_and_then() -> None:
    """Each is a line in somebody's log."""
    session = live(limits=Limits(diagnostics=Rate(20_000, 1)))
    report = c.Diagnostics("1", {"leaked": 1})

    assert (
        session >> report << ev.Perform(report)
        >> report << Sends(s.Reply, id="1", ok=False) >> Wait(20_000) >> report << ev.Perform(report)
    )  # fmt: skip


def test_a_goodbye_while_coming_in_is_a_goodbye() -> None:
    """It frees the seat, also of who comes in after it."""
    assert (
        opened() >> c.Auth("token") << ev.Enter("token", resume=False)
        >> c.Bye() << Closes(1000) >> entered() << ev.Depart(0) >> ev.Closed(1006)
    )  # fmt: skip


def test_a_doubt_shortens_a_wait_that_is_on() -> None:
    """And does not ask again."""
    assert (
        paired()
        >> Wait(25_000) << PING
        >> Wait(1_000)
        >> ev.PeerSaid(Probe("p1"))
        >> Wait(2_000) << QUIET
        >> Wait(1_000) << Closes(CloseCode.NO_PONG)
    )  # fmt: skip


def test_doubts_about_an_old_pair_are_none() -> None:
    """Nobody is pinged by people they do not talk to."""
    assert paired() >> ev.PeerSaid(Probe("p0"))
    assert live() >> ev.PeerSaid(Probe("p1"))
