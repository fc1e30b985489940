"""The session machine: from the first byte to the snapshot."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from duologue.gateway import events as ev
from duologue.gateway.terms import Limits
from duologue.ids import PairId
from duologue.ledger import (
    Arrival,
    Paired,
    PairEnded,
    Queued,
    RoomIsOpen,
    TalkStarted,
    Waiting,
)
from duologue.pairs.pair import Line
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode, EndReason, MediaEvent, Mode
from tests.builders import ANA, BEN, NODE, NOW, with_side
from tests.gateway.sessions import (
    CREDENTIALS,
    TEXT,
    TICKET,
    VIDEO,
    entered,
    entering,
    live,
    opened,
    session,
    told,
    with_room,
)
from tests.playbook import Closes, Playbook, Sends, Wait

# -- opened --------------------------------------------------------------------------------


def test_who_says_nothing_is_sent_away() -> None:
    """Ten seconds are enough for a slow phone."""
    assert opened() >> Wait(9_999)
    assert opened() >> Wait(10_000) << Closes(CloseCode.AUTH_TIMEOUT)


def test_a_session_token_is_checked() -> None:
    """Auth is the usual first message."""
    assert opened() >> c.Auth("t") << ev.Enter("t", resume=False)


def test_a_resume_token_is_checked() -> None:
    """Resume is the other one."""
    assert opened() >> c.Resume("r", 5) << ev.Enter("r", resume=True)


@pytest.mark.parametrize("message", [c.Pong(), c.Find("1", 1), c.Typing("p1")], ids=lambda each: type(each).__name__)
def test_nothing_else_may_come_first(message: c.ClientMessage) -> None:
    """A client that does not know the protocol does not come back."""
    assert opened() >> message << Closes(CloseCode.PROTOCOL_ERROR)


def test_a_goodbye_may_come_first() -> None:
    """Somebody who changed their mind."""
    assert opened() >> c.Bye() << Closes(1000) >> ev.Closed(1000)


def test_a_socket_that_closes_before_auth_leaves_nothing() -> None:
    """Nobody was here, so nobody departs."""
    assert opened() >> ev.Closed(1006)


@pytest.mark.parametrize("start", [opened, entering, live])
def test_a_broken_frame_closes_in_every_state(start: Any) -> None:
    """With the code that the codec gave."""
    assert start() >> ev.Violated(CloseCode.MESSAGE_TOO_BIG, "big") << ev.Close(CloseCode.MESSAGE_TOO_BIG, "big")


def test_what_a_newer_client_says_hurts_nobody() -> None:
    """While servers are replaced, one of the version before answers for what it does not do, and overhears signals."""
    assert live() >> ev.NotKnown("9") << Sends(s.Reply, id="9", ok=False) >> ev.NotKnown(None)


@pytest.mark.parametrize("start", [opened, entering])
def test_nothing_unknown_may_come_before_ready(start: Any) -> None:
    """Nobody knows yet who it is."""
    assert start() >> ev.NotKnown("9") << Closes(CloseCode.PROTOCOL_ERROR)


@pytest.mark.parametrize("start", [opened, entering, live])
def test_a_cut_off_closes_in_every_state(start: Any) -> None:
    """The code says why: a client that reads too slowly comes back for a snapshot."""
    assert start() >> ev.CutOff(CloseCode.SLOW_CONSUMER) << Closes(CloseCode.SLOW_CONSUMER)


def test_a_refusal_comes_with_its_delay() -> None:
    """Before the close, because a close has no room for it."""
    full = ev.CutOff(CloseCode.OVERLOADED, 7_000)
    limited = ev.EntryRefused(CloseCode.RATE_LIMITED, "too many", 9_000)

    assert Playbook(session()) >> full << ev.Send(s.Drain(7_000)) << Closes(CloseCode.OVERLOADED)
    assert entering() >> limited << ev.Send(s.Drain(9_000)) << ev.Close(CloseCode.RATE_LIMITED, "too many")


# -- entering ------------------------------------------------------------------------------


def test_a_refused_token_closes_with_what_to_do() -> None:
    """The code is the policy."""
    refused = ev.EntryRefused(CloseCode.TOKEN_EXPIRED, "expired")

    assert entering() >> refused << ev.Close(CloseCode.TOKEN_EXPIRED, "expired")


def test_after_a_refused_resume_a_session_token_works() -> None:
    """On the same socket, within the same ten seconds."""
    assert (
        opened()
        >> c.Resume("r") << ev.Enter("r", resume=True)
        >> Wait(4_000)
        >> ev.ResumeRefused() << ev.Send(s.InvalidSession(retry=True))
        >> c.Auth("t") << ev.Enter("t", resume=False)
        >> entered() << Sends(s.Ready)
    )  # fmt: skip


def test_a_refused_resume_does_not_extend_the_time() -> None:
    """Guessing tokens earns nothing."""
    assert (
        opened()
        >> c.Resume("r") << ev.Enter("r", resume=True)
        >> ev.ResumeRefused() << ev.Send(s.InvalidSession(retry=True))
        >> Wait(10_000) << Closes(CloseCode.AUTH_TIMEOUT)
    )  # fmt: skip


def test_resume_may_be_tried_once_a_socket() -> None:
    """After a refusal only a session token is left; guessing on costs a new socket each time."""
    assert (
        opened()
        >> c.Resume("r") << ev.Enter("r", resume=True)
        >> ev.ResumeRefused() << ev.Send(s.InvalidSession(retry=True))
        >> c.Resume("r2") << Closes(CloseCode.PROTOCOL_ERROR)
    )  # fmt: skip


def test_a_store_that_does_not_answer_is_our_fault() -> None:
    """The client comes back."""
    assert entering() >> Wait(10_000) << Closes(CloseCode.BACKEND_UNAVAILABLE)


@pytest.mark.parametrize("message", [c.Pong(), c.Typing("p1"), c.MediaReport("p1", MediaEvent.CONNECTED)])
def test_early_signals_are_ignored(message: c.ClientMessage) -> None:
    """They say nothing that matters yet."""
    assert entering() >> message


def test_early_commands_break_the_protocol() -> None:
    """`ready` comes first."""
    assert entering() >> c.Find("1", 1) << Closes(CloseCode.PROTOCOL_ERROR)


def test_news_that_comes_early_follows_ready() -> None:
    """The store may be quicker than its own answer; what the snapshot knew is not told again."""
    assert (
        entering()
        >> told(4, TalkStarted(PairId("p0"), NOW))
        >> told(5, Queued(TICKET))
        >> entered(rev=5) << Sends(s.Ready, rev=5) << Sends(s.Waiting, rev=5)
    )  # fmt: skip


def test_too_much_early_news_starts_over() -> None:
    """Every buffer has a bound."""
    limits = Limits(buffered_news=2)
    news = told(2, Queued(TICKET))

    assert entering(limits=limits) >> news >> news >> news << Closes(CloseCode.RESYNC)


def test_a_socket_that_closes_while_entering_departs_afterwards() -> None:
    """Whoever came in through it must not stay for ever."""
    assert entering() >> ev.Closed(1006) >> entered() << ev.Depart(15_000)


def test_who_was_sent_away_while_entering_departs_too() -> None:
    """The same where the server closed; and only once."""
    assert (
        entering()
        >> c.Find("1", 1) << Closes(CloseCode.PROTOCOL_ERROR)
        >> entered() << ev.Depart(15_000)
        >> ev.Closed(1006)
    )  # fmt: skip


def test_the_wishes_of_before_are_known_for_a_store_that_forgets() -> None:
    """Who comes back into a talk can press Next without saying them again, whatever happens to the store."""
    me = s.Self(ANA, guest=True, facets={})
    story = entering() >> ev.Entered(me, Arrival(7, 1, Paired(TEXT), 1, wishes=TICKET), "resume-token")
    claim = story.session.claim(7)

    assert claim is not None
    assert (claim.state, claim.wishes) == (Paired(TEXT), TICKET)


# -- ready ---------------------------------------------------------------------------------


def test_ready_says_who_one_is_and_where() -> None:
    """All there is to know."""
    oneself = s.Self(ANA, guest=True, facets={})
    ready = s.Ready(9, "s1", "resume-token", 60_000, oneself, 4, s.IdleState(), seat_ms=15_000)

    assert entering() >> entered(rev=9, attempt=4) << ev.Send(ready)


def test_ready_of_somebody_who_waits() -> None:
    """The wait goes on, and so does its news."""
    waiting = s.Waiting(5, 1, NOW, Mode.TEXT, 1, None, [])

    assert (
        entering()
        >> entered(Waiting(TICKET), rev=5) << Sends(s.Ready, state=s.WaitingState(waiting))
        >> Wait(1_500) << ev.Send(waiting)
    )  # fmt: skip


def test_reload_into_a_text_pair() -> None:
    """The snapshot has the pair and the lines, from one's own side."""
    of = msgspec.structs.replace(TEXT, lines=(Line(ANA, 1, "hi", NOW), Line(BEN, 1, "ho", NOW)), talking_since_ms=NOW)
    playbook = entering() >> entered(Paired(of), rev=5, attempt=3) << Sends(s.Ready, rev=5, attempt=3)

    assert playbook
    (ready,) = [command for _, command in playbook._actual if isinstance(command, ev.Send)][1:]
    assert isinstance(ready.message, s.Ready)
    state = ready.message.state
    assert isinstance(state, s.PairState)
    assert (state.matched.peer.alias, state.matched.media, state.talking_since) == ("Otter", None, NOW)
    assert [(line.mine, line.text) for line in state.lines] == [(True, "hi"), (False, "ho")]


