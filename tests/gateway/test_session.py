"""The session machine, state by state."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from duologue.gateway import events as ev
from duologue.gateway.board import Board
from duologue.gateway.session import Session
from duologue.gateway.terms import Limits
from duologue.ids import BlockId, NodeName, PairId, SessionId
from duologue.ledger import (
    Arrival,
    Attention,
    Delivery,
    Dequeued,
    Idle,
    News,
    Outcome,
    Paired,
    PairEnded,
    PairFormed,
    PersonState,
    Probe,
    Queued,
    Relayed,
    RoomIsOpen,
    TalkStarted,
    Waiting,
    WayBack,
)
from duologue.matching.estimate import QueueStatus
from duologue.matching.widen import RECENTLY_MET
from duologue.pairs.pair import Line, Pair
from duologue.protocol import client as c
from duologue.protocol import server as s
from duologue.protocol.codes import CloseCode, EndReason, ErrorCode, MediaEvent, Mode, Pause, PeerEvent
from duologue.safety.block import Block
from duologue.safety.ratelimit import Rate
from tests.builders import ANA, BEN, NODE, NOW, cohort, pair, ticket, with_side
from tests.playbook import Closes, Playbook, Sends, Wait

VIDEO = pair(Mode.VIDEO)
TEXT = pair(Mode.TEXT)
FOR_BEN = msgspec.structs.replace(VIDEO, sides=(VIDEO.sides[1], VIDEO.sides[0]))
TICKET = ticket(ANA, rev=2)
CREDENTIALS = s.Credentials("livekit", "ws://media", "token", ["p1-b"])
AWAY = s.CommandError(ErrorCode.UNAVAILABLE, "store", temporary=True, retry_after_ms=1_000)
PING, PONG = ev.Send(s.Ping()), c.Pong()
QUIET, VISIBLE = ev.Attend(Attention.QUIET), ev.Attend(Attention.VISIBLE)


def with_room(pair: Pair) -> Pair:
    """The same pair once its room may be joined."""
    return msgspec.structs.replace(pair, room_open=True)


def session(board: dict[str, QueueStatus] | None = None, limits: Limits | None = None) -> Session:
    return Session(SessionId("s1"), Board(board), limits=limits or Limits())


def entered(state: PersonState | None = None, *, rev: int = 1, attempt: int = 0) -> ev.Entered:
    me = s.Self(ANA, guest=True, facets={})
    return ev.Entered(me, Arrival(7, rev, state or Idle(), attempt), "resume-token")


def told(rev: int, news: News) -> ev.Delivered:
    return ev.Delivered(Delivery(SessionId("s1"), rev, news))


def opened(**options: Any) -> Playbook:
    """Somebody connected and was greeted."""
    return Playbook(session(**options)) >> ev.Opened() << Sends(s.Hello, v="duologue.v1", max_bytes=16384)


def entering(**options: Any) -> Playbook:
    """Their token is being checked."""
    return opened(**options) >> c.Auth("token") << ev.Enter("token", resume=False)


def live(**options: Any) -> Playbook:
    """They are in, and idle."""
    return entering(**options) >> entered() << Sends(s.Ready, rev=1, state=s.IdleState(), resume_token="resume-token")


def paired(of: Pair = VIDEO, **options: Any) -> Playbook:
    """Ana is in a pair, told of it, and its room is there."""
    if of.mode is Mode.TEXT:
        return live(**options) >> told(2, PairFormed(of, 1)) << Sends(s.Matched, pair="p1", media=None)
    return (
        live(**options)
        >> told(2, PairFormed(of, 1)) << ev.OpenRoom(of)
        >> told(3, RoomIsOpen(of.id, NODE)) << ev.Place(with_room(of))
        >> ev.Placed(of.id, CREDENTIALS) << Sends(s.Matched, rev=3, pair="p1", media=CREDENTIALS)
    )  # fmt: skip


# -- opened ---------------------------------------------------------------------------------


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


# -- entering -------------------------------------------------------------------------------


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


# -- ready ----------------------------------------------------------------------------------


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


# -- typing ---------------------------------------------------------------------------------


def test_typing_goes_to_the_partner() -> None:
    """Without the ledger: it leaves no trace."""
    assert paired(TEXT) >> c.Typing("p1") << ev.Relay(BEN, s.PeerTyping("p1"))


@pytest.mark.parametrize("start", [live, paired])
def test_typing_in_another_pair_goes_nowhere(start: Any) -> None:
    """One that is over, or was never theirs."""
    assert start() >> c.Typing("p0")


def test_a_partner_on_this_gateway_is_heard() -> None:
    """While they are the partner."""
    said, old = ev.PeerSaid(s.PeerTyping("p1")), ev.PeerSaid(s.PeerTyping("p0"))

    assert paired(TEXT) >> said << ev.Send(s.PeerTyping("p1")) >> old
    assert live() >> said
    assert entering() >> said


# -- waiting --------------------------------------------------------------------------------


def test_who_waits_hears_of_it_again_and_again() -> None:
    """At once, after a second and a half, then every five seconds."""
    assert (
        live()
        >> told(2, Queued(TICKET)) << Sends(s.Waiting, rev=2)
        >> Wait(1_499)
        >> Wait(1) << Sends(s.Waiting)
        >> Wait(10_000) << Sends(s.Waiting) << Sends(s.Waiting)
    )  # fmt: skip


def test_the_figures_come_from_the_board() -> None:
    """What the matcher published last."""
    board = {cohort().key: QueueStatus(7, 42_000)}

    assert live(board=board) >> told(2, Queued(TICKET)) << Sends(s.Waiting, waiting_count=7, estimate_ms=42_000)


def test_people_count_themselves() -> None:
    """Also before a matcher did."""
    board = {cohort().key: QueueStatus(0)}

    assert live(board=board) >> told(2, Queued(TICKET)) << Sends(s.Waiting, waiting_count=1, estimate_ms=None)


def test_who_waits_hears_what_was_widened() -> None:
    """Once it was, and not before."""
    met = ticket(ANA, met=frozenset([BEN]))

    assert (
        live()
        >> told(2, Queued(met)) << Sends(s.Waiting, widened=[])
        >> Wait(6_500) << Sends(s.Waiting, widened=[]) << Sends(s.Waiting, widened=[RECENTLY_MET])
    )  # fmt: skip


def test_who_stopped_hears_no_more() -> None:
    """The reply to cancel says it all."""
    assert live() >> told(2, Queued(TICKET)) << Sends(s.Waiting) >> told(3, Dequeued()) >> Wait(20_000)


def test_old_news_is_dropped() -> None:
    """The snapshot knew that already."""
    assert live() >> told(0, Queued(TICKET))


# -- pairs ----------------------------------------------------------------------------------


def test_a_text_pair_is_announced_at_once() -> None:
    """It needs no room."""
    assert (
        live()
        >> told(2, PairFormed(TEXT, 3))
        << ev.Send(s.Matched(2, "p1", 3, Mode.TEXT, s.Peer("Otter", [], {}), None, 10_000))
    )


def test_side_a_makes_the_room() -> None:
    """And tells nobody before it is there."""
    assert paired()


def test_side_b_waits_for_the_room() -> None:
    """The usual case: A's gateway makes it."""
    assert (
        live()
        >> told(2, PairFormed(FOR_BEN, 1))
        >> Wait(900)
        >> told(3, RoomIsOpen(VIDEO.id, NODE)) << ev.Place(with_room(FOR_BEN))
        >> ev.Placed(VIDEO.id, CREDENTIALS) << Sends(s.Matched)
        >> Wait(1_000)
    )  # fmt: skip