def test_after_a_reload_the_number_of_the_last_line_is_known() -> None:
    """One's own, also when none of one's lines is kept: a smaller one would be taken for a repeat."""
    of = with_side(with_side(TEXT, ANA, last_n=7), BEN, last_n=20)
    playbook = entering() >> entered(Paired(of)) << Sends(s.Ready)

    assert playbook
    assert playbook._actual[-1][1].message.state.last_n == 7


def test_reload_into_a_pair_with_a_room() -> None:
    """Credentials are minted anew before `ready`."""
    of = msgspec.structs.replace(VIDEO, room_open=True)
    matched = s.Matched(5, "p1", 3, Mode.VIDEO, s.Peer("Otter", [], {}), CREDENTIALS, 10_000)
    state = s.PairState(matched, None, None, s.Muted(audio=False, video=False), [])

    assert (
        entering()
        >> entered(Paired(of), rev=5, attempt=3) << ev.Place(of)
        >> ev.Placed(of.id, CREDENTIALS) << Sends(s.Ready, rev=5, state=state)
    )  # fmt: skip


def test_reload_into_a_pair_whose_room_is_still_being_made() -> None:
    """`ready` at once, the room just in case, and `matched` follows with credentials."""
    assert (
        entering()
        >> entered(Paired(VIDEO), rev=5) << Sends(s.Ready, rev=5) << ev.OpenRoom(VIDEO)
        >> told(6, RoomIsOpen(VIDEO.id, NODE)) << ev.Place(with_room(VIDEO))
        >> ev.Placed(VIDEO.id, CREDENTIALS) << Sends(s.Matched, rev=6, media=CREDENTIALS)
    )  # fmt: skip


def test_after_a_reload_the_absence_of_the_partner_is_known() -> None:
    """And what they switched off."""
    of = with_side(TEXT, BEN, away_until_ms=NOW + 9, audio_off=True)
    playbook = entering() >> entered(Paired(of)) << Sends(s.Ready)

    assert playbook
    ready = playbook._actual[-1][1].message
    assert (ready.state.peer_away_until, ready.state.peer_muted) == (NOW + 9, s.Muted(audio=True, video=False))


def test_an_end_that_came_while_reloading_is_told() -> None:
    """The snapshot showed the pair, so its end must be said."""
    end = PairEnded(TEXT.id, EndReason.LEFT, "peer", None)

    assert (
        entering()
        >> told(6, end)
        >> entered(Paired(TEXT), rev=5) << Sends(s.Ready, rev=5) << Sends(s.Ended, rev=6, pair="p1")
    )  # fmt: skip


def test_an_end_before_the_room_was_there_is_told_after_a_reload() -> None:
    """The client saw the pair in its snapshot, so it has to hear that it is over."""
    end = PairEnded(VIDEO.id, EndReason.MEDIA_FAILED, "server", None)

    assert (
        entering()
        >> entered(Paired(VIDEO), rev=5) << Sends(s.Ready, rev=5) << ev.OpenRoom(VIDEO)
        >> told(6, end) << Sends(s.Ended, rev=6, pair="p1", waiting=None)
    )  # fmt: skip