def test_lines_of_a_pair_that_was_not_told_come_after_it() -> None:
    """The news of its room was lost with the store, and the other one writes already."""
    line = s.ChatLine(VIDEO.id, 1, "hello?", 0)
    away = s.PeerChanged(VIDEO.id, PeerEvent.RECONNECTING, until=9)
    assert (
        live()
        >> told(2, PairFormed(FOR_BEN, 1))
        >> told(2, Relayed(line))
        >> told(2, Relayed(away))
        >> told(3, RoomIsOpen(VIDEO.id, NODE)) << ev.Place(with_room(FOR_BEN))
        >> ev.Placed(VIDEO.id, CREDENTIALS) << Sends(s.Matched) << ev.Send(line)
        >> told(3, Relayed(line)) << ev.Send(line)
    )  # fmt: skip


def test_side_b_makes_the_room_when_nobody_else_does() -> None:
    """A's gateway may be dead."""
    assert live() >> told(2, PairFormed(FOR_BEN, 1)) >> Wait(999) >> Wait(1) << ev.OpenRoom(FOR_BEN)


def test_a_match_stops_the_news_of_waiting() -> None:
    """Nobody is told that they wait while they are matched."""
    assert (
        live()
        >> told(2, Queued(TICKET)) << Sends(s.Waiting)
        >> told(3, PairFormed(TEXT, 1)) << Sends(s.Matched)
        >> Wait(20_000)
    )  # fmt: skip


def test_a_room_of_another_pair_means_nothing() -> None:
    """News may cross."""
    assert paired() >> told(4, RoomIsOpen(PairId("p0"), NODE))


def test_credentials_of_another_pair_mean_nothing() -> None:
    """The pair may be over by then."""
    assert live() >> ev.Placed(PairId("p0"), CREDENTIALS)


def test_a_talk_is_announced() -> None:
    """Both are connected."""
    assert paired() >> told(4, TalkStarted(VIDEO.id, NOW)) << ev.Send(s.Talking(4, "p1", NOW))


def test_what_the_partner_says_is_passed_on() -> None:
    """In the words of the wire."""
    line = s.ChatLine("p1", 1, "hello", NOW)

    assert paired() >> told(3, Relayed(line)) << ev.Send(line)


def test_what_a_former_partner_said_is_dropped() -> None:
    """Nobody reads what was meant for an older talk."""
    assert paired() >> told(3, Relayed(s.ChatLine("p0", 1, "hello", NOW)))


def test_an_announced_pair_that_ends_is_said() -> None:
    """With the wait that follows, in one message."""
    assert (
        paired()
        >> told(4, PairEnded(VIDEO.id, EndReason.NEXT, "peer", TICKET))
        << ev.Send(
            s.Ended(4, "p1", EndReason.NEXT, "peer", s.Waiting(4, 1, NOW, Mode.TEXT, 1, None, []))
        )
        >> Wait(1_500) << Sends(s.Waiting)
    )  # fmt: skip


def test_a_pair_that_ends_into_idleness() -> None:
    """No waiting, no news of it."""
    assert (
        paired()
        >> told(4, PairEnded(VIDEO.id, EndReason.LEFT, "peer", None)) << Sends(s.Ended, waiting=None)
        >> Wait(20_000)
    )  # fmt: skip


def test_a_pair_that_was_never_announced_ends_quietly() -> None:
    """The person only ever knew that they wait, and still do; they hear what is wrong."""
    assert (
        live()
        >> told(2, PairFormed(VIDEO, 1)) << ev.OpenRoom(VIDEO)
        >> told(3, PairEnded(VIDEO.id, EndReason.MEDIA_FAILED, "server", TICKET))
        << Sends(s.Notice, code="media_unavailable") << Sends(s.Waiting, rev=3)
    )  # fmt: skip


def test_who_failed_too_often_is_told_what_to_check() -> None:
    """They do not wait any more, so they have to do something."""
    assert (
        live()
        >> told(2, PairFormed(VIDEO, 1)) << ev.OpenRoom(VIDEO)
        >> told(3, PairEnded(VIDEO.id, EndReason.MEDIA_FAILED, "me", None))
        << Sends(s.Ended, pair=VIDEO.id, waiting=None) << Sends(s.Notice, code="check_media")
    )  # fmt: skip


def test_a_pair_that_moved_is_joined_where_it_is_now() -> None:
    """Another media server took the room than the one that was asked first."""
    other = NodeName("other")
    assert (
        live()
        >> told(2, PairFormed(VIDEO, 1)) << ev.OpenRoom(VIDEO)
        >> told(3, RoomIsOpen(VIDEO.id, other)) << ev.Place(with_room(msgspec.structs.replace(VIDEO, node=other)))
    )  # fmt: skip


def test_who_waits_for_a_room_is_told_that_they_wait() -> None:
    """It may take some media servers to find one; it is no silence for that, and over with the announcement."""
    assert (
        live()
        >> told(2, Queued(TICKET)) << Sends(s.Waiting, rev=2)
        >> told(3, PairFormed(VIDEO, 1)) << ev.OpenRoom(VIDEO)
        >> Wait(1_500) << Sends(s.Waiting, rev=3)
        >> Wait(5_000) << Sends(s.Waiting, rev=3)
        >> told(4, RoomIsOpen(VIDEO.id, NODE)) << ev.Place(with_room(VIDEO))
        >> ev.Placed(VIDEO.id, CREDENTIALS) << Sends(s.Matched, rev=4, media=CREDENTIALS)
        >> Wait(9_000)
    )  # fmt: skip


def test_who_waits_is_told_that_matching_pauses() -> None:
    """And why, with the next numbers."""
    key = TICKET.cohort.key
    assert (
        live(board={key: QueueStatus(paused=Pause.MEDIA_DOWN)})
        >> told(2, Queued(TICKET)) << Sends(s.Waiting, paused=Pause.MEDIA_DOWN)
    )  # fmt: skip


def test_who_backs_off_is_told_why_until_the_next_try() -> None:
    """And at that moment, not with the next numbers, that they are looked for again."""
    backing_off = msgspec.structs.replace(TICKET, not_before_ms=NOW + 5_000)
    assert (
        live()
        >> told(2, Queued(backing_off)) << Sends(s.Waiting, paused=Pause.YOUR_MEDIA)
        >> Wait(1_500) << Sends(s.Waiting, paused=Pause.YOUR_MEDIA)
        >> Wait(3_500) << Sends(s.Waiting, paused=None)
        >> Wait(5_000) << Sends(s.Waiting, paused=None)
    )  # fmt: skip


def test_a_room_fallback_dies_with_its_pair() -> None:
    """No room is made for a pair that is over."""
    assert (
        live()
        >> told(2, PairFormed(FOR_BEN, 1))
        >> told(3, PairEnded(VIDEO.id, EndReason.LEFT, "peer", None)) << Sends(s.Ended, pair=VIDEO.id)
        >> Wait(5_000)
    )  # fmt: skip


# -- commands -------------------------------------------------------------------------------

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


# -- limits ---------------------------------------------------------------------------------


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


# -- ping -----------------------------------------------------------------------------------


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


# -- doubts ---------------------------------------------------------------------------------


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


# -- what is written --------------------------------------------------------------------------


def test_control_characters_are_taken_out_of_a_chat() -> None:
    """Line feeds and tabs stay; text of any language does."""
    assert (
        paired(TEXT)
        >> c.Chat("1", "p1", "a\x1b[2J\x00b\n\tc \x9b日本", 1)
        << ev.Perform(c.Chat("1", "p1", "a[2Jb\n\tc 日本", 1))
    )  # fmt: skip


def test_nothing_but_control_characters_is_nothing_to_say() -> None:
    """The number of the line is free then."""
    assert paired(TEXT) >> c.Chat("1", "p1", "\x07\x1b", 1) << Sends(s.Reply, id="1", ok=False)


# -- tokens ---------------------------------------------------------------------------------


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


# -- over -----------------------------------------------------------------------------------


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
